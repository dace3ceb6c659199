"""Metadata in the store that is newer than what its timestamp names.

A run that was cut short leaves such files. So does somebody who puts an old timestamp.json back,
for which no key is needed. From the store alone the two cannot be told apart. What does not verify
no run leaves behind: it may hide newer offers, and so it counts as one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count

from tuf.api.metadata import Root, Snapshot, TargetFile, Targets

from publisher.errors import VerificationError
from publisher.layout import PINS, hashed_path, metadata_path, pins_path
from publisher.lineage import named_by
from publisher.manifest import Manifest
from publisher.pins.sets import PinSets
from publisher.published import Read, read_named, verify_role

_MOST_NAMED = 5


@dataclass(frozen=True)
class Newer:
    """A snapshot above the present one, which a timestamp may once have named, or what hides one.

    Attributes:
        path: of the snapshot, below BASE, or of targets that do not verify.
        sha256: of its bytes, hex.
        offers: how its offers differ from the present ones, in words.
        fault: why it does not verify, in words; "" where it does.
        named_by: its number in the chain of timestamps (repository.py); 0 where it does not say.
    """

    path: str
    sha256: str
    offers: tuple[str, ...] = ()
    fault: str = ""
    named_by: int = 0

    @property
    def what(self) -> str:
        """What it offers, or that it does not verify, in words."""
        if self.fault:
            return f"does not verify: {self.fault}"
        return "; ".join(self.offers) or "the same offers"

    def __str__(self) -> str:
        """Return it in words."""
        return f"{self.path} ({self.what})"


def in_words(newer: Sequence[Newer]) -> list[str]:
    """Return the first few in words, those that verify before the others, and how many more.

    Whoever may write to the store can put any number of files there.
    """
    first = sorted(newer, key=lambda one: bool(one.fault))[:_MOST_NAMED]
    left = len(newer) - len(first)
    return [*map(str, first), *([f"and {left:,} more"] if left else [])]


def find_newer(
    read: Read,
    root: Root,
    snapshot: Snapshot,
    targets: Targets,
    paths: Collection[str] | None = None,
) -> Iterator[Newer]:
    """Yield what is newer than `snapshot`, unless it is sound and cannot have followed it.

    Of targets those have never been that no snapshot names. What keys of another root have signed
    does not verify.

    Args:
        paths: all that lies in metadata/, below BASE; without it, files are found up to the first
            version that is missing.
    """
    for path, version, data in _above(read, snapshot, paths):
        yield from _judge_snapshot(read, root, targets, (path, version, data))
    for path, version, data in _above(read, targets, paths):
        try:
            verify_role(Targets, root, path, data, version)
        except VerificationError as error:
            yield _unverified(path, data, error)


def find_outrun(
    read: Read, root: Root, present: Snapshot, newer: Sequence[Newer], paths: Iterable[str]
) -> list[Newer]:
    """Return the losers of races that were won by what is published now.

    Runs that begin from one timestamp give their snapshots one number, and one of them becomes
    visible. So who lost has the number of a signed snapshot that is not above the present one.
    Snapshots alone are asked: whoever has stolen the timestamp's key could give that any version.
    (With it, a loser's snapshot can still be named in place of its winner's; nothing else.)

    Args:
        newer: of `find_newer`.
        paths: all that lies in metadata/, below BASE.
    """
    # No snapshot below the present one has a higher number: a run that still goes on has.
    left = {one.named_by for one in newer if 0 < one.named_by <= named_by(present)}
    won: set[int] = set()
    versions = [version for version in listed_versions(paths, "snapshot") if left]
    for version in reversed([version for version in versions if version <= present.version]):
        if left <= won:
            break
        won.add(_number_of(read, root, version))
    return [one for one in newer if one.named_by in left & won]


def _number_of(read: Read, root: Root, version: int) -> int:
    """Return the number of a signed snapshot; 0 where it has none, or does not verify."""
    path = metadata_path("snapshot", version)
    data = read(path)
    with suppress(VerificationError):
        if data is not None:
            return named_by(verify_role(Snapshot, root, path, data, version))
    return 0


def _above(
    read: Read, now: Snapshot | Targets, paths: Collection[str] | None
) -> Iterator[tuple[str, int, bytes]]:
    """Yield path, version and bytes of each file of a role that is newer than `now`."""
    first = now.version + 1
    for version in count(first) if paths is None else listed_versions(paths, now.type, first):
        path = metadata_path(now.type, version)
        data = read(path)
        if data is not None:
            yield path, version, data
        elif paths is None:
            return


def listed_versions(paths: Iterable[str], role: str, first: int = 1) -> list[int]:
    """Return the versions of a role, from `first` on, that are among paths below BASE."""
    name = re.compile(rf"metadata/([1-9][0-9]*)\.{role}\.json", re.ASCII)
    versions = (int(match[1]) for match in map(name.fullmatch, paths) if match)
    return sorted(version for version in versions if version >= first)


def _judge_snapshot(
    read: Read, root: Root, targets: Targets, file: tuple[str, int, bytes]
) -> Iterator[Newer]:
    path, version, data = file
    try:
        snapshot = verify_role(Snapshot, root, path, data, version)
        found = _targets_of(read, root, snapshot)
        offers = tuple(_differences(read, targets, found))
    except VerificationError as error:
        yield _unverified(path, data, error)
        return
    # Of the same targets too: whoever signs on top of what came before it begins another chain.
    if found.version >= targets.version:
        sha256 = hashlib.sha256(data).hexdigest()
        yield Newer(path, sha256, offers, named_by=named_by(snapshot))


def _unverified(path: str, data: bytes, error: VerificationError) -> Newer:
    fault = str(error).removeprefix(f"{path} does not verify: ")
    return Newer(path, hashlib.sha256(data).hexdigest(), fault=fault)


def _targets_of(read: Read, root: Root, snapshot: Snapshot) -> Targets:
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
    if name == PINS:
        return _newest_set(read, target)
    data = read(hashed_path(name, target.hashes["sha256"]))
    if data is None or hashlib.sha256(data).hexdigest() != target.hashes["sha256"]:
        return "an unknown release"
    return Manifest.from_bytes(data).version


def _newest_set(read: Read, target: TargetFile) -> str:
    data = read(pins_path(target.hashes["sha256"]))
    if data is None or hashlib.sha256(data).hexdigest() != target.hashes["sha256"]:
        return "an unknown set"
    return f"set {PinSets.from_bytes(data).newest.serial}"
