"""Until when each version of targets was what boards are offered, as far as can be told.

Timestamps are replaced, so that nothing says for sure which targets they named, and when. Of what
may be true this takes the latest, as `slotcast gc` goes by it: targets were offered at least until
their successor was signed, and until the next snapshot was that does not name them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import TypeVar

from tuf.api.metadata import Root, Snapshot, Targets

from publisher.errors import VerificationError
from publisher.iso_time import signed_at
from publisher.layout import metadata_path
from publisher.newer import listed_versions
from publisher.past import all_roots
from publisher.publish import View
from publisher.published import find_signed
from publisher.repository import Repository

T = TypeVar("T", Snapshot, Targets)

_MISSING = "put it back into the store: without it nobody can tell what was offered until when"
_DAMAGED = f"{_MISSING}. If it never was a file of yours, remove it"


@dataclass(frozen=True)
class Era:
    """A version of targets, and when it was replaced: None where it is not, or nobody can tell."""

    targets: Targets
    until: datetime | None


def read_eras(repository: Repository, view: View) -> list[Era]:
    """Return all targets that keys of any root of the product have signed, the newest first.

    Those above the present ones count as offered: a timestamp may be about to name them.

    Raises:
        VerificationError: a file that is not above the present ones is damaged, or targets are
            gone that a snapshot names: then nobody can tell what was offered, and until when.
    """
    paths = view.metadata_paths()
    roots = all_roots(repository, view)
    present = repository.targets().version
    versions = [*_read(Targets, roots, view, paths, present)]
    newest = repository.snapshot().version
    snapshots = [*_read(Snapshot, roots, view, paths, newest)]
    _verify_whole([one for one in snapshots if one.version <= newest], versions)
    past = sum(one.version < present for one in versions)
    ends = [_until(*pair, snapshots) for pair in pairwise(versions[: past + 1])]
    eras = [Era(one, end) for one, end in zip(versions[:past], ends, strict=True)]
    return [*(Era(one, None) for one in reversed(versions[past:])), *reversed(eras)]


def _read(
    kind: type[T], roots: Sequence[Root], view: View, paths: Sequence[str], present: int
) -> Iterator[T]:
    """Yield each version of a role that verifies with some root, in order; all up to `present`."""
    for version in listed_versions(paths, kind.type):
        path = metadata_path(kind.type, version)
        data = view.read(path)
        found = None if data is None else find_signed(kind, roots, path, data, version)
        if found is not None:
            yield found
        elif version <= present:
            raise VerificationError(f"{path} is damaged: the keys of no root signed it", _DAMAGED)


def _verify_whole(snapshots: Sequence[Snapshot], versions: Sequence[Targets]) -> None:
    """Raise VerificationError where a snapshot names targets that are not there."""
    there = {targets.version for targets in versions}
    for snapshot in snapshots:
        named = _names(snapshot)
        if named and named not in there:
            path = metadata_path("targets", named)
            naming = metadata_path("snapshot", snapshot.version)
            raise VerificationError(f"{path} is missing, and {naming} names it", _MISSING)


def _until(targets: Targets, newer: Targets, snapshots: Sequence[Snapshot]) -> datetime | None:
    """Return the later of two times: of the next targets, and of the snapshot after the last.

    None where nobody can tell.
    """
    ends = [_time_of(newer)]
    naming = [i for i, one in enumerate(snapshots) if _names(one) == targets.version]
    if naming:
        follows = snapshots[naming[-1] + 1 :]
        ends.append(_time_of(follows[0]) if follows else None)
    known = [end for end in ends if end is not None]
    return max(known) if len(known) == len(ends) else None


def _names(snapshot: Snapshot) -> int:
    meta = snapshot.meta.get("targets.json")
    return meta.version if meta else 0


def _time_of(role: Snapshot | Targets) -> datetime | None:
    """Return when a role was signed; None where it does not say so."""
    with suppress(ValueError):
        return datetime.fromisoformat(signed_at(role)).astimezone(UTC)
    return None
