"""Rollouts of which most manifests have none: groups that come first, and shares that grow.

Apart, as most polls need nothing of it.
"""

from slotcast.elapsed import seconds_between
from slotcast.errors import RepositoryError
from slotcast.iso_time import is_time

_MAX_GROUPS = 8


def parse_groups(names) -> list:
    """What a rollout has for `groups`, if it is a list of names; raises RepositoryError.

    What is no name might be that of all boards without a group.
    """
    is_list = isinstance(names, list) and len(names) <= _MAX_GROUPS
    if is_list and all(isinstance(name, str) for name in names):
        return names
    raise RepositoryError("manifest has no good groups")


def parse_ramp(fields, least: int) -> tuple:
    """(to, start, over_s) of a rollout's `ramp` that begins at `least` basis points.

    Raises RepositoryError where it is none, or falls: what has reached a board stays there.
    """
    if isinstance(fields, dict):
        to, start, over_s = fields.get("to"), fields.get("start"), fields.get("over_s")
        if _is_number(to, least) and is_time(start) and _is_number(over_s, 1):
            return to, start, over_s
    raise RepositoryError("manifest has no good ramp")


def share_at(least: int, ramp: tuple, now: str) -> int:
    """Basis points that a ramp has reached at an ISO time (manifests/repository.md, Rollout)."""
    to, start, over_s = ramp
    passed_s = min(max(seconds_between(start, now), 0), over_s)
    return least + (to - least) * passed_s // over_s


def _is_number(value, least):
    return isinstance(value, int) and not isinstance(value, bool) and value >= least
