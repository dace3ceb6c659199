"""What holds for every role's metadata: form, signatures, versions and dates."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TypeVar

from securesystemslib.signer import Signature
from tuf.api.metadata import Metadata, Root, Snapshot, Targets, Timestamp

from publisher.board_limits import verify_limits
from publisher.errors import VerificationError
from publisher.iso_time import SIGNED_AT, signed_at
from publisher.metadata_rules import verify_rules
from publisher.schemas import canonical_json, parse_json
from publisher.verification.walk import ERROR, NOTICE, WARNING, Signatures, Walk, verifying

# How long before its expiry a role should have been signed again.
WARN_BEFORE_DAYS = {"root": 30, "targets": 30, "snapshot": 7, "timestamp": 2}
_HEX = re.compile("([0-9a-fA-F]{2})*", re.ASCII)

Role = Root | Timestamp | Snapshot | Targets
T = TypeVar("T", Root, Timestamp, Snapshot, Targets)


def load(kind: type[T], data: bytes, version: int | None = None) -> Metadata[T]:
    """Return metadata of a role, whose signatures nobody has looked at yet.

    Raises:
        Exception: it is not; of any kind, as hostile bytes come here.
    """
    verify_limits(kind.type, data)
    verify_rules(data)
    metadata = Metadata[T].from_bytes(data)
    _verify_texts(metadata)
    if not isinstance(metadata.signed, kind):
        raise VerificationError(f"it is {metadata.signed.type}, not {kind.type}")
    if version not in (None, metadata.signed.version):
        raise VerificationError(f"it is version {metadata.signed.version}, not {version}")
    return metadata


def _verify_texts(metadata: Metadata[T]) -> None:
    """Refuse signatures that boards do not read: python-tuf takes any value for a key id."""
    for keyid, signature in metadata.signatures.items():
        if not isinstance(keyid, str) or not isinstance(signature.signature, str):
            raise VerificationError("a signature's keyid or sig is not a string")
        if not _is_hex(signature):
            raise VerificationError(f"the signature of key {keyid[:8]} is not hex digits")


def _is_hex(signature: Signature) -> bool:
    """Whether boards read it: they count none with spaces, which Python passes over."""
    return bool(_HEX.fullmatch(signature.signature))


def signatures_of(root: Root, metadata: Metadata[T]) -> Signatures:
    """Return which of the keys that `root` names for the metadata's role have signed it."""
    role = metadata.signed.type
    read = {keyid: one for keyid, one in metadata.signatures.items() if _is_hex(one)}
    result = root.get_verification_result(role, metadata.signed_bytes, read)
    named_by = f"{root.version}.root.json"
    keyids = tuple(sorted(result.signed))
    return Signatures(role, named_by, result.threshold, len(root.roles[role].keyids), keyids)


def verify_signatures(root: Root, metadata: Metadata[T]) -> Signatures:
    """Return the signatures that count; VerificationError if they are not enough."""
    signatures = signatures_of(root, metadata)
    if not signatures.enough:
        raise VerificationError(str(signatures))
    return signatures


def note_form(walk: Walk, path: str, data: bytes) -> None:
    """Note JSON that says the right thing in another form than Slotcast writes."""
    if canonical_json(parse_json(data)) != data:
        walk.note(WARNING, path, "it is not compact JSON in canonical order: who wrote it?")


def _note_strays(
    walk: Walk, path: str, metadata: Metadata[T], counted: tuple[Signatures, ...]
) -> None:
    """Note signatures that count for nothing: of other keys, or wrong ones."""
    count = {keyid for signatures in counted for keyid in signatures.keyids}
    for keyid in sorted(set(metadata.signatures) - count):
        walk.note(NOTICE, path, f"the signature of key {keyid[:8]} counts for nothing")


def trust_role(
    walk: Walk,
    file: tuple[str, bytes],
    reason: str,
    metadata: Metadata[T],
    signed: tuple[Signatures, ...],
) -> T:
    """Note that the file (path, bytes) of a role verifies, and what is odd about it; return it."""
    path, data = file
    walk.trust(path, data, reason, signed, metadata.signed.expires)
    note_form(walk, path, data)
    _note_strays(walk, path, metadata, signed)
    return metadata.signed


def note_state(walk: Walk, path: str, signed: Role) -> None:
    """Note what is wrong with the version and the dates of what boards are given now."""
    newest = walk.seen.get(signed.type, 0)
    if signed.version < newest:
        walk.note(ERROR, path, f"it is version {signed.version}, but was {newest} before")
    left = signed.expires - walk.now
    if signed.is_expired(walk.now):
        walk.note(ERROR, path, f"it expired on {signed.expires:%Y-%m-%d}: boards install nothing")
    elif left < timedelta(days=WARN_BEFORE_DAYS[signed.type]):
        walk.note(WARNING, path, f"it expires on {signed.expires:%Y-%m-%d}: sign it again")
    if not isinstance(signed, Root):
        with walk.noting(), verifying(path):
            _verify_signed_at(walk.now, signed)


def _verify_signed_at(now: datetime, signed: Role) -> None:
    if SIGNED_AT not in signed.unrecognized_fields:
        raise VerificationError(f"it has no {SIGNED_AT}")
    text = signed_at(signed)
    if not text:
        told = signed.unrecognized_fields[SIGNED_AT]
        raise VerificationError(f"{SIGNED_AT} is {told}, which boards take for no time")
    if datetime.fromisoformat(text) > now:
        raise VerificationError(f"it was signed at {text}, after now")
