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

from tuf.api.metadata import Metadata, Root, Snapshot, Targets

from publisher.errors import VerificationError
from publisher.layout import metadata_path, root_path
from publisher.newer import listed_versions
from publisher.publish import View
from publisher.published import verify_role
from publisher.repository import SIGNED_AT, Repository

T = TypeVar("T", Snapshot, Targets)


@dataclass(frozen=True)
class Era:
    """A version of targets, and when it was replaced: None where it is not, or nobody can tell."""

    targets: Targets
    until: datetime | None


def read_eras(repository: Repository, view: View) -> list[Era]:
    """Return all targets that keys of any root of the product have signed, the newest first.

    Those above the present ones count as offered: a timestamp may be about to name them.
    """
    paths = view.metadata_paths()
    roots = _roots(repository, view)
    versions = [*_read(Targets, roots, view, paths)]
    snapshots = [*_read(Snapshot, roots, view, paths)]
    present = repository.targets().version
    past = sum(one.version < present for one in versions)
    ends = [_until(*pair, snapshots) for pair in pairwise(versions[: past + 1])]
    eras = [Era(one, end) for one, end in zip(versions[:past], ends, strict=True)]
    return [*(Era(one, None) for one in reversed(versions[past:])), *reversed(eras)]


def _roots(repository: Repository, view: View) -> list[Root]:
    """Return the roots from the newest to the first, which were verified as a chain before."""
    paths = map(root_path, range(repository.root().version, 0, -1))
    return [Metadata[Root].from_bytes(data).signed for data in map(view.read, paths) if data]


def _read(kind: type[T], roots: Sequence[Root], view: View, paths: Sequence[str]) -> Iterator[T]:
    """Yield each version of a role that verifies with some root, in order."""
    for version in listed_versions(paths, kind.type):
        path = metadata_path(kind.type, version)
        data = view.read(path)
        found = _signed(kind, roots, path, data, version) if data is not None else None
        if found is not None:
            yield found


def _signed(kind: type[T], roots: Sequence[Root], path: str, data: bytes, version: int) -> T | None:
    """Return a role if keys of any root have signed it."""
    for root in roots:
        with suppress(VerificationError):
            return verify_role(kind, root, path, data, version)
    return None


def _until(targets: Targets, newer: Targets, snapshots: Sequence[Snapshot]) -> datetime | None:
    """Return the later of two times: of the next targets, and of the snapshot after the last.

    None where nobody can tell.
    """
    ends = [signed_at(newer)]
    naming = [i for i, one in enumerate(snapshots) if _names(one) == targets.version]
    if naming:
        follows = snapshots[naming[-1] + 1 :]
        ends.append(signed_at(follows[0]) if follows else None)
    known = [end for end in ends if end is not None]
    return max(known) if len(known) == len(ends) else None


def _names(snapshot: Snapshot) -> int:
    meta = snapshot.meta.get("targets.json")
    return meta.version if meta else 0


def signed_at(role: Snapshot | Targets) -> datetime | None:
    """Return when a role was signed; None where it does not say so."""
    with suppress(ValueError):
        told = str(role.unrecognized_fields.get(SIGNED_AT, ""))
        return datetime.fromisoformat(told).astimezone(UTC)
    return None
