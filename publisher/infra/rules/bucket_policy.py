"""What nobody may do with a bucket, whatever rights he has: the denials of its policy."""

from __future__ import annotations

import re
from collections.abc import Iterator

from publisher.infra.rules.model import Fault, Rule
from publisher.infra.rules.node import Node, at, text
from publisher.infra.rules.paths import FILES, IMMUTABLE, POINTERS, PROBE, TIMESTAMP
from publisher.infra.rules.policies import (
    Request,
    Statement,
    actions,
    conditions,
    denies,
    is_for_all,
    names_object,
    statements,
)
from publisher.infra.rules.view import Resource, View
from publisher.infra.wildcards import matches

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
# What the parameter that names one principal must not take.
_SEVERAL = (
    "*",
    "arn:aws:iam::123456789012:role/*",
    "arn:aws:iam::123456789012:role/????????",
    "arn:aws:iam::123456789012:user/path/*",
    "arn:aws:iam::*:role/deploy",
)
# A name that is deleted can be created anew: to If-None-Match a delete marker is no object. What is
# named by its digest alone cannot become anything else.
_NAMES = tuple(one for one in (*IMMUTABLE, *POINTERS) if one not in FILES)


def policy_of(view: View, bucket: Resource) -> tuple[str, list[Statement]]:
    """Return the logical id of a bucket's policy, or the bucket's, and its statements."""
    for policy in view.of("S3::BucketPolicy"):
        if view.named(policy.get("Bucket")) is bucket:
            return policy.name, statements(policy.get("PolicyDocument"))
    return bucket.name, []


def _all_policies(view: View) -> Iterator[tuple[str, list[Statement]]]:
    for policy in view.of("S3::BucketPolicy"):
        yield policy.name, statements(policy.get("PolicyDocument"))


def _tls(view: View) -> Iterator[Fault]:
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


def _create_only(view: View) -> Iterator[Fault]:
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


def _compare_and_swap(view: View) -> Iterator[Fault]:
    for bucket in view.origin_buckets():
        name, policy = policy_of(view, bucket)
        for key in (*POINTERS, PROBE):
            if not denies(policy, Request("s3:PutObject", key, _WRITES)):
                yield name, f"{key} can be replaced blindly"
            for context in (_CREATES, _REPLACES):
                if denies(policy, Request("s3:PutObject", key, context)):
                    yield name, f"{key} cannot be written on a condition"


def _deletes(view: View) -> Iterator[Fault]:
    action = "s3:DeleteObject"
    for bucket in view.origin_buckets():
        name, policy = policy_of(view, bucket)
        stopping = [s for s in policy if _stops(s, action) and _at_most_one_excepted(view, s)]
        for key in _NAMES:
            if not any(names_object(one, key) for one in stopping):
                yield name, f"{key} can be deleted, and created again as something else"
        for key in (*FILES, PROBE):
            if any(names_object(one, key) for one in stopping):
                yield name, f"{key} cannot be deleted, which gc and init do"


def _versions(view: View) -> Iterator[Fault]:
    for bucket in view.origin_buckets():
        name, policy = policy_of(view, bucket)
        for action in ("s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"):
            stopping = [one for one in policy if _stops(one, action) and names_object(one, "a/b")]
            if not any(_at_most_one_excepted(view, one) for one in stopping):
                yield name, f"{action} is open to whoever IAM allows it"


def _stops(statement: Statement, action: str) -> bool:
    """Say whether a statement denies an action to all, or to all but somebody."""
    named = any(matches(one.lower(), action.lower()) for one in actions(statement))
    return statement.get("Effect") == "Deny" and is_for_all(statement) and named


def _at_most_one_excepted(view: View, statement: Statement) -> bool:
    """Say whether the only condition, if there is any, excepts one principal by name."""
    found = conditions(statement)
    operators = {("ArnNotEquals", "aws:principalarn"), ("StringNotEquals", "aws:principalarn")}
    if not found:
        return True
    values = [one for values in found.values() for one in values]
    return len(found) == 1 and found.keys() <= operators and _is_one(view, values)


def _is_one(view: View, values: list[Node]) -> bool:
    """Say whether these are one principal: written without wildcards, or of a parameter."""
    if len(values) != 1:
        return False
    if isinstance(values[0], dict) and values[0].get("Ref") in view.parameters:
        kind = at(view.parameters[values[0]["Ref"]], "Type")
        return kind == "String" and not view.takes(values[0], _SEVERAL)
    return re.search(r"[*?]|\$\{(?!AWS::)", text(values[0])) is None


def _lock_out(view: View) -> Iterator[Fault]:
    for name, policy in _all_policies(view):
        for action in _SETTINGS:
            if any(_stops(one, action) and not conditions(one) for one in policy):
                yield name, f"{action} is denied to everybody, CloudFormation too"


RULES = (
    Rule(
        "policy-tls",
        "each bucket denies requests without TLS, and over less than TLS 1.2",
        "deny s3:* on the bucket and its objects where aws:SecureTransport is false, and where "
        "s3:TlsVersion is below 1.2",
        _tls,
    ),
    Rule(
        "create-only",
        "what is not a pointer can be created, in parts too, and never overwritten",
        "deny s3:PutObject where s3:if-none-match is Null and s3:ObjectCreationOperation is true, "
        "with the pointers as NotResource",
        _create_only,
        of_emulators=False,
    ),
    Rule(
        "compare-and-swap",
        "pointers are written on a condition only",
        "deny s3:PutObject on them where s3:if-match and s3:if-none-match are both Null",
        _compare_and_swap,
        of_emulators=False,
    ),
    Rule(
        "name-deletes",
        "nobody but whoever deploys deletes metadata, manifests or pointers, whose names would be "
        "free again",
        "deny s3:DeleteObject on */metadata/*, */targets/* and */version.json to all but "
        "DeployRoleArn, whose AllowedPattern takes no wildcards",
        _deletes,
    ),
    Rule(
        "version-deletes",
        "nobody but whoever deploys deletes versions or lifts a lock",
        "deny s3:DeleteObjectVersion and s3:BypassGovernanceRetention to all but DeployRoleArn, "
        "whose AllowedPattern takes no wildcards",
        _versions,
    ),
    Rule(
        "lock-out",
        "somebody can still change the bucket's settings",
        "except a role from the Deny, by aws:PrincipalArn",
        _lock_out,
    ),
)
