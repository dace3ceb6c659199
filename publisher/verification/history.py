"""Verify what was published before: older snapshots and targets, and what only those name.

Timestamps are overwritten, so nothing names an old snapshot any longer. It is believed because the
keys of some root of the chain have signed it; old targets likewise, and for the length and SHA-256
in each snapshot that names them. Boards look at none of this: metadata that is gone is only a
warning, payloads and images that are not offered any longer may have been removed
(upkeep/garbage.py), and nothing here need be valid still.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, Targets

from publisher.errors import VerificationError
from publisher.iso_time import signed_at
from publisher.layout import metadata_path
from publisher.lineage import follows, in_force, lost_race, without_outrun
from publisher.newer import listed_versions
from publisher.verification.metadata import T, load, signatures_of, trust_role
from publisher.verification.walk import ERROR, WARNING, Missing, Signatures, Walk, verifying

# How many versions in a row may be missing before nobody looks further down, where none are listed.
MAX_GAP = 8


def read_history(
    walk: Walk,
    roots: Sequence[Root],
    snapshot: Snapshot,
    targets: Targets,
    paths: Collection[str] | None,
) -> list[Targets]:
    """Verify the metadata before `snapshot` and `targets`; return the old targets, oldest first.

    Args:
        paths: all that lies below BASE; without it, versions are tried downwards.
    """
    snapshots = [*_snapshots(walk, roots, snapshot, paths), snapshot]
    older = list(_targets(walk, roots, snapshots, targets, paths))
    _note_versions(walk, snapshots)
    _note_times(walk, without_outrun(snapshots))
    _note_times(walk, _in_force(walk, older, targets, snapshots))
    return older


def _in_force(
    walk: Walk, older: Sequence[Targets], present: Targets, snapshots: Sequence[Snapshot]
) -> list[Targets]:
    """Return the targets that were in force, the oldest first; note what is gone, or left out."""
    by_version = {targets.version: targets for targets in reversed(older)}
    missing: list[int] = []
    found = [present, *in_force(present, by_version, by_version.get, lambda version: True, missing)]
    _note_left_out(walk, by_version.keys() - {targets.version for targets in found}, snapshots)
    for targets in found:
        version = follows(targets)
        if version and version in missing:
            with walk.noting():
                _note_gone(walk, metadata_path("targets", version), targets)
    return found[::-1]


def _note_left_out(walk: Walk, skipped: Collection[int], snapshots: Sequence[Snapshot]) -> None:
    """Note targets that were named, and that what came after them says nothing of."""
    is_lost = lost_race(lambda: snapshots)
    message = "no later targets follow it: it was left out with --resume, or a stolen key hides it"
    for version in sorted(skipped):
        if not is_lost(version):
            walk.note(WARNING, metadata_path("targets", version), message)


def _note_gone(walk: Walk, path: str, follower: Targets) -> None:
    """Note targets that were in force, and are not there: what they offered nobody can tell."""
    if walk.find(path) is None and not walk.has_noted(path):
        walk.note(WARNING, path, f"it is missing, but {follower.version}.targets.json follows it")


def _snapshots(
    walk: Walk, roots: Sequence[Root], now: Snapshot, paths: Collection[str] | None
) -> Iterator[Snapshot]:
    for version, data in _before(walk, now, paths):
        with walk.noting():
            reason = f"superseded by {now.version}.snapshot.json"
            yield _verify(walk, roots, Snapshot, data, version, reason)


def _before(
    walk: Walk, now: Snapshot | Targets, paths: Collection[str] | None
) -> list[tuple[int, bytes]]:
    """Return version and bytes of each file of a role that is older than `now`, oldest first."""
    if paths is None:
        return list(_tried(walk, now))[::-1]
    versions = [version for version in listed_versions(paths, now.type) if version < now.version]
    found = []
    for version in versions:
        with walk.noting():
            found.append((version, walk.read(metadata_path(now.type, version))))
    return found


def _tried(walk: Walk, now: Snapshot | Targets) -> Iterator[tuple[int, bytes]]:
    """Yield the same, newest first, without a list.

    Versions may have gaps (repository.py tells why), but what a stolen key has signed may have any
    version: nobody counts down from 2^53.
    """
    missing = 0
    for version in range(now.version - 1, 0, -1):
        data = None
        with walk.noting():
            data = walk.find(metadata_path(now.type, version))
        missing = missing + 1 if data is None else 0
        if missing > MAX_GAP:
            return
        if data is not None:
            yield version, data


def _targets(
    walk: Walk,
    roots: Sequence[Root],
    snapshots: Sequence[Snapshot],
    now: Targets,
    paths: Collection[str] | None,
) -> Iterator[Targets]:
    """Yield the targets before `now` that verify, in order."""
    found: dict[int, bytes | None] = dict(_before(walk, now, paths))
    named = _named(snapshots)
    for version in sorted({*found, *(version for version in named if version < now.version)}):
        with walk.noting():
            namers = named.get(version, {})
            yield _verify_targets(walk, roots, version, found.get(version), namers)


def _named(snapshots: Sequence[Snapshot]) -> dict[int, dict[str, MetaFile]]:
    """Return what snapshots say of targets: by version, then by the snapshot that says it."""
    named: dict[int, dict[str, MetaFile]] = {}
    for snapshot in snapshots:
        meta = snapshot.meta.get("targets.json")
        if meta is not None:
            named.setdefault(meta.version, {})[f"{snapshot.version}.snapshot.json"] = meta
    return named


def _verify_targets(
    walk: Walk,
    roots: Sequence[Root],
    version: int,
    data: bytes | None,
    named: dict[str, MetaFile],
) -> Targets:
    path = metadata_path("targets", version)
    if data is None:
        raise Missing(path, f"it is missing, but {_list(named)} names it")
    with verifying(path):
        for meta in named.values():
            meta.verify_length_and_hashes(data)
    reason = f"length and SHA-256 are in {_list(named)}" if named else "no snapshot here names it"
    return _verify(walk, roots, Targets, data, version, reason)


def _list(names: dict[str, MetaFile]) -> str:
    first, *others = names
    return f"{first} and {len(others)} more" if others else first


def _verify(
    walk: Walk, roots: Sequence[Root], kind: type[T], data: bytes, version: int, why: str
) -> T:
    path = metadata_path(kind.type, version)
    with verifying(path):
        metadata = load(kind, data, version)
        signed = (_signed_then(roots, metadata),)
    return trust_role(walk, (path, data), why, metadata, signed)


def _signed_then(roots: Sequence[Root], metadata: Metadata[T]) -> Signatures:
    """Return the signatures that count towards a threshold of the newest root where enough do."""
    for root in reversed(roots):
        signatures = signatures_of(root, metadata)
        if signatures.enough:
            return signatures
    raise VerificationError(f"no root names {metadata.signed.type} keys that have signed it")


def _note_versions(walk: Walk, snapshots: Sequence[Snapshot]) -> None:
    """Note targets that went back: a board that has seen the former refuses the latter (5.5.5)."""
    before = 0
    for snapshot in snapshots:
        meta = snapshot.meta.get("targets.json")
        version = before if meta is None else meta.version
        if version < before:
            message = f"it names targets of version {version}, after {before}: boards refuse that"
            walk.note(ERROR, metadata_path("snapshot", snapshot.version), message)
        before = version


def _note_times(walk: Walk, roles: Sequence[Snapshot] | Sequence[Targets]) -> None:
    """Note a signing time that went back, which only `--redate` does."""
    before = ""
    for role in roles:
        time = signed_at(role)
        if time < before:
            message = f"it was signed at {time}, before its predecessor at {before}"
            walk.note(WARNING, metadata_path(role.type, role.version), message)
        before = time
