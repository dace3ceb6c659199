"""What the job of each role is, as the rules for templates have it (publisher/infra/rules/)."""

from __future__ import annotations

from publisher.infra.rules.role_keys import SIGNS
from publisher.infra.rules.role_objects import PATTERNS
from publisher.infra.rules.roles import ACTIONS


def actions_of(role: str) -> set[str]:
    """Return the actions that a role needs, in lower case.

    Args:
        role: `release`, `refresh` or `gc`.
    """
    return {one.lower() for one in ACTIONS[_logical_id(role)]}


def keys_of(role: str) -> set[str]:
    """Return whose keys a role signs with, of `targets`, `snapshot` and `timestamp`."""
    return SIGNS.get(_logical_id(role), set())


def paths_of(role: str) -> tuple[str, ...]:
    """Return patterns of the paths below the product where a role does more than read."""
    return PATTERNS[_logical_id(role)]


def _logical_id(role: str) -> str:
    """Return what infra/ci.yaml calls a role."""
    return f"{role.title()}Role"
