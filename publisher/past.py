"""What was offered before, as far as the present keys have signed it: older targets, newest first.

What they have not signed counts for nothing here: whoever reads the past signs anew by it, or tells
a person of it. `slotcast verify` checks all of it, with the keys of each time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import TargetFile, Targets

from publisher.errors import VerificationError
from publisher.layout import hashed_path, metadata_path
from publisher.manifest import Manifest
from publisher.newer import listed_versions
from publisher.publish import View
from publisher.published import verify_role
from publisher.repository import Repository


def older_targets(repository: Repository, view: View) -> Iterator[Targets]:
    """Yield each version of targets below the present one, the newest first."""
    root, present = repository.root(), repository.targets().version
    for version in reversed(listed_versions(view.metadata_paths(), "targets")):
        path = metadata_path("targets", version)
        data = view.read(path)
        if version < present and data is not None:
            with suppress(VerificationError):
                yield verify_role(Targets, root, path, data, version)


def past_manifest(view: View, name: str, target: TargetFile | None) -> Manifest | None:
    """Return the manifest that a target named; None where it is gone, damaged, or is none."""
    if target is None:
        return None
    data = view.read(hashed_path(name, target.hashes["sha256"]))
    with suppress(RepositoryError, VerificationError):  # then boards could not take it either
        if data is not None:
            target.verify_length_and_hashes(data)
            return Manifest.from_bytes(data)
    return None
