"""Whether the edge is there at all, and gives nothing without TLS."""

from __future__ import annotations

from publisher.doctor.findings import Finding, fail, ok, warn
from publisher.doctor.replies import Reply
from publisher.doctor.site import TIMESTAMP, Site
from publisher.errors import StoreError

_ROOTS = (
    "`pin-sets` tells whether boards accept it; name the roots of an edge that is not theirs "
    "with --edge-ca FILE"
)
_HTTP = "look at what listens there: boards speak HTTP/1.1, without ALPN"
_PLAIN = "let the edge redirect to HTTPS, or close port 80 (ViewerProtocolPolicy: https-only)"


def check_reach(site: Site) -> list[Finding]:
    """Check that somebody answers; whether trusted or not is told, and looked at all the same."""
    name, url = "reach", site.visitor.base_url
    if why := site.meeting.distrust:
        says = f"{url} has a certificate that the roots known here do not accept: {why}"
        return [warn(name, says, _ROOTS)]
    try:
        status = site.reply(TIMESTAMP).status
    except StoreError as error:
        return [fail(name, str(error), _HTTP)]
    return [
        ok(name, f"{url} answers, by a certificate that is accepted ({status} for {TIMESTAMP})")
    ]


def check_plain_http(site: Site) -> list[Finding]:
    """Check that nothing is served without TLS."""
    return [judge_plain_http(site.visitor.ask_plainly(TIMESTAMP))]


def judge_plain_http(reply: Reply | None) -> Finding:
    """Judge the answer on port 80; None where there is none."""
    name = "plain-http"
    if reply is None:
        return ok(name, "nobody answers without TLS, on port 80")
    location = reply.header("location")
    if 300 <= reply.status < 400 and location.startswith("https://"):
        return ok(name, f"without TLS it redirects to https ({reply.status})")
    if reply.status < 400:
        return fail(name, f"it serves {reply.path} without TLS ({reply.status})", _PLAIN)
    return ok(name, f"without TLS it gives nothing ({reply.status})")
