"""Signed metadata in the store that is newer than what its timestamp names.

A run that was cut short leaves such files. So does somebody who puts an old timestamp.json back,
for which no key is needed. From the store alone the two cannot be told apart.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count

from tuf.api.metadata import Root, Snapshot, TargetFile, Targets

from publisher.errors import VerificationError
from publisher.layout import manifest_path, metadata_path
from publisher.manifest import Manifest
from publisher.published import Read, read_named, verify_role


@dataclass(frozen=True)
class Newer:
    """A signed snapshot with newer targets, which a timestamp may once have named.

    Attributes:
        path: of the snapshot, below BASE.
        sha256: of the snapshot's bytes, hex.
        offers: how its offers differ from the present ones, in words.
    """

    path: str
    sha256: str
    offers: tuple[str, ...]

    def __str__(self) -> str:
        """Return it in words."""
        return f"{self.path} ({'; '.join(self.offers) or 'the same offers'})"


def find_newer(read: Read, root: Root, snapshot: Snapshot, targets: Targets) -> Iterator[Newer]:
    """Yield what is newer than `snapshot` and `targets`, complete, and signed by root's keys.

    Every run takes the next free version, so the files have no gaps. A targets.json that no signed
    snapshot names has never been offered, and what keys of another root have signed is void.
    """
    for version in count(snapshot.version + 1):
        path = metadata_path("snapshot", version)
        data = read(path)
        if data is None:
            return
        with suppress(VerificationError):
            found = _targets_of(read, root, path, data, version)
            if found.version > targets.version:
                digest = hashlib.sha256(data).hexdigest()
                yield Newer(path, digest, tuple(_differences(read, targets, found)))


def _targets_of(read: Read, root: Root, path: str, data: bytes, version: int) -> Targets:
    snapshot = verify_role(Snapshot, root, path, data, version)
    if "targets.json" not in snapshot.meta:
        raise VerificationError("the snapshot names no targets.json")
    meta = snapshot.meta["targets.json"]
    path = metadata_path("targets", meta.version)
    return verify_role(Targets, root, path, read_named(read, Targets, root, meta), meta.version)


def _differences(read: Read, now: Targets, newer: Targets) -> Iterator[str]:
    for name in sorted({*now.targets, *newer.targets}):
        before, after = now.targets.get(name), newer.targets.get(name)
        if before != after:
            what = f"{_version(read, name, after)} in place of {_version(read, name, before)}"
            yield f"{name.removesuffix('.json')}: {what}"


def _version(read: Read, name: str, target: TargetFile | None) -> str:
    """Return the version that a target offers, as far as it can be told."""
    if target is None:
        return "nothing"
    channel, _, file = name.partition("/")
    data = read(manifest_path(channel, file.removesuffix(".json"), target.hashes["sha256"]))
    if data is None or hashlib.sha256(data).hexdigest() != target.hashes["sha256"]:
        return "an unknown release"
    return Manifest.from_bytes(data).version
