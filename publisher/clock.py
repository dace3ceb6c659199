"""Whether this machine's clock may date signatures.

Boards take the newest signing time for a floor of their own clocks, and the publisher refuses to
sign before it: a clock that runs ahead does harm that lasts.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from publisher.errors import VerificationError
from publisher.repository import RoleState

MAX_AHEAD = timedelta(days=1)
LONG_SINCE = timedelta(days=30)


def verify_clock(now: datetime, store_time: datetime | None) -> None:
    """Raise VerificationError if `now` is more than a day ahead of the store's time, if known."""
    if store_time is not None and now - store_time > MAX_AHEAD:
        told = f"{now:%Y-%m-%d %H:%M}, but the store says {store_time:%Y-%m-%d %H:%M} (UTC)"
        raise VerificationError(f"the clock here says {told}", "set the clock of this machine")


def clock_warnings(now: datetime, states: Iterable[RoleState]) -> list[str]:
    """Return a warning if the newest signature is so old that `now` may be wrong."""
    newest = max(state.signed_at for state in states)
    if not newest or now - datetime.fromisoformat(newest).astimezone(UTC) <= LONG_SINCE:
        return []
    return [
        f"the last signature is of {newest}, long before {now:%Y-%m-%d}: is the clock here right? "
        "Boards take the time of signing for a floor of theirs"
    ]
