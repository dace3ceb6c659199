"""What was in force, of all that was signed: targets say which they follow, snapshots have numbers.

Not all that was signed was offered. A run that another has outrun leaves its files in the store,
and so does one that was cut short; nothing that was in force follows them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from tuf.api.metadata import Snapshot, Targets

# In targets: the version of those that were in force when they were signed; 0 in a product's first.
FOLLOWS = "x-slotcast-follows"
# In a snapshot: its number, the version of the timestamp that is to name it. Each version of
# timestamp is published once; so of two snapshots of one number, one has lost a race. Where the
# number is taken (by a snapshot that a stolen key has named under a lower version, or one that
# --resume leaves out), it is the next above: no other chain of timestamps shall have the same.
NAMED_BY = "x-slotcast-named-by"


def follows(targets: Targets) -> int | None:
    """Return the version that targets follow; None where they do not say."""
    version = targets.unrecognized_fields.get(FOLLOWS)
    return version if isinstance(version, int) else None


def in_force(
    present: Targets,
    versions: Iterable[int],
    read: Callable[[int], Targets | None],
    missing: list[int] | None = None,
) -> Iterator[Targets]:
    """Yield the targets that were in force before the present ones, the newest first.

    Where one is missing, or does not say what it follows, the next below it counts as in force:
    what may have been offered is rather taken for offered.

    Args:
        versions: those that there are below the present one, the newest first.
        read: returns the targets of a version, verified; None where they do not verify.
        missing: is given the versions that are followed, and are not there.
    """
    wanted = follows(present)
    for version in versions:
        if wanted is not None and version > wanted:
            continue
        if wanted and version < wanted and missing is not None:
            missing.append(wanted)
        found = read(version)
        if found is not None:
            yield found
        wanted = follows(found) if found else None
    if wanted and missing is not None and wanted not in missing:
        missing.append(wanted)


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
