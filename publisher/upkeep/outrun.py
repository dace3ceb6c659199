"""Which targets were signed, but never offered: another run was first, or theirs was cut short.

Timestamps are replaced, so this goes by the numbers of snapshots (repository.py): of two that have
the same, one has lost a race. What --resume left out cannot be told from what was offered.
"""

from __future__ import annotations

from tuf.api.metadata import Snapshot

from publisher.past import older_snapshots
from publisher.publish import View
from publisher.repository import Repository, named_by


def read_outrun(repository: Repository, view: View, versions: list[int]) -> set[int]:
    """Return those of the versions of targets, all below the present one, that never were offered.

    Where a snapshot is gone, targets that no other one names count as offered.
    """
    snapshots = [repository.snapshot(), *older_snapshots(repository, view)]
    offered = {_named(snapshot) for snapshot in _in_force(snapshots)}
    named = {_named(snapshot) for snapshot in snapshots}
    is_whole = len(snapshots) == snapshots[0].version
    return {one for one in versions if one not in offered and (is_whole or one in named)}


def _in_force(snapshots: list[Snapshot]) -> list[Snapshot]:
    """Return those that timestamps may have named; the first, the present one, is known to be.

    Numbers grow from one that was named to the next; so what has the number of a later one, or
    more, has lost to it. Snapshots of earlier versions of Slotcast have none.
    """
    found: list[Snapshot] = []
    lowest = 0
    for snapshot in snapshots:
        number = named_by(snapshot)
        if not 0 < lowest <= number:
            found.append(snapshot)
            lowest = number or lowest
    return found


def _named(snapshot: Snapshot) -> int:
    meta = snapshot.meta.get("targets.json")
    return meta.version if meta else 0
