"""What must hold of a distribution: TLS that boards speak, reading only, a private origin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from publisher.infra.rules.bucket import is_true
from publisher.infra.rules.model import Finding, Rule
from publisher.infra.rules.node import at, items
from publisher.infra.rules.view import Resource, View

# MicroPython's mbedTLS speaks TLS 1.2 and no 1.3; policies before 2021 take weak ciphers too.
_TLS_POLICIES = {"TLSv1.2_2021", "TLSv1.2_2025"}
_REMOVED = {"x-amz-version-id", "x-amz-server-side-encryption"}


def distributions(view: View) -> Iterator[tuple[Resource, dict[str, Any]]]:
    """Yield each distribution with its configuration."""
    for distribution in view.of("CloudFront::Distribution"):
        yield distribution, distribution.get("DistributionConfig") or {}


def behaviours(config: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return a distribution's cache behaviours by path pattern, the first that counts first."""
    named = [(str(at(one, "PathPattern")), one) for one in items(config.get("CacheBehaviors"))]
    return [*named, ("*", config.get("DefaultCacheBehavior") or {})]


def _origin(view: View) -> Iterator[Finding]:
    for distribution, config in distributions(view):
        for origin in items(config.get("Origins")):
            access = view.named(at(origin, "OriginAccessControlId"))
            if access is None:
                yield distribution.name, "the origin is asked without an origin access control"
            elif problem := _access_problem(access):
                yield access.name, problem
            if at(origin, "S3OriginConfig", "OriginAccessIdentity"):
                yield distribution.name, "the origin has an origin access identity, which is legacy"


def _access_problem(access: Resource) -> str:
    found = access.get("OriginAccessControlConfig")
    if at(found, "SigningBehavior") != "always":
        return "not every request to the bucket is signed"
    if at(found, "OriginAccessControlOriginType") != "s3":
        return "it is not for S3"
    return ""


def _https(view: View) -> Iterator[Finding]:
    for distribution, config in distributions(view):
        for pattern, behaviour in behaviours(config):
            if (found := behaviour.get("ViewerProtocolPolicy")) != "https-only":
                yield distribution.name, f"{pattern}: ViewerProtocolPolicy is {found}"


def _methods(view: View) -> Iterator[Finding]:
    for distribution, config in distributions(view):
        for pattern, behaviour in behaviours(config):
            found = items(behaviour.get("AllowedMethods"))
            if found and set(found) != {"GET", "HEAD"}:
                yield distribution.name, f"{pattern}: allows {', '.join(map(str, found))}"


def _compression(view: View) -> Iterator[Finding]:
    for distribution, config in distributions(view):
        for pattern, behaviour in behaviours(config):
            if is_true(behaviour.get("Compress")):
                yield distribution.name, f"{pattern}: is compressed"
    for policy in view.of("CloudFront::CachePolicy"):
        found = policy.get("CachePolicyConfig", "ParametersInCacheKeyAndForwardedToOrigin")
        for name in ("EnableAcceptEncodingGzip", "EnableAcceptEncodingBrotli"):
            if is_true(at(found, name)):
                yield policy.name, f"{name} is set"


def _tls_policy(view: View) -> Iterator[Finding]:
    for distribution, config in distributions(view):
        certificate = config.get("ViewerCertificate")
        if is_true(at(certificate, "CloudFrontDefaultCertificate")) and not config.get("Aliases"):
            continue  # its policy is fixed
        for policy in view.values(at(certificate, "MinimumProtocolVersion")) or ["anything"]:
            if policy not in _TLS_POLICIES:
                yield distribution.name, f"MinimumProtocolVersion can be {policy}"
        if (found := at(certificate, "SslSupportMethod")) != "sni-only":
            yield distribution.name, f"SslSupportMethod is {found}"


def _headers(view: View) -> Iterator[Finding]:
    for distribution, config in distributions(view):
        for pattern, behaviour in behaviours(config):
            policy = view.named(behaviour.get("ResponseHeadersPolicyId"))
            missing = list(_missing_headers(policy))
            if missing:
                yield distribution.name, f"{pattern}: {', '.join(missing)}"


def _missing_headers(policy: Resource | None) -> Iterator[str]:
    config = policy.get("ResponseHeadersPolicyConfig") if policy else None
    security = at(config, "SecurityHeadersConfig")
    if not at(security, "StrictTransportSecurity", "AccessControlMaxAgeSec"):
        yield "no Strict-Transport-Security"
    if not at(security, "ContentTypeOptions"):
        yield "no X-Content-Type-Options"
    removed = items(at(config, "RemoveHeadersConfig", "Items"))
    left = _REMOVED - {str(at(one, "Header")).lower() for one in removed}
    if left:
        yield f"{' and '.join(sorted(left))} not removed"


def _legacy_logging(view: View) -> Iterator[Finding]:
    for distribution, config in distributions(view):
        if config.get("Logging"):
            yield distribution.name, "legacy logging always writes the clients' addresses"


RULES = (
    Rule(
        "origin-access",
        "the bucket is asked through an origin access control that signs always",
        "name an AWS::CloudFront::OriginAccessControl of type s3, with SigningBehavior always",
        _origin,
    ),
    Rule(
        "https-only",
        "nothing is served without TLS, and no board is redirected",
        "set ViewerProtocolPolicy to https-only",
        _https,
    ),
    Rule(
        "methods",
        "only GET and HEAD are allowed",
        "set AllowedMethods to [GET, HEAD]",
        _methods,
    ),
    Rule(
        "compression",
        "nothing is compressed on the way: boards do not undo it",
        "set Compress and EnableAcceptEncoding… to false",
        _compression,
    ),
    Rule(
        "tls-policy",
        "with a domain of its own, the edge speaks TLS 1.2 and no older",
        "set MinimumProtocolVersion to TLSv1.2_2025, and SslSupportMethod to sni-only; boards do "
        "not speak TLS 1.3",
        _tls_policy,
    ),
    Rule(
        "response-headers",
        "HSTS and nosniff are sent, and what S3 tells of the object's storage is not",
        "name an AWS::CloudFront::ResponseHeadersPolicy such as that of infra/ota.yaml",
        _headers,
    ),
    Rule(
        "legacy-logging",
        "the distribution does not log by itself: logs.yaml does, without addresses",
        "remove Logging",
        _legacy_logging,
    ),
)
