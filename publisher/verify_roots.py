"""Verify the chain of roots, from a fingerprint to the newest (TUF specification 1.0, 5.3)."""

from __future__ import annotations

import hashlib
import re
from itertools import count

from securesystemslib.formats import encode_canonical
from tuf.api.metadata import Key, Root

from publisher.errors import VerificationError
from publisher.layout import root_path
from publisher.verify_metadata import load, note_state, trust_role, verify_signatures
from publisher.walk import WARNING, Walk, verifying

# The one way of writing an Ed25519 key. Readers of hex pass over case, and Python over spaces.
_PUBLIC = re.compile(r"[0-9a-f]{64}", re.ASCII)


def verify_roots(walk: Walk, root_sha256: str) -> list[Root]:
    """Return every root from version 1 to the newest; Unverified where the chain breaks."""
    roots = [_verify_first(walk, root_sha256)]
    for version in count(2):
        newer = walk.find(root_path(version))
        if newer is None:
            break
        roots.append(_verify_next(walk, roots[-1], newer, version))
    newest = roots[-1]
    path = root_path(newest.version)
    with verifying(path):
        if not newest.consistent_snapshot:
            raise VerificationError("consistent snapshots are off")
    _note_keys(walk, path, newest)
    note_state(walk, path, newest)
    return roots


def _verify_first(walk: Walk, root_sha256: str) -> Root:
    path = root_path(1)
    data = walk.find(path)
    with verifying(path):
        if data is None:
            raise VerificationError("it is missing: nothing is published here, or not for readers")
        digest = hashlib.sha256(data).hexdigest()
        if digest != root_sha256:
            raise VerificationError(f"its SHA-256 is {digest}, the fingerprint is {root_sha256}")
        metadata = load(Root, data, 1)
        _verify_keys(metadata.signed)
        own = (verify_signatures(metadata.signed, metadata),)
    return trust_role(walk, (path, data), "its SHA-256 is the fingerprint", metadata, own)


def _verify_next(walk: Walk, root: Root, data: bytes, version: int) -> Root:
    path = root_path(version)
    with verifying(path):
        metadata = load(Root, data, version)
        before = verify_signatures(root, metadata)
        _verify_keys(metadata.signed)
        both = (before, verify_signatures(metadata.signed, metadata))
    return trust_role(walk, (path, data), "", metadata, both)


def _verify_keys(root: Root) -> None:
    """Raise VerificationError where keys are not sound, or a threshold is out of reach."""
    for key in root.keys.values():
        _verify_key(key)
    # Unknown fields change the id, but not the key: it would count twice towards a threshold.
    if len({key.keyval["public"] for key in root.keys.values()}) != len(root.keys):
        raise VerificationError("one public key is listed under two key ids")
    for name, role in root.roles.items():
        if role.threshold > len(role.keyids):
            keys = f"{len(role.keyids)} keys for a threshold of {role.threshold}"
            raise VerificationError(f"{name} has {keys}: nobody can sign for it")


def _verify_key(key: Key) -> None:
    digest = hashlib.sha256(str(encode_canonical(key.to_dict())).encode()).hexdigest()
    if key.keyid != digest:
        raise VerificationError(f"key {key.keyid[:8]} is misnamed: its SHA-256 is {digest}")
    # Others are in PEM, of many lines, which metadata of printable ASCII cannot hold.
    kind = (key.keytype, key.scheme)
    if kind != ("ed25519", "ed25519") or not _PUBLIC.fullmatch(key.keyval["public"]):
        what = "Ed25519, written as 64 lower-case hex digits"
        raise VerificationError(f"key {key.keyid[:8]} is not {what}")


def _note_keys(walk: Walk, path: str, root: Root) -> None:
    """Note where fewer stolen keys than the roles' names suggest would do harm."""
    if root.roles["root"].threshold == 1:
        walk.note(WARNING, path, "one root key alone can replace all keys: its threshold is 1")
    for keyid in root.keys:
        roles = [name for name, role in root.roles.items() if keyid in role.keyids]
        if len(roles) > 1:
            message = f"key {keyid[:8]} signs for several roles: {', '.join(roles)}"
            walk.note(WARNING, path, message)
        elif not roles:
            walk.note(WARNING, path, f"key {keyid[:8]} signs for no role")
