"""The rules by which CloudFront answers, read out of infra/ota.yaml.

Settings that change what a board sees and that this edge does not know are refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from tests.infra.edge_template import Resources

# "Choose how long CloudFront caches errors" (Developer Guide): where no rule names the status.
DEFAULT_ERROR_S = 10
_EDGE_SERVICE = "cloudfront.amazonaws.com"


@dataclass(frozen=True)
class CachePolicy:
    """How long, and under which key.

    Attributes:
        min_s, default_s, max_s: MinTTL, DefaultTTL, MaxTTL.
        query: QueryStringBehavior: none, whitelist, allExcept or all.
        query_names: the parameters that `whitelist` and `allExcept` name.
    """

    min_s: float
    default_s: float
    max_s: float
    query: str = "none"
    query_names: frozenset[str] = frozenset()

    def key_query(self, query: str) -> str:
        """Return what of a query string is in the key, and is sent to the origin."""
        if self.query in ("none", "all"):
            return query if self.query == "all" else ""
        wanted = self.query == "whitelist"
        pairs = parse_qsl(query, keep_blank_values=True)
        return urlencode([one for one in pairs if (one[0] in self.query_names) == wanted])


@dataclass(frozen=True)
class Behaviour:
    """What holds for the paths that match `pattern`.

    Attributes:
        methods: AllowedMethods.
        viewer_protocol: https-only, redirect-to-https or allow-all.
        added: headers that a response gets, removed: lower-case names of those that it loses.
    """

    pattern: str
    methods: frozenset[str]
    viewer_protocol: str
    policy: CachePolicy
    added: Mapping[str, str]
    removed: frozenset[str]

    def matches(self, path: str) -> bool:
        """Whether a path is this one's: `*` is any text, slashes too, and `?` one character.

        Source: Developer Guide, "Path pattern"; case counts, a leading slash does not.
        """
        parts = (
            {"*": ".*", "?": "."}.get(part, re.escape(part))
            for part in self.pattern.removeprefix("/")
        )
        return re.fullmatch("".join(parts), path.removeprefix("/"), re.DOTALL) is not None


@dataclass(frozen=True)
class Rules:
    """All that decides about an answer.

    Attributes:
        behaviours: in their order, the default one last.
        error_s: ErrorCachingMinTTL by status.
        missing_status: what the bucket says of an object that is not there.
        protocol: MinimumProtocolVersion.
        has_shield: whether all edges ask one Origin Shield.
        counts_age: whether the time that something lay there counts (RFC 9111, 4.2.3); what
            CloudFront does is not documented.
    """

    behaviours: tuple[Behaviour, ...]
    error_s: Mapping[int, float]
    missing_status: int
    protocol: str
    has_shield: bool
    counts_age: bool = True

    def behaviour_of(self, path: str) -> Behaviour:
        """Return the first that matches a path."""
        return next(one for one in self.behaviours if one.matches(path))


def read_rules(template: Mapping[str, Any], parameters: Mapping[str, str]) -> Rules:
    """Read the rules of the one distribution of a template.

    Raises:
        ValueError: it has a setting that this edge does not know.
    """
    resources = Resources(template, parameters)
    [distribution] = resources.of_type("AWS::CloudFront::Distribution").values()
    config = distribution["DistributionConfig"]
    [origin] = config["Origins"]
    every = [*config.get("CacheBehaviors", []), config["DefaultCacheBehavior"]]
    return Rules(
        tuple(_behaviour(one, resources) for one in every),
        {one["ErrorCode"]: _error_s(one) for one in config.get("CustomErrorResponses", [])},
        404 if _may_list(resources) else 403,
        config["ViewerCertificate"].get("MinimumProtocolVersion", "TLSv1"),
        str(origin.get("OriginShield", {}).get("Enabled", False)).lower() == "true",
    )


def _behaviour(config: Mapping[str, Any], resources: Resources) -> Behaviour:
    for name in ("FunctionAssociations", "LambdaFunctionAssociations", "OriginRequestPolicyId"):
        if name in config:
            raise ValueError(f"this edge does not know {name}")
    if config.get("Compress"):
        raise ValueError("this edge does not compress, and boards do not undo it")
    policies = resources.of_type("AWS::CloudFront::ResponseHeadersPolicy")
    headers = policies.get(config.get("ResponseHeadersPolicyId", ""), {})
    headers = headers.get("ResponseHeadersPolicyConfig", {})
    return Behaviour(
        config.get("PathPattern", "*"),
        frozenset(config.get("AllowedMethods", ("GET", "HEAD"))),
        config["ViewerProtocolPolicy"],
        _cache_policy(config["CachePolicyId"], resources),
        _added(headers),
        frozenset(
            one["Header"].lower() for one in headers.get("RemoveHeadersConfig", {}).get("Items", [])
        ),
    )


def _cache_policy(name: str, resources: Resources) -> CachePolicy:
    policies = resources.of_type("AWS::CloudFront::CachePolicy")
    if name not in policies:
        raise ValueError(f"this edge does not know the cache policy {name}")
    config = policies[name]["CachePolicyConfig"]
    key = config["ParametersInCacheKeyAndForwardedToOrigin"]
    if key["CookiesConfig"]["CookieBehavior"] != "none":
        raise ValueError("this edge does not know cookies")
    if key["HeadersConfig"]["HeaderBehavior"] != "none":
        raise ValueError("this edge does not know headers in the key")
    query = key["QueryStringsConfig"]
    return CachePolicy(
        float(config["MinTTL"]),
        float(config["DefaultTTL"]),
        float(config["MaxTTL"]),
        query["QueryStringBehavior"],
        frozenset(query.get("QueryStrings", [])),
    )


def _added(headers: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers of a ResponseHeadersPolicy."""
    security = headers.get("SecurityHeadersConfig", {})
    custom = headers.get("CustomHeadersConfig", {}).get("Items", [])
    added = {one["Header"]: str(one["Value"]) for one in custom}
    if "StrictTransportSecurity" in security:
        transport = security["StrictTransportSecurity"]
        added["Strict-Transport-Security"] = f"max-age={transport['AccessControlMaxAgeSec']}"
    if "ContentTypeOptions" in security:
        added["X-Content-Type-Options"] = "nosniff"
    return added


def _error_s(rule: Mapping[str, Any]) -> float:
    if "ResponsePagePath" in rule:
        raise ValueError(f"a page in place of {rule['ErrorCode']} is not what boards take")
    return float(rule.get("ErrorCachingMinTTL", DEFAULT_ERROR_S))


def _may_list(resources: Resources) -> bool:
    """Whether the edge may list the bucket: then S3 says 404 of what is missing, else 403.

    Source: S3 API Reference, GetObject, "Permissions".
    """
    for policy in resources.of_type("AWS::S3::BucketPolicy").values():
        for one in policy["PolicyDocument"]["Statement"]:
            actions = one["Action"] if isinstance(one["Action"], list) else [one["Action"]]
            who = one["Principal"]
            is_edge = isinstance(who, dict) and who.get("Service") == _EDGE_SERVICE
            if one["Effect"] == "Allow" and is_edge and "s3:ListBucket" in actions:
                return True
    return False
