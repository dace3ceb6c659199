"""Which headers the edge adds and takes away: what helps a board, and nothing that misleads one."""

from __future__ import annotations

from collections.abc import Iterator

from publisher.infra.node import Node, at, items, may_be_true, number
from publisher.infra.requirements import HSTS_MIN_S
from publisher.infra.rules.edge import behaviours, distributions
from publisher.infra.rules.model import Fault, Rule
from publisher.infra.rules.view import Resource, View

# What S3 tells of the object's storage: the first two always go, the others may.
_TELLING = {"x-amz-version-id", "x-amz-server-side-encryption"}
_REMOVABLE = _TELLING | {
    *("server", "x-amz-id-2", "x-amz-object-lock-mode", "x-amz-object-lock-retain-until-date"),
    *("x-amz-replication-status", "x-amz-request-id", "x-amz-storage-class"),
}
# No headers of one's own (Content-Encoding, Cache-Control), and no rules for browsers.
_CONFIG = {"Name", "Comment", "SecurityHeadersConfig", "RemoveHeadersConfig"}
_SECURITY = {"StrictTransportSecurity", "ContentTypeOptions"}


def _headers(view: View) -> Iterator[Fault]:
    for distribution, config in distributions(view):
        for pattern, behaviour in behaviours(config):
            policy = view.named(behaviour.get("ResponseHeadersPolicyId"))
            if missing := list(_missing(policy)):
                yield distribution.name, f"{pattern}: {', '.join(missing)}"


def _missing(policy: Resource | None) -> Iterator[str]:
    config = policy.get("ResponseHeadersPolicyConfig") if policy else None
    security = at(config, "SecurityHeadersConfig")
    if not at(security, "StrictTransportSecurity", "AccessControlMaxAgeSec"):
        yield "no Strict-Transport-Security"
    if not at(security, "ContentTypeOptions"):
        yield "no X-Content-Type-Options"
    if left := _TELLING - set(_removed(config)):
        yield f"{' and '.join(sorted(left))} not removed"


def _removed(config: Node) -> list[str]:
    return [
        str(at(one, "Header")).lower() for one in items(at(config, "RemoveHeadersConfig", "Items"))
    ]


def _answers(view: View) -> Iterator[Fault]:
    for policy in view.of("CloudFront::ResponseHeadersPolicy"):
        config = policy.get("ResponseHeadersPolicyConfig") or {}
        more = config.keys() - _CONFIG
        more |= (at(config, "SecurityHeadersConfig") or {}).keys() - _SECURITY
        if more:
            yield policy.name, f"no rule knows what {', '.join(sorted(more))} does to a board"
        if gone := sorted(set(_removed(config)) - _REMOVABLE):
            yield policy.name, f"{', '.join(gone)} is taken away"
        hsts = at(config, "SecurityHeadersConfig", "StrictTransportSecurity")
        yield from ((policy.name, f"Strict-Transport-Security {one}") for one in _hsts(hsts))


def _hsts(header: Node) -> Iterator[str]:
    seconds = number(at(header, "AccessControlMaxAgeSec"), HSTS_MIN_S, unknown=0)
    if seconds < HSTS_MIN_S:
        yield f"is forgotten after {seconds:g} s"
    for name in ("IncludeSubdomains", "Preload"):
        if may_be_true(at(header, name)):
            yield f"has {name}, which binds more than this edge"


RULES = (
    Rule(
        "response-headers",
        "HSTS and nosniff are sent, and what S3 tells of the object's storage is not",
        "name an AWS::CloudFront::ResponseHeadersPolicy such as that of infra/ota.yaml",
        _headers,
    ),
    Rule(
        "response-changes",
        "no other header is added or taken away: Content-Encoding, Cache-Control, ETag and Date "
        "are the bucket's; HSTS is for a year, and for this edge alone",
        "keep to HSTS, nosniff and the RemoveHeadersConfig of infra/ota.yaml",
        _answers,
    ),
)
