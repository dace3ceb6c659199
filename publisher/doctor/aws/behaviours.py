"""The distribution's behaviours: which one serves each kind of path, and how it caches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from publisher.doctor.aws.asking import ask
from publisher.doctor.aws.mends import by_stack
from publisher.doctor.aws.scene import Scene
from publisher.doctor.findings import Finding, fail, ok, warn
from publisher.infra.requirements import DEFAULT_MAX_TTL_S, IMMUTABLE_MIN_S, POINTER_MAX_S
from publisher.infra.sample_paths import IMMUTABLE, POINTERS
from publisher.infra.wildcards import matches

Behaviour = Mapping[str, Any]

_PATH_ALONE = by_stack("let the path alone be the key")
# What the templates never give a behaviour, and what it does.
_EXTRAS = (
    ("FieldLevelEncryptionId", "field-level encryption changes what is sent to the bucket"),
    ("OriginRequestPolicyId", "an origin request policy sends the bucket more than the path"),
    ("RealtimeLogConfigArn", "a real-time log takes down every request, with what boards report"),
)
_KEY_PARTS = (
    ("QueryStringsConfig", "QueryStringBehavior", "the query string, which has a board's report"),
    ("HeadersConfig", "HeaderBehavior", "headers"),
    ("CookiesConfig", "CookieBehavior", "cookies"),
)


def judge_behaviours(config: Mapping[str, Any]) -> list[Finding]:
    """Return whether each behaviour serves over TLS, for reading only, and as it is."""
    check = "distribution-behaviours"
    found = [finding for one in _all(config) for finding in judge_behaviour(one)]
    return found or [ok(check, "every path is https only, GET and HEAD, never compressed")]


def judge_behaviour(behaviour: Behaviour) -> list[Finding]:
    """Return what is wrong with one behaviour."""
    check, path = "distribution-behaviours", behaviour.get("PathPattern", "the default behaviour")
    found = []
    protocol = behaviour["ViewerProtocolPolicy"]
    if protocol != "https-only":
        says = f"{path}: plain HTTP is answered ({protocol})"
        found.append(fail(check, says, by_stack("set https-only")))
    methods = set(behaviour.get("AllowedMethods", {}).get("Items", []))
    if others := sorted(methods - {"GET", "HEAD"}):
        says = f"{path}: the edge lets {', '.join(others)} through"
        found.append(fail(check, says, by_stack("allow GET and HEAD alone")))
    if behaviour.get("Compress"):
        says = f"{path}: answers are compressed, which boards do not undo"
        found.append(fail(check, says, by_stack("set Compress to false")))
    return [*found, *_judge_extras(path, behaviour)]


def judge_caching(scene: Scene, config: Mapping[str, Any]) -> list[Finding]:
    """Check for how long each kind of path is kept, and by what key (GetCachePolicy)."""
    check, product = "distribution-caching", scene.deployment.product
    policies: dict[str, Mapping[str, Any] | None] = {}
    found: dict[Finding, None] = {}
    for path in (*POINTERS, *IMMUTABLE):
        behaviour = find_behaviour(config, f"/{product}/{path}")
        policy_id = behaviour.get("CachePolicyId", "")
        if policy_id and policy_id not in policies:
            policies[policy_id] = _read_policy(scene, policy_id)
        judge = judge_pointer if path in POINTERS else judge_immutable
        found |= dict.fromkeys(judge(path, policies.get(policy_id)))
    for policy in policies.values():
        found |= dict.fromkeys(judge_key(policy or {}))
    return list(found) or [
        ok(check, "pointers are kept for a minute, all else for ever, by their path alone")
    ]


def find_behaviour(config: Mapping[str, Any], path: str) -> Behaviour:
    """Return the behaviour of a path: the first whose pattern matches, else the default one.

    Patterns have `*` and `?`, mind case, and may lack the first slash (CloudFront developer guide,
    "Path pattern").
    """
    for behaviour in config.get("CacheBehaviors", {}).get("Items", []):
        pattern = "/" + behaviour["PathPattern"].removeprefix("/")
        if matches(pattern, path):
            found: Behaviour = behaviour
            return found
    default: Behaviour = config["DefaultCacheBehavior"]
    return default


def judge_pointer(path: str, policy: Mapping[str, Any] | None) -> list[Finding]:
    """Return whether a pointer that moved reaches boards soon."""
    check = "distribution-caching"
    if policy is None:
        return [_no_policy(path)]
    longest = max(policy["MinTTL"], policy.get("MaxTTL", DEFAULT_MAX_TTL_S))
    if longest > POINTER_MAX_S:
        says = f"{path} may be kept for {longest} s: a release, or a stop, reaches nobody before"
        return [fail(check, says, by_stack(f"set a MaxTTL of {POINTER_MAX_S} s"))]
    return []


def judge_immutable(path: str, policy: Mapping[str, Any] | None) -> list[Finding]:
    """Return whether what never changes is kept for long."""
    check, folder = "distribution-caching", f"{path.split('/')[0]}/"
    if policy is None:
        return [_no_policy(folder)]
    longest = policy.get("MaxTTL", DEFAULT_MAX_TTL_S)
    if longest < IMMUTABLE_MIN_S:
        says = f"{folder} is kept for {longest} s only: each edge asks again and again"
        return [warn(check, says, by_stack("set a MaxTTL of a year"))]
    return []


def judge_key(policy: Mapping[str, Any]) -> list[Finding]:
    """Return what a cache policy puts into the key beside the path."""
    check, found = "distribution-caching", []
    key = policy.get("ParametersInCacheKeyAndForwardedToOrigin", {})
    for section, name, what in _KEY_PARTS:
        if key.get(section, {}).get(name, "none") != "none":
            says = f"cache policy {policy.get('Name', '')}: the key has {what}"
            found.append(fail(check, f"{says}, so that hardly any poll is a hit", _PATH_ALONE))
    if key.get("EnableAcceptEncodingGzip") or key.get("EnableAcceptEncodingBrotli"):
        says = f"cache policy {policy.get('Name', '')} keeps compressed copies"
        found.append(warn(check, says, _PATH_ALONE))
    return found


def _judge_extras(path: str, behaviour: Behaviour) -> Iterator[Finding]:
    """Yield what a behaviour has that the templates never give it."""
    check = "distribution-behaviours"
    for kind in ("TrustedKeyGroups", "TrustedSigners"):
        if behaviour.get(kind, {}).get("Enabled"):
            says = f"{path}: it asks for signed URLs, which boards have not"
            yield fail(check, says, by_stack("take it out"))
    for kind in ("LambdaFunctionAssociations", "FunctionAssociations"):
        if behaviour.get(kind, {}).get("Quantity"):
            says = f"{path}: a function at the edge may change what boards get"
            yield warn(check, says, by_stack("take it out, if you do not know it"))
    for kind, says in _EXTRAS:
        if behaviour.get(kind):
            yield warn(check, f"{path}: {says}", by_stack("take it out, if you do not know it"))


def _all(config: Mapping[str, Any]) -> Iterator[Behaviour]:
    yield config["DefaultCacheBehavior"]
    yield from config.get("CacheBehaviors", {}).get("Items", [])


def _read_policy(scene: Scene, policy_id: str) -> Mapping[str, Any]:
    client = scene.clients.cloudfront
    answer = ask("cloudfront:GetCachePolicy", client.get_cache_policy, Id=policy_id)
    config: Mapping[str, Any] = answer["CachePolicy"]["CachePolicyConfig"]
    return config


def _no_policy(path: str) -> Finding:
    says = f"{path} has no cache policy, but legacy cache settings (ForwardedValues)"
    return fail("distribution-caching", says, by_stack("name a cache policy"))
