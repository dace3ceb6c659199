"""Verify everything that a product has published, offline, from the fingerprint of its first root.

A reviewer can hold this against the TUF specification 1.0, section 5, and manifests/:

1. `1.root.json` has the fingerprint; each root after it is signed by enough keys of the one before
   and of its own (5.3).
2. `timestamp.json` is signed by the newest root's timestamp keys (5.4).
3. The snapshot is the one that the timestamp names: version, length, SHA-256, signatures (5.5).
4. The targets are the ones that the snapshot names, likewise (5.6).
5. Each release manifest is the one that the targets name (5.7), keeps to its schema, and is for the
   channel and board of its path. verify_release.py goes on from there, to each byte of firmware.

Nothing is trusted before it is verified, nothing raises: what is wrong becomes a finding.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import count
from typing import TypeVar

from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp

from publisher.errors import VerificationError
from publisher.layout import manifest_path, metadata_path, root_path
from publisher.manifest import Manifest
from publisher.metadata_rules import verify_rules
from publisher.newer import find_newer
from publisher.repository import SIGNED_AT
from publisher.schemas import parse_json
from publisher.verify_release import verify_releases
from publisher.versions import Version
from publisher.walk import ERROR, WARNING, Paths, Read, Report, Walk, verifying

# How long before its expiry a role should have been signed again.
WARN_BEFORE_DAYS = {"root": 30, "targets": 30, "snapshot": 7, "timestamp": 2}

T = TypeVar("T", Root, Timestamp, Snapshot, Targets)


def verify(
    read: Read,
    product: str,
    root_sha256: str,
    now: datetime,
    progress: Callable[[int, int], None] | None = None,
    seen: Mapping[str, int] | None = None,
    paths: Paths | None = None,
) -> Report:
    """Verify all that `product` offers now.

    Args:
        read: returns an object by its key, such as "sensor/metadata/timestamp.json", or None where
            there is none; from a directory, a bucket or a URL. What it raises becomes a finding.
        root_sha256: hex SHA-256 of metadata/1.root.json.
        now: with time zone; expiry is judged against it.
        progress: told bytes of payloads and images verified, and in all.
        seen: the newest version of each role that was seen before; an older one is an error.
        paths: lists the paths below BASE of all that lies in metadata/, from a store.
    """
    walk = Walk(read, product, now, seen or {}, paths=paths)
    with walk.noting():
        root = _verify_roots(walk, root_sha256)
        targets = _verify_roles(walk, root)
        verify_releases(walk, list(_manifests(walk, targets)), progress or (lambda *_: None))
    return Report(tuple(walk.objects), tuple(walk.findings))


def _verify_roots(walk: Walk, root_sha256: str) -> Root:
    """Step 1; returns the newest root."""
    path = root_path(1)
    data = walk.read(path)
    with verifying(path):
        digest = hashlib.sha256(data).hexdigest()
        if digest != root_sha256:
            raise VerificationError(f"its SHA-256 is {digest}, the fingerprint is {root_sha256}")
        metadata = _load(Root, data, 1)
        signed_by = _verify_signatures(metadata.signed, metadata)
    walk.trust(path, f"its SHA-256 is the fingerprint; {signed_by}")
    root = metadata.signed
    for version in count(2):
        newer = walk.find(root_path(version))
        if newer is None:
            break
        root = _verify_next_root(walk, root, newer, version)
    path = root_path(root.version)
    with verifying(path):
        _verify_root_rules(root)
    _note_keys(walk, path, root)
    _note_state(walk, path, root)
    return root


def _verify_next_root(walk: Walk, root: Root, data: bytes, version: int) -> Root:
    path = root_path(version)
    with verifying(path):
        metadata = _load(Root, data, version)
        before = _verify_signatures(root, metadata)
        own = _verify_signatures(metadata.signed, metadata)
    walk.trust(path, f"{before} of version {version - 1}, and {own} of its own")
    return metadata.signed


def _verify_root_rules(root: Root) -> None:
    if not root.consistent_snapshot:
        raise VerificationError("consistent snapshots are off")
    # One key under two ids would count twice towards a threshold.
    values = [str(root.keys[keyid].keyval) for keyid in root.keys]
    if len(set(values)) != len(values):
        raise VerificationError("one public key is listed under two key ids")


def _note_keys(walk: Walk, path: str, root: Root) -> None:
    """Note where fewer stolen keys than the roles' names suggest would do harm."""
    if root.roles["root"].threshold == 1:
        walk.note(WARNING, path, "one root key alone can replace all keys: its threshold is 1")
    for keyid in root.keys:
        roles = [name for name, role in root.roles.items() if keyid in role.keyids]
        if len(roles) > 1:
            message = f"key {keyid[:8]} signs for several roles: {', '.join(roles)}"
            walk.note(WARNING, path, message)


