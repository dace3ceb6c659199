"""What must hold of caching: pointers short, the rest for ever, errors for seconds."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from typing import Any

from publisher.infra.node import at, items, number
from publisher.infra.policies import OURS
from publisher.infra.requirements import (
    DEFAULT_ERROR_S,
    DEFAULT_MAX_TTL_S,
    ERROR_MAX_S,
    IMMUTABLE_MIN_S,
    POINTER_MAX_S,
)
from publisher.infra.rules.edge import behaviours, distributions
from publisher.infra.rules.model import Fault, Rule
from publisher.infra.rules.paths import IMMUTABLE, POINTERS
from publisher.infra.rules.view import Resource, View
from publisher.infra.wildcards import matches

# What boards meet: a root that is not there yet, and a bucket that has a bad moment.
_MET_ERRORS = (403, 404, 500, 502, 503, 504)
# Or else an object's Cache-Control could send a fleet's polls all to the bucket.
_POINTER_MIN_S = 1
# How a behaviour tells each kind of pointer from the rest, in all products and channels.
_POINTER_PATTERNS = ("*/metadata/timestamp.json", "*/version.json")
_FORWARDING = (
    ("QueryStringsConfig", "QueryStringBehavior"),
    ("HeadersConfig", "HeaderBehavior"),
    ("CookiesConfig", "CookieBehavior"),
)


def _policy_for(view: View, config: dict[str, Any], path: str) -> tuple[str, Resource | None]:
    """Return the pattern that counts for a path, and its cache policy."""
    found = behaviours(config)
    pattern, behaviour = next(one for one in found if matches(one[0].lstrip("/"), path))
    return pattern, view.named(behaviour.get("CachePolicyId"))


def _seconds(policy: Resource, name: str, unknown: float = inf) -> float:
    """Return one of a cache policy's times; CloudFront's own where it has none."""
    own = {"MinTTL": 0, "DefaultTTL": 86_400, "MaxTTL": DEFAULT_MAX_TTL_S}[name]
    return number(policy.get("CachePolicyConfig", name), own, unknown)


def _order(view: View) -> Iterator[Fault]:
    for policy in view.of("CloudFront::CachePolicy"):
        least, usual, most = (_seconds(policy, name) for name in ("MinTTL", "DefaultTTL", "MaxTTL"))
        if not least <= usual <= most:
            yield policy.name, f"MinTTL {least:g}, DefaultTTL {usual:g}, MaxTTL {most:g}"


def _key(view: View) -> Iterator[Fault]:
    for policy in view.of("CloudFront::CachePolicy"):
        found = policy.get("CachePolicyConfig", "ParametersInCacheKeyAndForwardedToOrigin")
        for section, name in _FORWARDING:
            if (used := at(found, section, name)) != "none":
                yield policy.name, f"{name} is {used}: each board would have a copy of its own"
    for distribution, config in distributions(view):
        for pattern, behaviour in behaviours(config):
            for name in ("OriginRequestPolicyId", "ForwardedValues"):
                if name in behaviour:
                    yield (
                        distribution.name,
                        f"{pattern}: {name} sends boards' reports to the bucket",
                    )


def _pointers(view: View) -> Iterator[Fault]:
    # What no pattern foresees may be replaced, too.
    for path in (*POINTERS, f"{OURS}/unforeseen"):
        for distribution, config in distributions(view):
            pattern, policy = _policy_for(view, config, path)
            if policy is None:
                yield distribution.name, f"{path} ({pattern}) has no cache policy of this template"
            elif (most := _seconds(policy, "MaxTTL")) > POINTER_MAX_S:
                yield distribution.name, f"{path} ({pattern}) is kept for up to {most:g} s"
            elif (least := _seconds(policy, "MinTTL", unknown=0)) < _POINTER_MIN_S:
                yield distribution.name, f"{path} ({pattern}) may be kept for {least:g} s only"
            elif _seconds(policy, "DefaultTTL", unknown=0) == 0:
                yield distribution.name, f"{path} ({pattern}) is not kept without a Cache-Control"


def _pointers_first(view: View) -> Iterator[Fault]:
    """Look for what keeps for long, before all pointers have been told apart."""
    for distribution, config in distributions(view):
        left = set(_POINTER_PATTERNS)
        for pattern, behaviour in behaviours(config):
            policy = view.named(behaviour.get("CachePolicyId"))
            if left and (policy is None or _seconds(policy, "MaxTTL") > POINTER_MAX_S):
                yield distribution.name, f"{pattern} comes before {' and '.join(sorted(left))}"
            left -= {one for one in left if matches(pattern.lstrip("/"), one)}


def _immutable(view: View) -> Iterator[Fault]:
    for path in IMMUTABLE:
        for distribution, config in distributions(view):
            pattern, policy = _policy_for(view, config, path)
            most = 0 if policy is None else _seconds(policy, "MaxTTL", unknown=0)
            if most < IMMUTABLE_MIN_S:
                yield distribution.name, f"{path} ({pattern}) is kept for {most:g} s only"


def _errors(view: View) -> Iterator[Fault]:
    for distribution, config in distributions(view):
        kept = {
            int(at(one, "ErrorCode") or 0): number(at(one, "ErrorCachingMinTTL"), DEFAULT_ERROR_S)
            for one in items(config.get("CustomErrorResponses"))
        }
        for code in sorted({*_MET_ERRORS, *kept}):
            if (seconds := kept.get(code, DEFAULT_ERROR_S)) > ERROR_MAX_S:
                yield distribution.name, f"{code} is kept for {seconds:g} s"


def _mapping(view: View) -> Iterator[Fault]:
    for distribution, config in distributions(view):
        for one in items(config.get("CustomErrorResponses")):
            if at(one, "ResponseCode") or at(one, "ResponsePagePath"):
                yield distribution.name, f"{at(one, 'ErrorCode')} is answered as something else"


RULES = (
    Rule(
        "ttl-order",
        "MinTTL is at most DefaultTTL, and that at most MaxTTL",
        "put them in order",
        _order,
    ),
    Rule(
        "cache-key",
        "no query string, header or cookie is in the cache key, or reaches the bucket",
        "set each behaviour of the cache policy to none, and name no origin request policy",
        _key,
    ),
    Rule(
        "pointer-caching",
        f"pointers, and what no pattern names, are kept for {POINTER_MAX_S} s at most, and for "
        f"{_POINTER_MIN_S} s at least: a fleet's polls never all reach the bucket",
        f"give the path a cache policy with a MinTTL of {_POINTER_MIN_S} and a MaxTTL of "
        f"{POINTER_MAX_S}, before wider patterns",
        _pointers,
    ),
    Rule(
        "pointers-first",
        "all pointers are told apart before anything is kept for longer",
        "put */metadata/timestamp.json and */version.json before the other patterns",
        _pointers_first,
    ),
    Rule(
        "immutable-caching",
        "what never changes is kept for a day at least",
        "give the path a cache policy with a MaxTTL of a year",
        _immutable,
    ),
    Rule(
        "error-caching",
        f"errors are kept for {ERROR_MAX_S} s at most",
        f"add the code to CustomErrorResponses, with {ERROR_MAX_S} or less for ErrorCachingMinTTL",
        _errors,
    ),
    Rule(
        "error-mapping",
        "403 stays 403: an error is never answered with another status or a page",
        "remove ResponseCode and ResponsePagePath",
        _mapping,
    ),
)
