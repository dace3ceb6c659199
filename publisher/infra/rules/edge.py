"""What must hold of what an edge answers: over TLS that boards speak, files as they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from publisher.infra.node import at, is_true, items, may_be_true, text
from publisher.infra.requirements import TLS_POLICIES
from publisher.infra.rules.model import Fault, Rule
from publisher.infra.rules.view import Resource, View

# HTTP/1.1, which boards speak, is in all.
_ALL_VERSIONS = "http2and3"


def distributions(view: View) -> Iterator[tuple[Resource, dict[str, Any]]]:
    """Yield each distribution with its configuration."""
    for distribution in view.of("CloudFront::Distribution"):
        yield distribution, distribution.get("DistributionConfig") or {}


def behaviours(config: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return a distribution's cache behaviours by path pattern, the first that counts first."""
    named = [(str(at(one, "PathPattern")), one) for one in items(config.get("CacheBehaviors"))]
    return [*named, ("*", config.get("DefaultCacheBehavior") or {})]


def _https(view: View) -> Iterator[Fault]:
    for distribution, config in distributions(view):
        for pattern, behaviour in behaviours(config):
            if (found := behaviour.get("ViewerProtocolPolicy")) != "https-only":
                yield distribution.name, f"{pattern}: ViewerProtocolPolicy is {found}"


def _protocols(view: View) -> Iterator[Fault]:
    for distribution, config in distributions(view):
        if (found := config.get("HttpVersion")) != _ALL_VERSIONS:
            yield distribution.name, f"HttpVersion is {found}"
        if not is_true(config.get("IPV6Enabled")):
            yield distribution.name, "it does not speak IPv6, which its AAAA record promises"


def _methods(view: View) -> Iterator[Fault]:
    for distribution, config in distributions(view):
        for pattern, behaviour in behaviours(config):
            found = items(behaviour.get("AllowedMethods"))
            if found and set(map(text, found)) != {"GET", "HEAD"}:
                yield distribution.name, f"{pattern}: allows {', '.join(map(text, found))}"


def _compression(view: View) -> Iterator[Fault]:
    for distribution, config in distributions(view):
        for pattern, behaviour in behaviours(config):
            if may_be_true(behaviour.get("Compress")):
                yield distribution.name, f"{pattern}: is compressed"
    for policy in view.of("CloudFront::CachePolicy"):
        found = policy.get("CachePolicyConfig", "ParametersInCacheKeyAndForwardedToOrigin")
        for name in ("EnableAcceptEncodingGzip", "EnableAcceptEncodingBrotli"):
            if may_be_true(at(found, name)):
                yield policy.name, f"{name} is set"


def _tls_policy(view: View) -> Iterator[Fault]:
    for distribution, config in distributions(view):
        certificate = config.get("ViewerCertificate")
        if is_true(at(certificate, "CloudFrontDefaultCertificate")) and not config.get("Aliases"):
            continue  # its policy is fixed
        for policy in view.values(at(certificate, "MinimumProtocolVersion")) or ["anything"]:
            if policy not in TLS_POLICIES:
                yield distribution.name, f"MinimumProtocolVersion can be {policy}"
        if (found := at(certificate, "SslSupportMethod")) != "sni-only":
            yield distribution.name, f"SslSupportMethod is {found}"


def _legacy_logging(view: View) -> Iterator[Fault]:
    for distribution, config in distributions(view):
        if config.get("Logging"):
            yield distribution.name, "legacy logging always writes the clients' addresses"


RULES = (
    Rule(
        "https-only",
        "nothing is served without TLS, and no board is redirected",
        "set ViewerProtocolPolicy to https-only",
        _https,
    ),
    Rule(
        "edge-protocols",
        "the edge speaks HTTP/2 and HTTP/3 beside HTTP/1.1, over IPv6 too",
        "set HttpVersion to http2and3, and IPV6Enabled",
        _protocols,
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
        "legacy-logging",
        "the distribution does not log by itself: logs.yaml does, without addresses",
        "remove Logging",
        _legacy_logging,
    ),
)
