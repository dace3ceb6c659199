"""What was in force, of all that was signed: targets say which they follow, snapshots have numbers.

Not all that was signed was offered. A run that another has outrun leaves its files in the store,
and so does one that was cut short; nothing that was in force follows them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache

from tuf.api.metadata import Snapshot, Targets

# In targets: the version of those that were in force when they were signed; 0 in a product's first.
FOLLOWS = "x-slotcast-follows"
# In a snapshot: its number, the version of the timestamp that is to name it. Each version of
# timestamp is published once; so of two snapshots of one number, one has lost a race. Where the
# number is taken (by a snapshot that a stolen key has named under a lower version, or one that
# --resume leaves out), it is the next above: no other chain of timestamps shall have the same.
NAMED_BY = "x-slotcast-named-by"


def follows(targets: Targets) -> int | None:
    """Return the version that targets follow; None where they do not say, or it makes no sense."""
    version = targets.unrecognized_fields.get(FOLLOWS)
    is_version = type(version) is int and 0 <= version < targets.version
    return version if is_version else None


def in_force(
    present: Targets,
    versions: Iterable[int],
    read: Callable[[int], Targets | None],
    is_passed_over: Callable[[int], bool],
    missing: list[int] | None = None,
) -> Iterator[Targets]:
    """Yield the targets that were in force before the present ones, the newest first.

    Where one is missing, or does not say what it follows, the next below it counts as in force:
    what may have been offered is rather taken for offered.

    Args:
        versions: those that there are below the present one, the newest first.
        read: returns the targets of a version, verified; None where they do not verify.
        is_passed_over: whether one that others do not follow is left out here, such as `lost_race`.
        missing: is given the versions that are followed, and are not there.
    """
    wanted = follows(present)
    for version in versions:
        if wanted is not None and version > wanted:
            found = None if is_passed_over(version) else read(version)
        else:
            if wanted and version < wanted and missing is not None:
                missing.append(wanted)
            found = read(version)
            wanted = follows(found) if found else None
        if found is not None:
            yield found
    if wanted and missing is not None and wanted not in missing:
        missing.append(wanted)


def lost_race(read: Callable[[], Sequence[Snapshot]]) -> Callable[[int], bool]:
    """Return what tells of targets whether they provably never were in force.

    No snapshot names them, or only such as share their number with one that names others. A word of
    targets alone is no proof: whoever stole that key for an hour could hide all that was offered.

    Args:
        read: returns all snapshots that keys of any root have signed, the present one last; asked
            only where something is to be told.
    """
    known = cache(lambda: _Named(read()))
    return lambda version: known().has_lost(version)


class _Named:
    """Which snapshots name which targets, and what those share their numbers with."""

    def __init__(self, snapshots: Sequence[Snapshot]) -> None:
        self._is_whole = bool(snapshots) and len(snapshots) == snapshots[-1].version
        self._numbers: dict[int, set[int]] = {}
        self._targets: dict[int, set[int]] = {}
        for snapshot in snapshots:
            meta, number = snapshot.meta.get("targets.json"), named_by(snapshot)
            if meta is not None:
                self._numbers.setdefault(meta.version, set()).add(number)
                self._targets.setdefault(number, set()).add(meta.version)

    def has_lost(self, version: int) -> bool:
        """Whether targets never were in force; a snapshot that is gone may have named them."""
        numbers = self._numbers.get(version)
        if numbers is None:
            return self._is_whole
        return all(number and len(self._targets[number]) > 1 for number in numbers)


def named_by(snapshot: Snapshot) -> int:
    """Return a snapshot's number (see NAMED_BY); 0 where it has none."""
    number = snapshot.unrecognized_fields.get(NAMED_BY)
    return number if isinstance(number, int) else 0


def without_outrun(snapshots: Sequence[Snapshot]) -> list[Snapshot]:
    """Leave out who lost a race: numbers grow from a snapshot that was in force to the next.

    Args:
        snapshots: the oldest first; the last one is in force.
    """
    found: list[Snapshot] = []
    lowest = 0
    for snapshot in reversed(snapshots):
        number = named_by(snapshot)
        if not 0 < lowest <= number:
            found.append(snapshot)
            lowest = number or lowest
    return found[::-1]