def _verify_roles(walk: Walk, root: Root) -> Targets:
    """Steps 2 to 4; returns the newest targets."""
    path = metadata_path("timestamp", 0)
    data = walk.read(path)
    with verifying(path):
        timestamp = _load(Timestamp, data)
        signed_by = _verify_signatures(root, timestamp)
    walk.trust(path, signed_by)
    _note_state(walk, path, timestamp.signed)
    snapshot = _verify_named(walk, root, Snapshot, timestamp.signed.snapshot_meta, "timestamp")
    with verifying(metadata_path("snapshot", snapshot.version)):
        if "targets.json" not in snapshot.meta:
            raise VerificationError("it names no targets.json")
    targets = _verify_named(walk, root, Targets, snapshot.meta["targets.json"], "snapshot")
    _note_newer(walk, root, snapshot, targets)
    if targets.delegations is not None:
        walk.note(ERROR, metadata_path("targets", targets.version), "it delegates to other roles")
    return targets


def _note_newer(walk: Walk, root: Root, snapshot: Snapshot, targets: Targets) -> None:
    with walk.noting():
        for newer in find_newer(walk.find, root, snapshot, targets, walk.listed()):
            it_is = "newer" if newer.fault else "signed"
            message = f"it is {it_is}, but the timestamp does not name it: {newer.what}"
            walk.note(WARNING, newer.path, message)


def _verify_named(walk: Walk, root: Root, kind: type[T], meta: MetaFile, namer: str) -> T:
    """Verify the one version of a role that another role names."""
    path = metadata_path(kind.type, meta.version)
    data = walk.read(path)
    with verifying(path):
        if meta.length is None or not meta.hashes:
            raise VerificationError(f"{namer} does not give its length and SHA-256")
        meta.verify_length_and_hashes(data)
        metadata = _load(kind, data, meta.version)
        signed_by = _verify_signatures(root, metadata)
    walk.trust(path, f"{namer} names its version, length and SHA-256; {signed_by}")
    _note_state(walk, path, metadata.signed)
    return metadata.signed


def _load(kind: type[T], data: bytes, version: int | None = None) -> Metadata[T]:
    parse_json(data)  # stricter than python-tuf: no name twice in one object
    verify_rules(data)
    metadata = Metadata[T].from_bytes(data)
    if not isinstance(metadata.signed, kind):
        raise VerificationError(f"it is {metadata.signed.type}, not {kind.type}")
    if version not in (None, metadata.signed.version):
        raise VerificationError(f"it is version {metadata.signed.version}, not {version}")
    return metadata


def _verify_signatures(root: Root, metadata: Metadata[T]) -> str:
    """Verify that enough of the keys that `root` lists have signed; return how many did."""
    role = metadata.signed.type
    result = root.get_verification_result(role, metadata.signed_bytes, metadata.signatures)
    keys = len(root.roles[role].keyids)
    counted = f"signed by {len(result.signed)} of {keys} {role} keys ({result.threshold} needed)"
    if not result:
        raise VerificationError(counted)
    return counted


def _note_state(walk: Walk, path: str, signed: Root | Timestamp | Snapshot | Targets) -> None:
    newest = walk.seen.get(signed.type, 0)
    if signed.version < newest:
        walk.note(ERROR, path, f"it is version {signed.version}, but was {newest} before")
    _note_dates(walk, path, signed)


def _note_dates(walk: Walk, path: str, signed: Root | Timestamp | Snapshot | Targets) -> None:
    left = signed.expires - walk.now
    if signed.is_expired(walk.now):
        walk.note(ERROR, path, f"it expired on {signed.expires:%Y-%m-%d}")
    elif left < timedelta(days=WARN_BEFORE_DAYS[signed.type]):
        walk.note(WARNING, path, f"it expires in {left.days} days: sign it again")
    if isinstance(signed, Root):
        return
    signed_at = signed.unrecognized_fields.get(SIGNED_AT)
    with walk.noting(), verifying(path):
        if not isinstance(signed_at, str):
            raise VerificationError(f"it has no {SIGNED_AT}")
        if datetime.strptime(signed_at, "%Y-%m-%dT%H:%M:%S%z") > walk.now:
            raise VerificationError(f"it was signed at {signed_at}, after now")


def _manifests(walk: Walk, targets: Targets) -> Iterator[Manifest]:
    """Step 5; yields the manifests that verify."""
    for name, target in sorted(targets.targets.items()):
        with walk.noting():
            yield _verify_manifest(walk, name, target)


def _verify_manifest(walk: Walk, name: str, target: TargetFile) -> Manifest:
    with verifying(f"targets/{name}"):
        channel, board = name.removesuffix(".json").split("/")
        path = manifest_path(channel, board, target.hashes["sha256"])
    data = walk.read(path)
    with verifying(path):
        target.verify_length_and_hashes(data)
        manifest = Manifest.from_bytes(data)
        whom = (manifest.product, manifest.channel, manifest.board)
        if whom != (walk.product, channel, board):
            raise VerificationError(f"it is for {'/'.join(whom)}")
        _verify_min_version(manifest)
    walk.trust(path, f"targets names its length and SHA-256 as {name}")
    return manifest


def _verify_min_version(manifest: Manifest) -> None:
    oldest = manifest.min_version
    if oldest is not None and Version.parse(oldest) >= Version.parse(manifest.version):
        message = f"min_version {oldest} is not older than version {manifest.version}"
        raise VerificationError(f"{message}: no board may take it directly")
