"""What roles may do: each what its job needs, in one product, and no more."""

from __future__ import annotations

from collections.abc import Iterator

from publisher.infra.rules.model import Finding, Rule
from publisher.infra.rules.node import at, items, number, text
from publisher.infra.rules.paths import (
    IMAGE,
    MANIFEST,
    PAYLOAD,
    PINS,
    ROOT,
    SNAPSHOT,
    STEPPING_STONE,
    TARGETS,
    TIMESTAMP,
    VERSION,
)
from publisher.infra.rules.policies import (
    OTHERS,
    OURS,
    Request,
    Statement,
    actions,
    allows,
    matches,
    resources,
    statements,
)
from publisher.infra.rules.view import Resource, View

_OFFERED = (TARGETS, MANIFEST, STEPPING_STONE, PINS)
_STORED = (PAYLOAD, IMAGE)
_ALL = (ROOT, SNAPSHOT, TIMESTAMP, VERSION, *_OFFERED, *_STORED)
# What each role may write, by its logical id; a role that is not here may write nothing.
_WRITES = {
    "ReleaseRole": {SNAPSHOT, TIMESTAMP, VERSION, *_OFFERED, *_STORED},
    "RefreshRole": {SNAPSHOT, TIMESTAMP},
    "GcRole": {*_STORED},
}
_DELETES = {"GcRole": {*_STORED}}
# Which keys each role may sign with, by the end of their aliases.
_SIGNS = {
    "ReleaseRole": {"targets", "snapshot", "timestamp"},
    "RefreshRole": {"snapshot", "timestamp"},
}
_KEY_ROLES = ("targets", "snapshot", "timestamp")
_KMS_ACTIONS = {"kms:sign", "kms:getpublickey"}
_WRITING = {"s3:objectcreationoperation": "true"}
_MAX_SESSION_S = 3600


def policy_of(role: Resource) -> list[Statement]:
    """Return the statements of all inline policies of a role."""
    documents = (at(one, "PolicyDocument") for one in items(role.get("Policies")))
    return [statement for document in documents for statement in statements(document)]


def _wildcards(view: View) -> Iterator[Finding]:
    for role in view.of("IAM::Role"):
        if role.get("ManagedPolicyArns"):
            yield role.name, "it has managed policies, which nothing here bounds"
        for statement in policy_of(role):
            if statement.get("Effect") == "Allow":
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


def _prefix(view: View) -> Iterator[Finding]:
    keys = [key.replace(OURS, OTHERS, 1) for key in _ALL]
    for role in view.of("IAM::Role"):
        policy = policy_of(role)
        for action in ("s3:GetObject", "s3:PutObject", "s3:DeleteObject"):
            if any(allows(policy, Request(action, key)) for key in keys):
                yield role.name, f"{action} is allowed in other products too"


def _writes(view: View) -> Iterator[Finding]:
    conditional = {**_WRITING, "s3:if-none-match": "*"}
    for role in view.of("IAM::Role"):
        policy, own = policy_of(role), _WRITES.get(role.name, set())
        for key in _ALL:
            allowed = allows(policy, Request("s3:PutObject", key, conditional))
            if allowed and key not in own:
                yield role.name, f"it may write {key}"
            if key in own and not allowed:
                yield role.name, f"it may not write {key}, which it has to"


def _conditions(view: View) -> Iterator[Finding]:
    for role in view.of("IAM::Role"):
        policy = policy_of(role)
        for key in _ALL:
            if allows(policy, Request("s3:PutObject", key, _WRITING)):
                yield role.name, f"it may write {key} without a condition"
            replacing = Request("s3:PutObject", key, {**_WRITING, "s3:if-match": "0123"})
            if key not in (TIMESTAMP, VERSION) and allows(policy, replacing):
                yield role.name, f"it may replace {key}, which never changes"


def _deletes(view: View) -> Iterator[Finding]:
    for role in view.of("IAM::Role"):
        policy, own = policy_of(role), _DELETES.get(role.name, set())
        for key in _ALL:
            if key not in own and allows(policy, Request("s3:DeleteObject", key)):
                yield role.name, f"it may delete {key}"
            for action in ("s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"):
                if allows(policy, Request(action, key)):
                    yield role.name, f"{action} is allowed"


def _signs(view: View) -> Iterator[Finding]:
    for role in view.of("IAM::Role"):
        for statement in policy_of(role):
            if statement.get("Effect") != "Allow":
                continue
            kms = {one.lower() for one in actions(statement) if one.lower().startswith("kms:")}
            for action in sorted(kms - _KMS_ACTIONS):
                yield role.name, f"{action} is allowed"
            if any(matches(one, "kms:sign") for one in kms):
                yield from ((role.name, says) for says in _wrong_keys(view, role, statement))


def _wrong_keys(view: View, role: Resource, statement: Statement) -> Iterator[str]:
    own = _SIGNS.get(role.name, set())
    for resource in resources(statement):
        key_role = _key_role(view, resource)
        if key_role not in own:
            yield f"it may sign with {key_role or resource}"


def _key_role(view: View, resource: str) -> str:
    """Return the role in TUF of the key that a statement names, told by its alias; "" if none."""
    key = view.named(resource)
    for alias in view.of("KMS::Alias"):
        if key is not None and view.named(alias.get("TargetKeyId")) is key:
            return next(
                (one for one in _KEY_ROLES if text(alias.get("AliasName")).endswith(one)), ""
            )
    return ""


def _session(view: View) -> Iterator[Finding]:
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
        "role-prefix",
        "a role reaches into one product alone",
        "begin each object's ARN with the bucket, a slash, ${Product} and a slash",
        _prefix,
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
    ),
    Rule(
        "role-deletes",
        "gc alone deletes, and nothing but payloads and images; nobody deletes versions",
        "allow s3:DeleteObject to GcRole alone, on payloads/ and images/",
        _deletes,
    ),
    Rule(
        "role-signs",
        "refresh signs with the keys of snapshot and timestamp alone, gc with none",
        "allow kms:Sign and kms:GetPublicKey on the keys that the role needs",
        _signs,
    ),
    Rule(
        "role-session",
        "credentials live for an hour at most",
        "set MaxSessionDuration to 3600",
        _session,
    ),
)
