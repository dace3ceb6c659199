"""What bucket policies must say: who is let in, and what nobody may do."""

from __future__ import annotations

from collections.abc import Iterator

from publisher.infra.rules.model import Finding, Rule
from publisher.infra.rules.node import at, items, text
from publisher.infra.rules.paths import IMMUTABLE, POINTERS, PROBE, TIMESTAMP
from publisher.infra.rules.policies import (
    Request,
    Statement,
    actions,
    conditions,
    denies,
    is_for_all,
    matches,
    statements,
)
from publisher.infra.rules.view import Resource, View

_EDGE = "cloudfront.amazonaws.com"
_SETTINGS = (
    "s3:PutBucketPolicy",
    "s3:DeleteBucketPolicy",
    "s3:PutLifecycleConfiguration",
    "s3:PutBucketVersioning",
)
_WRITES = {"s3:objectcreationoperation": "true"}
_CREATES = {**_WRITES, "s3:if-none-match": "*"}
_REPLACES = {**_WRITES, "s3:if-match": "0123"}
_PARTS = {"s3:objectcreationoperation": "false"}


def policy_of(view: View, bucket: Resource) -> tuple[str, list[Statement]]:
    """Return the logical id of a bucket's policy, or the bucket's, and its statements."""
    for policy in view.of("S3::BucketPolicy"):
        if view.named(policy.get("Bucket")) is bucket:
            return policy.name, statements(policy.get("PolicyDocument"))
    return bucket.name, []


def _all_policies(view: View) -> Iterator[tuple[str, list[Statement]]]:
    for policy in view.of("S3::BucketPolicy"):
        yield policy.name, statements(policy.get("PolicyDocument"))


def _public(view: View) -> Iterator[Finding]:
    for name, policy in _all_policies(view):
        for statement in policy:
            allowed = statement.get("Effect") == "Allow"
            if allowed and (is_for_all(statement) or "NotPrincipal" in statement):
                yield name, f"{statement.get('Sid', 'a statement')} allows everybody"


def _tls(view: View) -> Iterator[Finding]:
    without = {"aws:securetransport": "false"}
    old = {"aws:securetransport": "true", "s3:tlsversion": "1.1"}
    for bucket in view.of("S3::Bucket"):
        name, policy = policy_of(view, bucket)
        for action, key in (
            ("s3:GetObject", TIMESTAMP),
            ("s3:PutObject", TIMESTAMP),
            ("s3:ListBucket", ""),
        ):
            if not denies(policy, Request(action, key, without)):
                yield name, f"{action} is possible without TLS"
            if not denies(policy, Request(action, key, old)):
                yield name, f"{action} is possible over TLS 1.1"


def _edge_access(view: View) -> Iterator[Finding]:
    for name, policy in _all_policies(view):
        for statement in policy:
            if statement.get("Effect") == "Allow" and _EDGE in _services(statement):
                yield from ((name, says) for says in _edge_problems(view, statement))


def _services(statement: Statement) -> list[object]:
    return items(at(statement.get("Principal"), "Service"))


def _edge_problems(view: View, statement: Statement) -> Iterator[str]:
    sources = _source_arns(statement)
    if not sources:
        yield "distributions of any account may read: AWS:SourceArn is missing"
    for source in sources:
        if "*" in source or "?" in source:
            yield f"AWS:SourceArn has a wildcard: {source}"
        elif (named := view.named(source)) and named.kind != "AWS::CloudFront::Distribution":
            yield f"AWS:SourceArn names {named.name}, which is no distribution"
    if {one.lower() for one in actions(statement)} != {"s3:getobject"}:
        yield f"the edge may do more than s3:GetObject: {', '.join(actions(statement))}"


def _source_arns(statement: Statement) -> list[str]:
    exact = ("StringEquals", "ArnEquals", "ArnLike", "StringLike")
    return [
        text(value)
        for (operator, key), values in conditions(statement).items()
        if key == "aws:sourcearn" and operator in exact
        for value in values
    ]


def _service_access(view: View) -> Iterator[Finding]:
    for name, policy in _all_policies(view):
        for statement in policy:
            services = [one for one in _services(statement) if one != _EDGE]
            if statement.get("Effect") != "Allow" or not services:
                continue
            keys = {key for _, key in conditions(statement)}
            for missing in sorted({"aws:sourcearn", "aws:sourceaccount"} - keys):
                yield name, f"{services[0]} may write for any account: {missing} is missing"


