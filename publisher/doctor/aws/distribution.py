"""The distribution's own settings (CloudFront API reference, DistributionConfig)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from publisher.doctor.aws.asking import ask, settle
from publisher.doctor.aws.behaviours import judge_behaviours, judge_caching
from publisher.doctor.aws.certificate import check_certificate, host_of
from publisher.doctor.aws.log_delivery import check_delivery
from publisher.doctor.aws.mends import by_stack
from publisher.doctor.aws.origins import check_origins
from publisher.doctor.aws.scene import Scene
from publisher.doctor.aws.viewers import judge_viewers
from publisher.doctor.findings import Finding, fail, ok, warn
from publisher.infra.requirements import DEFAULT_ERROR_S, ERROR_MAX_S, TLS_POLICIES

Config = Mapping[str, Any]

# What policies that no board can meet begin with.
_NO_BOARDS = "TLSv1.3"
# What boards meet, and what edges keep without being told to; 416 they never keep (CloudFront
# Developer Guide, "Control how long CloudFront caches errors"). A 403 they keep only with a
# max-age ("How CloudFront processes HTTP 4xx and 5xx status codes from your origin"), which S3
# does not send; it is judged all the same, as nobody here has seen what they do.
_KEPT_ERRORS = (403, 404, 414, 500, 501, 502, 503, 504)
_NEVER_KEPT = 416


def check_distribution(scene: Scene) -> list[Finding]:
    """Check the distribution, its certificate and its logs (GetDistribution, and what it names)."""
    answer = ask(
        "cloudfront:GetDistribution",
        scene.clients.cloudfront.get_distribution,
        Id=scene.deployment.distribution_id,
    )
    distribution: Mapping[str, Any] = answer["Distribution"]
    config: Config = distribution["DistributionConfig"]
    checks = (
        ("distribution-live", partial(judge_live, distribution)),
        ("distribution-live", partial(judge_viewers, config, scene.deployment.web_acl)),
        ("distribution-names", partial(judge_names, distribution, scene.wanted.base_url)),
        ("distribution-tls", partial(judge_tls, config)),
        ("distribution-origin", partial(check_origins, scene, config)),
        ("distribution-behaviours", partial(judge_behaviours, config)),
        ("distribution-caching", partial(judge_caching, scene, config)),
        ("distribution-errors", partial(judge_errors, config)),
        ("certificate-acm", partial(check_certificate, scene, distribution)),
        ("logs", partial(check_delivery, scene, distribution)),
    )
    return [finding for name, check in checks for finding in settle(name, check)]


def judge_live(distribution: Mapping[str, Any]) -> list[Finding]:
    """Return whether it serves, and serves what it is set to."""
    check = "distribution-live"
    if not distribution["DistributionConfig"]["Enabled"]:
        return [
            fail(check, "the distribution is disabled: it serves nobody", by_stack("enable it"))
        ]
    if distribution["Status"] != "Deployed":
        says = f"the distribution is {distribution['Status']}: not all edges have its settings yet"
        return [warn(check, says, "wait some minutes, and run the doctor again")]
    return [ok(check, "the distribution is enabled and deployed")]


def judge_names(distribution: Mapping[str, Any], base_url: str) -> list[Finding]:
    """Return whether it answers to the name that boards ask for."""
    check, host = "distribution-names", host_of(base_url)
    aliases = distribution["DistributionConfig"].get("Aliases", {}).get("Items", [])
    if host == distribution["DomainName"].lower():
        says = f"boards ask for {host}, CloudFront's name, which cannot move to another edge"
        mend = "give DomainName in infra.toml, and base_url in slotcast.toml, a domain of your own"
        return [warn(check, says, f"{mend}, before a fleet is in the field")]
    if host not in [alias.lower() for alias in aliases]:
        names = ", ".join([*aliases, distribution["DomainName"]])
        says = f"boards ask for {host}, the distribution answers to {names} alone"
        mend = "if it is to answer to that, and no other edge does, set DomainName in infra.toml"
        return [fail(check, says, by_stack(mend))]
    return [ok(check, f"the distribution answers to {host}")]


def judge_tls(config: Config) -> list[Finding]:
    """Return whether its TLS policy suits boards."""
    check = "distribution-tls"
    viewer = config.get("ViewerCertificate", {})
    if viewer.get("CloudFrontDefaultCertificate"):
        says = "CloudFront's own certificate lets in TLS 1.0 too; boards ask for 1.2 themselves"
        return [warn(check, says, "take a domain and a certificate of your own")]
    policy = viewer.get("MinimumProtocolVersion", "unset")
    if policy.startswith(_NO_BOARDS):
        says = f"the TLS policy is {policy}: boards speak TLS 1.2 and cannot connect"
        return [fail(check, says, by_stack("set TLSv1.2_2025"))]
    if policy not in TLS_POLICIES:
        says = f"the TLS policy is {policy}: it takes versions and ciphers that are broken"
        return [fail(check, says, by_stack("set TLSv1.2_2025"))]
    if viewer.get("SSLSupportMethod") != "sni-only":
        says = f"the certificate is served by {viewer.get('SSLSupportMethod')}, which costs extra"
        return [warn(check, says, by_stack("set sni-only"))]
    return [ok(check, f"the TLS policy is {policy}")]


def judge_errors(config: Config) -> list[Finding]:
    """Return whether errors stay what they are, and for a few seconds only."""
    pages = {
        int(page["ErrorCode"]): page
        for page in config.get("CustomErrorResponses", {}).get("Items", [])
    }
    found = [finding for code, page in pages.items() for finding in _judge_page(code, page)]
    found += _judge_kept(pages)
    says = f"errors stay what they are, for {ERROR_MAX_S} s at most"
    return found or [ok("distribution-errors", says)]


def _judge_kept(pages: Mapping[int, Mapping[str, Any]]) -> Iterator[Finding]:
    """Yield which errors are kept for too long, those for the same time together."""
    too_long: dict[int, list[int]] = {}
    for code in sorted({*_KEPT_ERRORS, *pages} - {_NEVER_KEPT}):
        kept_s = pages.get(code, {}).get("ErrorCachingMinTTL", DEFAULT_ERROR_S)
        if kept_s > ERROR_MAX_S:
            too_long.setdefault(kept_s, []).append(code)
    for kept_s, codes in too_long.items():
        says = f"edges keep {', '.join(map(str, codes))} for {kept_s} s"
        says = f"{says}: boards get that so long, though it may be over"
        yield warn("distribution-errors", says, by_stack(f"set {ERROR_MAX_S} s"))


def _judge_page(code: int, page: Mapping[str, Any]) -> list[Finding]:
    """Return whether boards still see an error as what it is."""
    told = str(page.get("ResponseCode") or code)
    says = f"{code} is answered with {told} {page.get('ResponsePagePath', '')}".rstrip()
    check, mend = "distribution-errors", by_stack("let it stay")
    if told == str(code):
        return []
    if told in ("403", "404"):
        says = f"{says}: a bucket that is closed to the edge looks like a missing file"
        return [warn(check, says, mend)]
    return [fail(check, f"{says}: boards take that for a file", mend)]
