"""What one principal alone may do with a bucket, whoever deploys: delete for good, and set it."""

from __future__ import annotations

from collections.abc import Iterator

from publisher.infra.bucket_actions import REPLICATES, SETTINGS
from publisher.infra.names import DEPLOYER
from publisher.infra.node import Node, at
from publisher.infra.policies import (
    BY_TLS,
    Request,
    Statement,
    actions,
    conditions,
    denies,
    is_for_all,
    might_deny,
    names_object,
    statements,
)
from publisher.infra.rules.bucket_policy import policy_of
from publisher.infra.rules.model import Fault, Rule
from publisher.infra.rules.paths import FILES, IMMUTABLE, POINTERS, PROBE
from publisher.infra.rules.view import View
from publisher.infra.wildcards import matches

# Who cannot read the policy cannot see what keeps him out.
_NEEDED = (*SETTINGS, "s3:GetBucketPolicy")
# What the parameter that names one principal must not take.
_SEVERAL = (
    "*",
    "arn:aws:iam::123456789012:role/*",
    "arn:aws:iam::123456789012:role/????????",
    "arn:aws:iam::123456789012:user/path/*",
    "arn:aws:iam::*:role/deploy",
    "arn:aws:iam::123456789012:user/${aws:username}",
)
_PATHS = (*IMMUTABLE, *POINTERS)
# A name that is deleted can be created anew: to If-None-Match a delete marker is no object. What is
# named by its digest alone cannot become anything else.
_NAMES = tuple(one for one in _PATHS if one not in FILES)


def _deletes(view: View) -> Iterator[Fault]:
    action = "s3:DeleteObject"
    for bucket in view.origin_buckets():
        name, policy = policy_of(view, bucket)
        stopping = [s for s in policy if _stops(s, action) and _at_most_one_excepted(view, s)]
        for key in _NAMES:
            if not any(names_object(one, key) for one in stopping):
                yield name, f"{key} can be deleted, and created again as something else"
        for key in (*FILES, PROBE):
            if might_deny(policy, Request(action, key, BY_TLS)):
                yield name, f"{key} cannot be deleted, which gc and init do"


def _versions(view: View) -> Iterator[Fault]:
    for bucket in view.origin_buckets():
        name, policy = policy_of(view, bucket)
        for action in ("s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"):
            if not all(_is_kept(view, policy, action, key) for key in _PATHS):
                yield name, f"{action} is open to whoever IAM allows it"


def _settings(view: View) -> Iterator[Fault]:
    if not view.is_given(DEPLOYER, "HasDeployRole"):
        return
    for bucket in view.origin_buckets():
        name, policy = policy_of(view, bucket)
        if free := [one for one in SETTINGS if not _is_kept(view, policy, one, "")]:
            yield name, f"not denied to all but {DEPLOYER}: {', '.join(free)}"


def _is_kept(view: View, policy: list[Statement], action: str, key: str) -> bool:
    """Say whether nobody, or one principal, can do something with an object, or with key "" all."""
    stopping = (one for one in policy if _stops(one, action) and names_object(one, key))
    return any(_at_most_one_excepted(view, one) for one in stopping)


def _replication(view: View) -> Iterator[Fault]:
    for bucket in view.origin_buckets():
        name, policy = policy_of(view, bucket)
        for action in REPLICATES:
            if not all(denies(policy, Request(action, key)) for key in _PATHS):
                yield name, f"{action} overwrites or deletes, without a condition"


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
    """Say whether these are whoever deploys, of a parameter that takes one principal."""
    if values != [{"Ref": DEPLOYER}] or view.takes(values[0], _SEVERAL):
        return False
    return bool(at(view.parameters.get(DEPLOYER), "Type") == "String")


def _lock_out(view: View) -> Iterator[Fault]:
    for policy in view.of("S3::BucketPolicy"):
        found = statements(policy.get("PolicyDocument"))
        denying = [one for one in found if not _excepts_deployer(view, one)]
        kept = [one for one in _NEEDED if might_deny(denying, Request(one, "", BY_TLS))]
        if kept:
            yield policy.name, f"denied, or may be, to CloudFormation too: {', '.join(kept)}"


def _excepts_deployer(view: View, statement: Statement) -> bool:
    """Say whether a statement is not about whoever deploys, who is known."""
    is_known = view.is_given(DEPLOYER, "HasDeployRole")
    return is_known and bool(conditions(statement)) and _at_most_one_excepted(view, statement)


RULES = (
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
        "bucket-settings",
        "where it is known who deploys, nobody else changes the bucket's settings",
        "deny s3:PutBucket*, s3:Put*Configuration and s3:DeleteBucket* to all but DeployRoleArn",
        _settings,
    ),
    Rule(
        "replication",
        "nothing is written or deleted by replication from another bucket",
        "deny s3:ReplicateObject, s3:ReplicateDelete and s3:ReplicateTags to all",
        _replication,
    ),
    Rule(
        "lock-out",
        "whoever deploys can still see and change the bucket's settings, by TLS 1.2",
        "except DeployRoleArn from the Deny, by aws:PrincipalArn, under HasDeployRole",
        _lock_out,
    ),
)
