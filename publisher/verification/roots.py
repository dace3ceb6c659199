"""Verify the chain of roots, from a fingerprint to the newest (TUF specification 1.0, 5.3)."""

from __future__ import annotations

import hashlib
import re
from itertools import count

from cryptography.hazmat.primitives.serialization import load_pem_public_key
from securesystemslib.formats import encode_canonical
from tuf.api.metadata import Key, Root

from publisher.errors import VerificationError
from publisher.layout import root_path
from publisher.metadata_rules import P256_PEM
from publisher.verification.metadata import load, note_state, trust_role, verify_signatures
from publisher.verification.walk import WARNING, Walk, verifying

# The one way of writing an Ed25519 key. Readers of hex pass over case, and Python over spaces.
_PUBLIC = re.compile(r"[0-9a-f]{64}", re.ASCII)
_P = 2**255 - 19
# y of the points whose order divides 8, as in device/slotcast/ed25519.py: under such a key anybody
# can sign. x = 0, which can be written with a wrong sign, occurs nowhere else.
_SMALL_ORDER = (
    0,
    1,
    _P - 1,
    0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826,
    0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7,
)


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
        verify_keys(metadata.signed)
        own = (verify_signatures(metadata.signed, metadata),)
    return trust_role(walk, (path, data), "its SHA-256 is the fingerprint", metadata, own)


def _verify_next(walk: Walk, root: Root, data: bytes, version: int) -> Root:
    path = root_path(version)
    with verifying(path):
        metadata = load(Root, data, version)
        before = verify_signatures(root, metadata)
        verify_keys(metadata.signed)
        both = (before, verify_signatures(metadata.signed, metadata))
    return trust_role(walk, (path, data), "", metadata, both)


def verify_keys(root: Root) -> None:
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
    kind, public = (key.keytype, key.scheme), key.keyval["public"]
    if kind == ("ed25519", "ed25519") and _PUBLIC.fullmatch(public):
        _verify_point(key)
    elif kind == ("ecdsa", "ecdsa-sha2-nistp256") and P256_PEM.fullmatch(public):
        _verify_on_curve(key)
    else:
        what = (
            "neither Ed25519, as 64 lower-case hex digits, nor P-256, in PEM as openssl writes it"
        )
        raise VerificationError(f"key {key.keyid[:8]} is {what}")


def _verify_point(key: Key) -> None:
    """Refuse what boards refuse for a point (RFC 8032, section 5.1.3), and OpenSSL takes."""
    y = int.from_bytes(bytes.fromhex(key.keyval["public"]), "little") & (2**255 - 1)
    if y >= _P:
        raise VerificationError(f"key {key.keyid[:8]} is a point that is not in canonical form")
    if y in _SMALL_ORDER:
        raise VerificationError(f"key {key.keyid[:8]} is of small order: anybody can sign for it")


def _verify_on_curve(key: Key) -> None:
    """Refuse a P-256 key whose numbers are not those of a point of the curve (SEC 1, 3.2.2.1)."""
    try:
        load_pem_public_key(key.keyval["public"].encode())
    except ValueError:
        raise VerificationError(f"key {key.keyid[:8]} is not a point of the curve") from None


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
