"""What was offered before, as far as the present keys have signed it: older targets, newest first.

What they have not signed counts for nothing where somebody signs anew by it; a person may be told
of it. `slotcast verify` checks all of it, with the keys of each time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import TypeVar

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root, Snapshot, TargetFile, Targets

from publisher.errors import VerificationError
from publisher.layout import hashed_path, metadata_path, root_path
from publisher.lineage import in_force, lost_race
from publisher.manifest import Manifest
from publisher.newer import listed_versions
from publisher.publish import View
from publisher.published import find_signed
from publisher.repository import Repository

T = TypeVar("T", Snapshot, Targets)


def older_targets(
    repository: Repository, view: View, missing: list[int] | None = None
) -> Iterator[Targets]:
    """Yield the targets that were in force before the present ones, the newest first.

    Args:
        missing: is given the versions that others follow, and that are gone.
    """
    present, read = repository.targets(), partial(read_old, [repository.root()], view)
    is_lost = lost_race(partial(all_snapshots, repository, view))
    return in_force(present, older_versions(present, view), read, is_lost, missing)


def all_snapshots(repository: Repository, view: View) -> list[Snapshot]:
    """Return the snapshots that keys of any root have signed, up to the present one."""
    roots, present = all_roots(repository, view), repository.snapshot()
    versions = listed_versions(view.metadata_paths(), "snapshot")
    paths = [metadata_path("snapshot", one) for one in versions if one < present.version]
    found = (_read_old(Snapshot, path, roots, view) for path in paths)
    return [*(snapshot for snapshot in found if snapshot), present]


def older_versions(present: Targets, view: View) -> list[int]:
    """Return the versions of targets below the present ones, the newest first, in force or not."""
    listed = listed_versions(view.metadata_paths(), "targets")
    return [version for version in reversed(listed) if version < present.version]


def read_old(roots: Sequence[Root], view: View, version: int) -> Targets | None:
    """Return a version of targets; None where the keys of none of these roots have signed it.

    By keys of former roots nothing is to be signed: whoever stole one can still write such files.
    """
    return _read_old(Targets, metadata_path("targets", version), roots, view)


def _read_old(kind: type[T], path: str, roots: Sequence[Root], view: View) -> T | None:
    data = view.read_past(path)
    found = None if data is None else find_signed(kind, roots, path, data)
    if found is None or metadata_path(kind.type, found.version) != path:
        return None
    view.keep(path)
    return found


def all_roots(repository: Repository, view: View) -> list[Root]:
    """Return the roots from the newest to the first, which were verified as a chain before."""
    paths = map(root_path, range(repository.root().version, 0, -1))
    return [Metadata[Root].from_bytes(data).signed for data in map(view.read, paths) if data]


def past_manifest(view: View, name: str, target: TargetFile | None) -> Manifest | None:
    """Return the manifest that a target named; None where it is gone, damaged, or is none."""
    if target is None:
        return None
    path = hashed_path(name, target.hashes["sha256"])
    data = view.read_past(path)
    with suppress(RepositoryError, VerificationError):  # then boards could not take it either
        if data is not None:
            target.verify_length_and_hashes(data)
            manifest = Manifest.from_bytes(data)
            view.keep(path)
            return manifest
    return None
