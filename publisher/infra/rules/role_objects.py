"""Which objects roles may read, write and delete: in one product, and of their own kinds alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

from publisher.infra.jobs import PATTERNS
from publisher.infra.node import items, text
from publisher.infra.policies import (
    BY_TLS,
    CREATES,
    OTHERS,
    OURS,
    REPLACES,
    WRITES,
    Request,
    Statement,
    actions,
    allows,
    might_deny,
    resources,
)
from publisher.infra.rules.model import Fault, Rule
from publisher.infra.rules.paths import (
    FILES,
    RELEASED,
    ROOT,
    SNAPSHOT,
    TIMESTAMP,
    VERSION_JSON,
)
from publisher.infra.rules.roles import allowed_of, policy_of
from publisher.infra.rules.view import View
from publisher.infra.wildcards import matches

_ALL = (ROOT, TIMESTAMP, VERSION_JSON, *RELEASED)
# What each role may write, by its logical id; a role that is not here may write nothing.
_WRITES = {
    "ReleaseRole": {TIMESTAMP, VERSION_JSON, *RELEASED},
    "RefreshRole": {SNAPSHOT, TIMESTAMP},
    "GcRole": {*FILES},
}
_DELETES = {"GcRole": {*FILES}}
# What a denial may name below the product: whole kinds, so that no version is spared.
_KINDS = {"*", *PATTERNS["ReleaseRole"]}
_BUCKET = re.compile(r"arn:(?:\$\{AWS::Partition\}|aws[a-z-]*):s3:::\$\{BucketName\}")
_OF_BUCKET = {"s3:listbucket", "s3:listbucketmultipartuploads"}


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
                if not any(matches(one, path) for one in PATTERNS.get(role.name, ())):
                    yield role.name, f"{action} is allowed on {path or resource}"


def _writes(view: View) -> Iterator[Fault]:
    for role in view.of("IAM::Role"):
        policy, own = policy_of(role), _WRITES.get(role.name, set())
        for key in _ALL:
            request = Request("s3:PutObject", key, {**BY_TLS, **CREATES})
            allowed = allows(policy, request)
            if allowed and key not in own:
                yield role.name, f"it may write {key}"
            if key in own and (not allowed or might_deny(policy, request)):
                yield role.name, f"it may not write {key}, which it has to"


def _conditions(view: View) -> Iterator[Fault]:
    for role in view.of("IAM::Role"):
        policy = policy_of(role)
        for key in _ALL:
            if allows(policy, Request("s3:PutObject", key, WRITES)):
                yield role.name, f"it may write {key} without a condition"
            replacing = Request("s3:PutObject", key, REPLACES)
            if key not in (TIMESTAMP, VERSION_JSON) and allows(policy, replacing):
                yield role.name, f"it may replace {key}, which never changes"


def _spared(view: View) -> Iterator[Fault]:
    for role in view.of("IAM::Role"):
        for statement in policy_of(role):
            for resource in _denied(statement):
                bucket, slash, path = resource.partition("/${Product}/")
                if not (_BUCKET.fullmatch(bucket) and slash and path in _KINDS):
                    yield role.name, f"{resource} is denied, or spared, which is no kind of path"


def _denied(statement: Statement) -> list[str]:
    """Return what a denial of something in S3 names, or all but which."""
    if statement.get("Effect") != "Deny" or not (_s3_actions(statement)):
        return []
    parts = (items(statement.get(name)) for name in ("Resource", "NotResource"))
    return [text(one) for part in parts for one in part]


def _deletes(view: View) -> Iterator[Fault]:
    for role in view.of("IAM::Role"):
        policy, own = policy_of(role), _DELETES.get(role.name, set())
        for key in _ALL:
            if key not in own and allows(policy, Request("s3:DeleteObject", key)):
                yield role.name, f"it may delete {key}"
            for action in ("s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"):
                if allows(policy, Request(action, key)):
                    yield role.name, f"{action} is allowed"


RULES = (
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
        "role-denials",
        "what is denied to a role, or spared from it, is a whole kind of path of the product",
        "name ${Product}/*, or the pointers as NotResource (infra/ci.yaml)",
        _spared,
    ),
    Rule(
        "role-deletes",
        "gc alone deletes, and nothing but payloads and images; nobody deletes versions",
        "allow s3:DeleteObject to GcRole alone, on payloads/ and images/",
        _deletes,
    ),
)