def _create_only(view: View) -> Iterator[Finding]:
    for bucket in view.origin_buckets():
        name, policy = policy_of(view, bucket)
        for key in IMMUTABLE:
            if not denies(policy, Request("s3:PutObject", key, _WRITES)):
                yield name, f"{key} can be overwritten"
            if not denies(policy, Request("s3:PutObject", key, _REPLACES)):
                yield name, f"{key} can be replaced by If-Match"
            if denies(policy, Request("s3:PutObject", key, _CREATES)):
                yield name, f"{key} cannot be created with If-None-Match"
            if denies(policy, Request("s3:PutObject", key, _PARTS)):
                yield name, f"{key} cannot be sent in parts, which carry no condition"


def _compare_and_swap(view: View) -> Iterator[Finding]:
    for bucket in view.origin_buckets():
        name, policy = policy_of(view, bucket)
        for key in (*POINTERS, PROBE):
            if not denies(policy, Request("s3:PutObject", key, _WRITES)):
                yield name, f"{key} can be replaced blindly"
            for context in (_CREATES, _REPLACES):
                if denies(policy, Request("s3:PutObject", key, context)):
                    yield name, f"{key} cannot be written on a condition"


def _versions(view: View) -> Iterator[Finding]:
    for bucket in view.origin_buckets():
        name, policy = policy_of(view, bucket)
        for action in ("s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"):
            stopping = [one for one in policy if _stops(one, action)]
            if not any(_at_most_one_excepted(one) for one in stopping):
                yield name, f"{action} is open to whoever IAM allows it"


def _stops(statement: Statement, action: str) -> bool:
    """Say whether a statement denies an action to all, or to all but somebody."""
    named = any(matches(one.lower(), action.lower()) for one in actions(statement))
    return statement.get("Effect") == "Deny" and is_for_all(statement) and named


def _at_most_one_excepted(statement: Statement) -> bool:
    """Say whether the only condition, if there is any, excepts principals without a wildcard."""
    found = conditions(statement)
    if not found:
        return True
    return _excepts(statement) and len(found) == 1


def _excepts(statement: Statement) -> bool:
    """Say whether somebody by name is excepted from a Deny."""
    operators = ("ArnNotEquals", "ArnNotLike", "StringNotEquals", "StringNotLike")
    return any(
        key == "aws:principalarn"
        and operator in operators
        and not any("*" in text(v) for v in values)
        for (operator, key), values in conditions(statement).items()
    )


def _lock_out(view: View) -> Iterator[Finding]:
    for name, policy in _all_policies(view):
        for action in _SETTINGS:
            if any(_stops(one, action) and not conditions(one) for one in policy):
                yield name, f"{action} is denied to everybody, CloudFormation too"


RULES = (
    Rule(
        "policy-public",
        "no bucket policy allows anything to everybody",
        "name who may; the edge reads as cloudfront.amazonaws.com",
        _public,
    ),
    Rule(
        "policy-tls",
        "each bucket denies requests without TLS, and over less than TLS 1.2",
        "deny s3:* on the bucket and its objects where aws:SecureTransport is false, and where "
        "s3:TlsVersion is below 1.2",
        _tls,
    ),
    Rule(
        "edge-access",
        "one distribution, by its ARN, may read objects, and nothing else",
        "allow s3:GetObject on condition of AWS:SourceArn; without s3:ListBucket a missing object "
        "stays 403",
        _edge_access,
    ),
    Rule(
        "service-access",
        "other services are let in for this account and source alone",
        "add aws:SourceAccount and aws:SourceArn",
        _service_access,
    ),
    Rule(
        "create-only",
        "what is not a pointer can be created, in parts too, and never overwritten",
        "deny s3:PutObject where s3:if-none-match is Null and s3:ObjectCreationOperation is true, "
        "with the pointers as NotResource",
        _create_only,
    ),
    Rule(
        "compare-and-swap",
        "pointers are written on a condition only",
        "deny s3:PutObject on them where s3:if-match and s3:if-none-match are both Null",
        _compare_and_swap,
    ),
    Rule(
        "version-deletes",
        "nobody, but for who deploys, deletes versions or lifts a lock",
        "deny s3:DeleteObjectVersion and s3:BypassGovernanceRetention to all but DeployRoleArn",
        _versions,
    ),
    Rule(
        "lock-out",
        "somebody can still change the bucket's settings",
        "except a role from the Deny, by aws:PrincipalArn",
        _lock_out,
    ),
)
