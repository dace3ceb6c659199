"""Which keys roles may sign with, and that names lead to the same."""

from __future__ import annotations

from collections.abc import Iterator

from publisher.infra.jobs import SIGNS
from publisher.infra.node import Node, text
from publisher.infra.policies import Statement, actions, conditions, resources
from publisher.infra.rules.model import Fault, Rule
from publisher.infra.rules.roles import allowed_of, policy_of
from publisher.infra.rules.view import Resource, View
from publisher.infra.wildcards import matches

_KEY_ROLES = ("targets", "snapshot", "timestamp")
# For the two kinds of key (KMS Developer Guide, "Supported signing algorithms").
_ALGORITHMS = {"ED25519_SHA_512", "ECDSA_SHA_256"}
_KMS_ACTIONS = ("kms:sign", "kms:getpublickey")


def _signs(view: View) -> Iterator[Fault]:
    for role, statement in allowed_of(view):
        kms = _kms_actions(statement)
        for action in sorted(kms - {*_KMS_ACTIONS}):
            yield role.name, f"{action} is allowed"
        if any(matches(one, "kms:sign") for one in kms):
            yield from ((role.name, says) for says in _wrong_keys(view, role, statement))


def _kms_actions(statement: Statement) -> set[str]:
    return {one.lower() for one in actions(statement) if one.lower().startswith("kms:")}


def _wrong_keys(view: View, role: Resource, statement: Statement) -> Iterator[str]:
    own = SIGNS.get(role.name, set())
    for resource in resources(statement):
        key_roles = _key_roles(view, resource)
        if not key_roles or key_roles - own:
            yield f"it may sign with {', '.join(sorted(key_roles)) or resource}"


def _algorithms(view: View) -> Iterator[Fault]:
    for role, statement in allowed_of(view):
        asked = conditions(statement).get(("StringEquals", "kms:signingalgorithm"), [])
        if "kms:sign" in _kms_actions(statement) and not (asked and set(asked) <= _ALGORITHMS):
            yield role.name, f"it may sign by {', '.join(map(text, asked)) or 'any algorithm'}"


def _lacks(view: View) -> Iterator[Fault]:
    """Find keys in use that a role has no right on which it needs."""
    for role in view.of("IAM::Role"):
        for statement in policy_of(role):
            if statement.get("Effect") == "Deny" and _denies_kms(statement):
                yield role.name, f"{statement.get('Sid', 'a statement')} denies it to sign"
    there = {one for alias in view.of("KMS::Alias") for one in _key_roles(view, _target(alias))}
    for name, own in SIGNS.items():
        if name not in view.resources:
            continue
        for action in _KMS_ACTIONS:
            for key_role in sorted((own & there) - _allowed_keys(view, name, action)):
                yield name, f"it may not {action[4:]} with the key of {key_role}, which it has to"


def _denies_kms(statement: Statement) -> bool:
    patterns = [one.lower() for one in actions(statement)]
    return "NotAction" in statement or any(
        matches(pattern, action) for pattern in patterns for action in _KMS_ACTIONS
    )


def _allowed_keys(view: View, name: str, action: str) -> set[str]:
    return {
        key_role
        for role, statement in allowed_of(view)
        if role.name == name and action in _kms_actions(statement)
        for resource in resources(statement)
        for key_role in _key_roles(view, resource)
    }


def _key_roles(view: View, key: Node) -> set[str]:
    """Return the roles in TUF of a key, told by its aliases; none if one is of no such role."""
    name = view.name_in(key)
    found = {_role_of(one) for one in view.of("KMS::Alias") if view.name_in(_target(one)) == name}
    return found if name and found <= {*_KEY_ROLES} else set()


def _target(alias: Resource) -> Node:
    return alias.get("TargetKeyId")


def _role_of(alias: Resource) -> str:
    return text(alias.get("AliasName")).rpartition("-")[2]


def _named(view: View) -> Iterator[Fault]:
    for alias in view.of("KMS::Alias"):
        yield from _misnamed(view, alias.name, _role_of(alias), _target(alias))
    for key_role in _KEY_ROLES:
        output = f"{key_role.title()}KeyArn"
        uri = text(view.outputs.get(output, ""))
        key = uri.removeprefix("awskms:")
        if uri and (key == uri or _key_roles(view, key) != {key_role}):
            yield output, f"it names {uri}, which is not the key of {key_role} alone"
        if not uri and any(_role_of(alias) == key_role for alias in view.of("KMS::Alias")):
            yield output, "it is missing, where there is such a key"


def _misnamed(view: View, alias: str, key_role: str, key: Node) -> Iterator[Fault]:
    """Find an alias of no key, or of one that another role's parameter gives."""
    name = view.name_in(key)
    if name in view.parameters and name != f"{key_role.title()}Key":
        yield alias, f"it is a name of the key that {name} gives"
    elif name in view.resources and view.resources[name].kind != "AWS::KMS::Key":
        yield alias, f"it is a name of {name}, which is no key"
    elif not name:
        yield alias, f"it is a name of {text(key)}, which is no key of this template"


RULES = (
    Rule(
        "role-signs",
        "refresh signs with the keys of snapshot and timestamp alone, gc with none",
        "allow kms:Sign and kms:GetPublicKey on the keys that the role needs",
        _signs,
    ),
    Rule(
        "role-algorithms",
        "roles sign by the algorithms that boards verify",
        "allow kms:Sign where kms:SigningAlgorithm equals ED25519_SHA_512 or ECDSA_SHA_256",
        _algorithms,
        of_emulators=False,
    ),
    Rule(
        "role-keys",
        "a role may sign with, and read, each key that it needs, whether made here or given; "
        "nothing denies it",
        "allow kms:Sign and kms:GetPublicKey on the key that the role's alias names",
        _lacks,
    ),
    Rule(
        "key-names",
        "the alias and the output of a role name the key that it signs with: the stack's own, or "
        "the one that its own parameter gives",
        "let TargetKeyId, and the Value after awskms:, be that key: !If [MakesTimestampKey, ...]",
        _named,
    ),
)
