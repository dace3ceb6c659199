"""Verify everything that a product has published, offline, from the fingerprint of its first root.

A reviewer can hold this against the TUF specification 1.0, section 5, and manifests/:

1. `1.root.json` has the fingerprint; each root after it is signed by enough keys of the one before
   and of its own; each key id is its key's SHA-256 (5.3; verification/roots.py).
2. `timestamp.json` is signed by the newest root's timestamp keys (5.4).
3. The snapshot is the one that the timestamp names: version, length, SHA-256, signatures (5.5).
4. The targets are the ones that the snapshot names, likewise (5.6).
5. Each release manifest is the one that the targets name (5.7), keeps to its schema, and is for the
   channel and board of its path; a stepping stone is of its path's version, and for everybody
   (verification/targets.py).
6. to 9. Each payload, each block of it, each image and version.json (verification/release.py).
10. What was published before verifies too (verification/history.py), and nothing else lies there.

Nothing is trusted before it is verified, nothing raises: what is wrong becomes a finding.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from itertools import islice

from tuf.api.metadata import MetaFile, Root, Snapshot, Targets, Timestamp

from publisher.errors import VerificationError
from publisher.iso_time import signed_at
from publisher.layout import key, metadata_path
from publisher.newer import find_newer
from publisher.verification.history import read_history
from publisher.verification.metadata import (
    T,
    load,
    note_state,
    trust_role,
    verify_signatures,
)
from publisher.verification.release import verify_releases
from publisher.verification.roots import verify_roots
from publisher.verification.targets import Known, note_missing_stones, verify_targets
from publisher.verification.walk import (
    ERROR,
    NOTICE,
    WARNING,
    Beforehand,
    Paths,
    Read,
    Report,
    Walk,
    verifying,
)

MAX_NEWER = 100


def verify(
    read: Read,
    product: str,
    root_sha256: str,
    now: datetime,
    progress: Callable[[int, int], None] | None = None,
    known: Beforehand | None = None,
    paths: Paths | None = None,
) -> Report:
    """Verify all that `product` offers now, and all that it ever published.

    Args:
        read: returns an object by its key, such as "sensor/metadata/timestamp.json", or None where
            there is none; from a directory, a bucket or a URL. What it raises becomes a finding.
        root_sha256: hex SHA-256 of metadata/1.root.json.
        now: with time zone; expiry is judged against it.
        progress: told bytes of payloads and images verified, and in all.
        known: what the caller knows: a role older than was seen is an error, and so is a payload
            that a board has no memory for.
        paths: lists the paths below BASE of all that lies there; without it, roots are found up to
            the first version that is missing, and what nothing names is not found.
    """
    known = known or Beforehand()
    walk = Walk(read, product, now, known.seen, paths=paths)
    chain_holds = False
    with walk.noting():
        roots = verify_roots(walk, root_sha256)
        snapshot, targets = _verify_roles(walk, roots[-1])
        chain_holds = True
        _verify_rest(walk, roots, snapshot, targets, known.memory, progress or (lambda *_: None))
    return Report(tuple(walk.objects), tuple(walk.findings), chain_holds)


def _verify_rest(
    walk: Walk,
    roots: Sequence[Root],
    snapshot: Snapshot,
    targets: Targets,
    memory: Mapping[str, int],
    progress: Callable[[int, int], None],
) -> None:
    """Steps 5 to 10."""
    known: Known = {}
    offered = list(verify_targets(walk, targets, known))
    note_missing_stones(walk, offered)
    paths = None
    with walk.noting():
        paths = walk.listed()
    walk.current = False
    history = read_history(walk, roots, snapshot, targets, paths)
    before = [offer for old in history for offer in verify_targets(walk, old, known)]
    verify_releases(walk, offered, before, memory, progress)
    with walk.noting():
        _note_newer(walk, roots[-1], snapshot, targets, paths)
    _note_unnamed(walk, paths or ())


def _verify_roles(walk: Walk, root: Root) -> tuple[Snapshot, Targets]:
    """Steps 2 to 4; returns what boards are given now."""
    path = metadata_path("timestamp", 0)
    data = walk.read(path)
    timestamp = _verify_role(walk, root, Timestamp, (path, data), "")
    snapshot = _verify_named(walk, root, Snapshot, timestamp.snapshot_meta, path)
    path = metadata_path("snapshot", snapshot.version)
    with verifying(path):
        if "targets.json" not in snapshot.meta:
            raise VerificationError("it names no targets.json")
    targets = _verify_named(walk, root, Targets, snapshot.meta["targets.json"], path)
    for name in sorted(set(snapshot.meta) - {"targets.json"}):
        walk.note(ERROR, path, f"it names {name}, which nobody follows")
    for role, before in ((timestamp, snapshot), (snapshot, targets)):
        if signed_at(role) < signed_at(before):
            message = f"it was signed before {before.type}, which it names: was a clock wrong?"
            walk.note(WARNING, metadata_path(role.type, role.version), message)
    return snapshot, targets


def _verify_named(walk: Walk, root: Root, kind: type[T], meta: MetaFile, namer: str) -> T:
    """Verify the one version of a role that another role names."""
    path = metadata_path(kind.type, meta.version)
    name = namer.removeprefix("metadata/")
    data = walk.read(path)
    with verifying(path):
        if meta.length is None or not meta.hashes:
            raise VerificationError(f"{name} does not give its length and SHA-256")
        meta.verify_length_and_hashes(data)
    reason = f"version, length and SHA-256 are in {name}"
    return _verify_role(walk, root, kind, (path, data), reason, meta.version)


def _verify_role(
    walk: Walk,
    root: Root,
    kind: type[T],
    file: tuple[str, bytes],
    reason: str,
    version: int | None = None,
) -> T:
    path, data = file
    with verifying(path):
        metadata = load(kind, data, version)
        signed = (verify_signatures(root, metadata),)
    role = trust_role(walk, file, reason, metadata, signed)
    note_state(walk, path, role)
    return role


def _note_newer(
    walk: Walk, root: Root, snapshot: Snapshot, targets: Targets, paths: Collection[str] | None
) -> None:
    # A host may go on for ever to serve what does not verify.
    for newer in islice(find_newer(walk.find, root, snapshot, targets, paths), MAX_NEWER):
        it_is = "newer" if newer.fault else "signed"
        message = f"it is {it_is}, but the timestamp does not name it: {newer.what}"
        walk.note(WARNING, newer.path, message)


def _note_unnamed(walk: Walk, paths: Collection[str]) -> None:
    """Note what lies there although nothing that was verified leads to it."""
    known = {trusted.key for trusted in walk.objects} | {found.key for found in walk.findings}
    for path in sorted(paths):
        if key(walk.product, path) not in known:
            severity = WARNING if path.endswith(".root.json") else NOTICE
            walk.note(severity, path, "nothing that is signed leads to it")
