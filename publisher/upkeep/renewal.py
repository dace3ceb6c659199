"""What needs a signature, though nothing changes: metadata whose time is running out."""

from __future__ import annotations

from datetime import datetime, timedelta

from publisher.repository import Repository, RoleState
from publisher.settings import ExpirySettings

# From the one that all others follow: signing one anew signs those after it.
_RENEWED = ("targets", "snapshot", "timestamp")
_WARN_DAYS = 30


def role_to_renew(
    repository: Repository, expiry: ExpirySettings, now: datetime, targets: bool = False
) -> str:
    """Return the role to sign anew, and with it those that name it; "" where none is due.

    A role is due when half of its life is over: a run that fails leaves time for the next.

    Args:
        targets: the key of targets is at hand too.
    """
    due = {state.role for state in repository.states() if _is_due(state, expiry, now)}
    roles = _RENEWED if targets else _RENEWED[1:]
    return next((role for role in roles if role in due), "")


def has_expired(repository: Repository, now: datetime) -> bool:
    """Say whether boards install nothing, for a role has expired."""
    return any(state.expires <= now for state in repository.states())


def _is_due(state: RoleState, expiry: ExpirySettings, now: datetime) -> bool:
    """Say whether half of a role's life is over."""
    return state.expires - now <= timedelta(days=expiry.of(state.role)) / 2


def expiry_warnings(repository: Repository, now: datetime) -> list[str]:
    """Return words for root and targets, which take more than an hourly job to sign anew."""
    hints = {
        "root": "its keys have to sign a new version before, `slotcast root propose --renew`",
        "targets": "a release signs it anew, or `slotcast refresh --targets`",
    }
    return [
        f"{state.role} {_when(state, now)}: {hints[state.role]}"
        for state in repository.states()
        if state.role in hints and state.expires - now <= timedelta(days=_WARN_DAYS)
    ]


def _when(state: RoleState, now: datetime) -> str:
    if state.expires <= now:
        return f"expired on {state.expires:%Y-%m-%d}, and boards install nothing"
    return f"expires on {state.expires:%Y-%m-%d}, in {(state.expires - now).days} days"
