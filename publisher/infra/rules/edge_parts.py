"""What an edge is made of: a private origin, parts that the rules know, its own records in DNS."""

from __future__ import annotations

from collections.abc import Iterator

from publisher.infra.node import at, is_true, items, text
from publisher.infra.rules.edge import behaviours, distributions
from publisher.infra.rules.model import Fault, Rule
from publisher.infra.rules.view import Resource, View

# What a distribution may be made of: no functions, no groups of origins, no countries kept out.
_CONFIG = {
    *("Aliases", "CacheBehaviors", "Comment", "CustomErrorResponses", "DefaultCacheBehavior"),
    *("DefaultRootObject", "Enabled", "HttpVersion", "IPV6Enabled", "Logging", "Origins"),
    *("PriceClass", "ViewerCertificate", "WebACLId"),
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
# The zone of all of CloudFront (General Reference, "CloudFront endpoints").
_EDGE_ZONE = "Z2FDTNDATAQYW2"
_ADDRESSES = ("A", "AAAA")


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
        if (zone := text(record.get("AliasTarget", "HostedZoneId"))) != _EDGE_ZONE:
            yield record.name, f"{zone} is not CloudFront's zone, {_EDGE_ZONE}"


def _addresses(view: View) -> Iterator[Fault]:
    if view.is_given("HostedZoneId", "HasRecord"):
        kinds = [record.get("Type") for record in view.of("Route53::RecordSet")]
        for distribution, _ in distributions(view):
            for kind in _ADDRESSES:
                if (count := kinds.count(kind)) != 1:
                    yield distribution.name, f"{count} records of type {kind} lead to it, and not 1"


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
        "name the alias of the distribution, with !GetAtt Distribution.DomainName as its target, "
        f"in the zone {_EDGE_ZONE}",
        _records,
    ),
    Rule(
        "edge-addresses",
        "where the zone is given, the edge has an A record and an AAAA record in it",
        "give one record the type A and one AAAA, both under the condition HasRecord",
        _addresses,
    ),
)
