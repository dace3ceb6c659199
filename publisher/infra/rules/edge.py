"""What must hold of a distribution: TLS that boards speak, reading only, a private origin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from publisher.infra.requirements import TLS_POLICIES
from publisher.infra.rules.model import Fault, Rule
from publisher.infra.rules.node import at, is_true, items, may_be_true, text
from publisher.infra.rules.view import Resource, View

# What a distribution may be made of: no functions, no groups of origins, no second domain.
_CONFIG = {
    *("Aliases", "CacheBehaviors", "Comment", "CustomErrorResponses", "DefaultCacheBehavior"),
    *("DefaultRootObject", "Enabled", "HttpVersion", "IPV6Enabled", "Logging", "Origins"),
    *("PriceClass", "Restrictions", "ViewerCertificate", "WebACLId"),
}
_ORIGIN = {
    *("ConnectionAttempts", "ConnectionTimeout", "DomainName", "Id", "OriginAccessControlId"),
    *("OriginShield", "S3OriginConfig"),
}
_BEHAVIOUR = {
    *("AllowedMethods", "CachePolicyId", "CachedMethods", "Compress", "ForwardedValues"),
    *("OriginRequestPolicyId", "PathPattern", "ResponseHeadersPolicyId", "TargetOriginId"),
    "ViewerProtocolPolicy",
}
_REMOVED = {"x-amz-version-id", "x-amz-server-side-encryption"}


def distributions(view: View) -> Iterator[tuple[Resource, dict[str, Any]]]:
    """Yield each distribution with its configuration."""
    for distribution in view.of("CloudFront::Distribution"):
        yield distribution, distribution.get("DistributionConfig") or {}


def behaviours(config: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return a distribution's cache behaviours by path pattern, the first that counts first."""
    named = [(str(at(one, "PathPattern")), one) for one in items(config.get("CacheBehaviors"))]
    return [*named, ("*", config.get("DefaultCacheBehavior") or {})]


def _origin(view: View) -> Iterator[Fault]:
    for distribution, config in distributions(view):
        for origin in items(config.get("Origins")):
            access = view.named(at(origin, "OriginAccessControlId"))
            if access is None:
                yield distribution.name, "the origin is asked without an origin access control"
            elif problem := _access_problem(access):
                yield access.name, problem
            if at(origin, "S3OriginConfig", "OriginAccessIdentity"):
                yield distribution.name, "the origin has an origin access identity, which is legacy"


def _origin_bucket(view: View) -> Iterator[Fault]:
    for distribution, config in distributions(view):
        for origin in items(config.get("Origins")):
            found = text(at(origin, "DomainName"))
            own = {f"${{{bucket.name}.RegionalDomainName}}" for bucket in view.of("S3::Bucket")}
            if found not in own:
                yield distribution.name, f"the origin {found} is no bucket of this template"


def _parts(view: View) -> Iterator[Fault]:
    for distribution, config in distributions(view):
        if not is_true(config.get("Enabled")):
            yield distribution.name, "it is not enabled, and serves nothing"
        found = [("", config, _CONFIG)]
        found += [("an origin: ", one, _ORIGIN) for one in items(config.get("Origins"))]
        found += [(f"{name}: ", one, _BEHAVIOUR) for name, one in behaviours(config)]
        for pattern, part in behaviours(config):
            if isinstance(part.get("PathPattern"), dict):
                yield distribution.name, f"nobody knows what {pattern} will be"
        for where, part, known in found:
            for name in sorted(part.keys() - known):
                yield distribution.name, f"{where}no rule knows what {name} does"


def _access_problem(access: Resource) -> str:
    found = access.get("OriginAccessControlConfig")
    if at(found, "SigningBehavior") != "always":
        return "not every request to the bucket is signed"
    if at(found, "OriginAccessControlOriginType") != "s3":
        return "it is not for S3"
    return ""


def _records(view: View) -> Iterator[Fault]:
    for record in view.of("Route53::RecordSet"):
        for distribution, config in distributions(view):
            if text(record.get("Name")) not in map(text, items(config.get("Aliases"))):
                yield record.name, f"{text(record.get('Name'))} is no domain of {distribution.name}"
        target = text(record.get("AliasTarget", "DNSName"))
        if target not in {f"${{{one.name}.DomainName}}" for one, _ in distributions(view)}:
            yield record.name, f"it leads to {target}, which is not the edge"


def _https(view: View) -> Iterator[Fault]:
    for distribution, config in distributions(view):
        for pattern, behaviour in behaviours(config):
            if (found := behaviour.get("ViewerProtocolPolicy")) != "https-only":
                yield distribution.name, f"{pattern}: ViewerProtocolPolicy is {found}"


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


def _headers(view: View) -> Iterator[Fault]:
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


def _legacy_logging(view: View) -> Iterator[Fault]:
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
        "origin-bucket",
        "all that is served comes from the bucket of the template",
        "take DomainName of each origin from the bucket: !GetAtt Bucket.RegionalDomainName",
        _origin_bucket,
    ),
    Rule(
        "edge-parts",
        "the distribution serves, as it is: no function, and nothing that the rules do not know",
        "set Enabled, and remove what is not in infra/ota.yaml",
        _parts,
    ),
    Rule(
        "edge-records",
        "records in DNS are for the edge's own domain, and lead to the edge",
        "name the alias of the distribution, with !GetAtt Distribution.DomainName as its target",
        _records,
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
