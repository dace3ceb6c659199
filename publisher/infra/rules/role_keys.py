"""Which keys roles may sign with."""

from __future__ import annotations

from collections.abc import Iterator

from publisher.infra.rules.model import Fault, Rule
from publisher.infra.rules.node import text
from publisher.infra.rules.policies import Statement, actions, resources
from publisher.infra.rules.roles import allowed_of
from publisher.infra.rules.view import Resource, View
from publisher.infra.wildcards import matches

# Which keys each role may sign with, by the end of their aliases.
_SIGNS = {
    "ReleaseRole": {"targets", "snapshot", "timestamp"},
    "RefreshRole": {"snapshot", "timestamp"},
}
_KEY_ROLES = ("targets", "snapshot", "timestamp")
_KMS_ACTIONS = {"kms:sign", "kms:getpublickey"}


def _signs(view: View) -> Iterator[Fault]:
    for role, statement in allowed_of(view):
        kms = {one.lower() for one in actions(statement) if one.lower().startswith("kms:")}
        for action in sorted(kms - _KMS_ACTIONS):
            yield role.name, f"{action} is allowed"
        if any(matches(one, "kms:sign") for one in kms):
            yield from ((role.name, says) for says in _wrong_keys(view, role, statement))


def _wrong_keys(view: View, role: Resource, statement: Statement) -> Iterator[str]:
    own = _SIGNS.get(role.name, set())
    for resource in resources(statement):
        key_roles = _key_roles(view, resource)
        if not key_roles or key_roles - own:
            yield f"it may sign with {', '.join(sorted(key_roles)) or resource}"


def _key_roles(view: View, resource: str) -> set[str]:
    """Return the roles in TUF of the key that a statement names, told by its aliases."""
    key = view.named(resource)
    names = [
        text(alias.get("AliasName"))
        for alias in view.of("KMS::Alias")
        if key is not None and view.named(alias.get("TargetKeyId")) is key
    ]
    return {name.rpartition("-")[2] for name in names} if _are_known(names) else set()


def _are_known(names: list[str]) -> bool:
    return all(name.rpartition("-")[2] in _KEY_ROLES for name in names)


RULES = (
    Rule(
        "role-signs",
        "refresh signs with the keys of snapshot and timestamp alone, gc with none",
        "allow kms:Sign and kms:GetPublicKey on the keys that the role needs",
        _signs,
    ),
)
