"""What roles may do: each what its job needs, in one product, and no more."""

from __future__ import annotations

import re
from collections.abc import Iterator

from publisher.infra.rules.model import Fault, Rule
from publisher.infra.rules.node import at, items, number
from publisher.infra.rules.paths import (
    FILES,
    RELEASED,
    ROOT,
    SNAPSHOT,
    TIMESTAMP,
    VERSION_JSON,
)
from publisher.infra.rules.policies import (
    OTHERS,
    OURS,
    Request,
    Statement,
    actions,
    allows,
    resources,
    statements,
)
from publisher.infra.rules.view import Resource, View
from publisher.infra.wildcards import matches

_ALL = (ROOT, TIMESTAMP, VERSION_JSON, *RELEASED)
# What each role may write, by its logical id; a role that is not here may write nothing.
_WRITES = {
    "ReleaseRole": {TIMESTAMP, VERSION_JSON, *RELEASED},
    "RefreshRole": {SNAPSHOT, TIMESTAMP},
    "GcRole": {*FILES},
}
_DELETES = {"GcRole": {*FILES}}
_READS = ("s3:GetObject", "s3:ListBucket")
_PARTS = ("s3:ListBucketMultipartUploads", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts")
_SIGNS = ("kms:Sign", "kms:GetPublicKey")
# All that a role may be allowed; one that is not here, nothing.
_ACTIONS = {
    "ReleaseRole": {*_READS, *_PARTS, *_SIGNS, "s3:PutObject"},
    "RefreshRole": {*_READS, *_SIGNS, "s3:PutObject"},
    "GcRole": {*_READS, *_PARTS, "s3:PutObject", "s3:DeleteObject"},
}
_FILE_PATTERNS = ("payloads/*.slc", "images/*.bin")
_REFRESHED = ("metadata/*.snapshot.json", "metadata/timestamp.json")
# Where a role may do more than read, below its product.
_PATTERNS = {
    "ReleaseRole": (
        (*_REFRESHED, "metadata/*.targets.json", "targets/*.json", "*/version.json")
        + _FILE_PATTERNS
    ),
    "RefreshRole": _REFRESHED,
    "GcRole": _FILE_PATTERNS,
}
_BUCKET = re.compile(r"arn:(?:\$\{AWS::Partition\}|aws[a-z-]*):s3:::\$\{BucketName\}")
_OF_BUCKET = {"s3:listbucket", "s3:listbucketmultipartuploads"}
_WRITING = {"s3:objectcreationoperation": "true"}
_MAX_SESSION_S = 3600


def policy_of(role: Resource) -> list[Statement]:
    """Return the statements of all inline policies of a role."""
    documents = (at(one, "PolicyDocument") for one in items(role.get("Policies")))
    return [statement for document in documents for statement in statements(document)]


def allowed_of(view: View) -> Iterator[tuple[Resource, Statement]]:
    """Yield each statement that allows a role something, with the role."""
    for role in view.of("IAM::Role"):
        for statement in policy_of(role):
            if statement.get("Effect") != "Deny":
                yield role, statement


def _wildcards(view: View) -> Iterator[Fault]:
    for role in view.of("IAM::Role"):
        if role.get("ManagedPolicyArns"):
            yield role.name, "it has managed policies, which nothing here bounds"
    for role, statement in allowed_of(view):
        name = statement.get("Sid", "a statement")
        yield from ((role.name, f"{name} {says}") for says in _too_wide(statement))


def _too_wide(statement: Statement) -> Iterator[str]:
    if "NotAction" in statement or "NotResource" in statement:
        yield "allows all but what it names"
    for action in actions(statement):
        if "*" in action:
            yield f"allows {action}"
    for resource in resources(statement):
        if resource == "*":
            yield "allows it on every resource of the account"


def _actions(view: View) -> Iterator[Fault]:
    for role, statement in allowed_of(view):
        own = {one.lower() for one in _ACTIONS.get(role.name, ())}
        for action in actions(statement):
            if action.lower() not in own:
                yield role.name, f"{action} is allowed, which it has no need of"


def _prefix(view: View) -> Iterator[Fault]:
    keys = [key.replace(OURS, other, 1) for key in _ALL for other in OTHERS]
    for role in view.of("IAM::Role"):
        policy = policy_of(role)
        for action in ("s3:GetObject", "s3:PutObject", "s3:DeleteObject"):
            if any(allows(policy, Request(action, key)) for key in keys):
                yield role.name, f"{action} is allowed in other products too"
    for role, statement in allowed_of(view):
        for action in _s3_actions(statement):
            for resource in resources(statement):
                if not _is_in_product(action, resource):
                    yield role.name, f"{action} is allowed on {resource}"


def _s3_actions(statement: Statement) -> list[str]:
    return [one for one in actions(statement) if one.lower().startswith("s3:")]


def _is_in_product(action: str, resource: str) -> bool:
    """Say whether this is the bucket, or what is below the product in it, as the action needs."""
    bucket, slash, path = resource.partition("/")
    if action.lower() in _OF_BUCKET:
        return _BUCKET.fullmatch(bucket) is not None and not slash
    return _BUCKET.fullmatch(bucket) is not None and path.startswith("${Product}/")


def _paths(view: View) -> Iterator[Fault]:
    reading = {"s3:getobject", *_OF_BUCKET}
    for role, statement in allowed_of(view):
        for action in _s3_actions(statement):
            for resource in resources(statement) if action.lower() not in reading else ():
                path = resource.partition("/${Product}/")[2]
                # What an asterisk of ours matches may have asterisks of its own.
                if not any(matches(one, path) for one in _PATTERNS.get(role.name, ())):
                    yield role.name, f"{action} is allowed on {path or resource}"


def _writes(view: View) -> Iterator[Fault]:
    conditional = {**_WRITING, "s3:if-none-match": "*"}
    for role in view.of("IAM::Role"):
        policy, own = policy_of(role), _WRITES.get(role.name, set())
        for key in _ALL:
            allowed = allows(policy, Request("s3:PutObject", key, conditional))
            if allowed and key not in own:
                yield role.name, f"it may write {key}"
            if key in own and not allowed:
                yield role.name, f"it may not write {key}, which it has to"


def _conditions(view: View) -> Iterator[Fault]:
    for role in view.of("IAM::Role"):
        policy = policy_of(role)
        for key in _ALL:
            if allows(policy, Request("s3:PutObject", key, _WRITING)):
                yield role.name, f"it may write {key} without a condition"
            replacing = Request("s3:PutObject", key, {**_WRITING, "s3:if-match": "0123"})
            if key not in (TIMESTAMP, VERSION_JSON) and allows(policy, replacing):
                yield role.name, f"it may replace {key}, which never changes"


def _deletes(view: View) -> Iterator[Fault]:
    for role in view.of("IAM::Role"):
        policy, own = policy_of(role), _DELETES.get(role.name, set())
        for key in _ALL:
            if key not in own and allows(policy, Request("s3:DeleteObject", key)):
                yield role.name, f"it may delete {key}"
            for action in ("s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"):
                if allows(policy, Request(action, key)):
                    yield role.name, f"{action} is allowed"


def _session(view: View) -> Iterator[Fault]:
    for role in view.of("IAM::Role"):
        seconds = number(role.get("MaxSessionDuration"), _MAX_SESSION_S)
        if seconds > _MAX_SESSION_S:
            yield role.name, f"its credentials live for {seconds:g} s"


RULES = (
    Rule(
        "role-wildcards",
        "roles are allowed named actions on named resources",
        "name each action and each resource, in a policy of the role's own",
        _wildcards,
    ),
    Rule(
        "role-actions",
        "a role is allowed the actions of its job, and no others",
        "leave s3:GetObject, s3:PutObject and so on (infra/ci.yaml); settings, IAM and the edge "
        "are for people",
        _actions,
    ),
    Rule(
        "role-prefix",
        "a role reaches into one product alone",
        "begin each object's ARN with the bucket, a slash, ${Product} and a slash",
        _prefix,
    ),
    Rule(
        "role-paths",
        "where a role does more than read, the whole kind of path is named, with its ending",
        "name metadata/*.snapshot.json, payloads/*.slc and so on (infra/ci.yaml)",
        _paths,
    ),
    Rule(
        "role-writes",
        "release writes all but root, refresh timestamp and snapshot, gc payloads and images; no "
        "other role writes",
        "allow s3:PutObject on just these paths (infra/ci.yaml)",
        _writes,
    ),
    Rule(
        "role-conditions",
        "no role writes without a condition, whatever the bucket's policy says",
        "deny s3:PutObject where s3:if-none-match, or for pointers s3:if-match too, is Null",
        _conditions,
        of_emulators=False,
    ),
    Rule(
        "role-deletes",
        "gc alone deletes, and nothing but payloads and images; nobody deletes versions",
        "allow s3:DeleteObject to GcRole alone, on payloads/ and images/",
        _deletes,
    ),
    Rule(
        "role-session",
        "credentials live for an hour at most",
        "set MaxSessionDuration to 3600",
        _session,
    ),
)
