"""What was offered before, as far as the present keys have signed it: older targets, newest first.

What they have not signed counts for nothing where somebody signs anew by it; a person may be told
of it. `slotcast verify` checks all of it, with the keys of each time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TypeVar

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root, Snapshot, TargetFile, Targets

from publisher.errors import VerificationError
from publisher.layout import hashed_path, metadata_path, root_path
from publisher.manifest import Manifest
from publisher.newer import listed_versions
from publisher.publish import View
from publisher.published import find_signed
from publisher.repository import Repository

T = TypeVar("T", Snapshot, Targets)


def older_targets(repository: Repository, view: View, any_root: bool = False) -> Iterator[Targets]:
    """Yield each version of targets below the present one, the newest first.

    Args:
        any_root: those too that only keys of former roots have signed. For people to read: whoever
            stole such a key can still write one, so nothing is to be signed by it.
    """
    roots = all_roots(repository, view) if any_root else [repository.root()]
    yield from _older(repository.targets(), roots, view)


def older_snapshots(repository: Repository, view: View) -> Iterator[Snapshot]:
    """Yield each snapshot below the present one that keys of any root signed, the newest first."""
    yield from _older(repository.snapshot(), all_roots(repository, view), view)


def _older(present: T, roots: Sequence[Root], view: View) -> Iterator[T]:
    for version in reversed(listed_versions(view.metadata_paths(), present.type)):
        path = metadata_path(present.type, version)
        data = view.read_past(path) if version < present.version else None
        found = data and find_signed(type(present), roots, path, data, version)
        if found:
            view.keep(path)
            yield found


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
