"""What boards take of metadata at most; beyond it they refuse what TUF allows.

Worst of all is a root that they cannot read, as each later one is reached through it: every board
would be cut off for ever. So the publisher signs no such file, and `slotcast verify` tells one.
"""

from __future__ import annotations

from typing import Any

from publisher.errors import VerificationError
from publisher.schemas import canonical_json, parse_json

# device/slotcast/client.py
MAX_BYTES = {"root": 16_384, "timestamp": 4_096, "snapshot": 32_768, "targets": 32_768}
# device/slotcast/strict_json.py; the file's own object is the first.
MAX_DEPTH = 10
# device/slotcast/metadata.py: what is beside the signed part, which anybody may add to.
MAX_UNSIGNED_BYTES = 6 * 1024
MAX_UNSIGNED_VALUES = 100

_HINTS = {
    "root": "name fewer keys: boards that cannot read a root never get past it",
    "targets": "give up channels or boards, or move some to a product of their own",
}


def verify_limits(role: str, data: bytes) -> None:
    """Raise where boards refuse a role's file for its size or shape, whoever signed it.

    Raises:
        VerificationError: they do.
        ValueError: it is not JSON on whose meaning all readers agree.
    """
    _verify_size(role, data)
    metadata = parse_json(data)  # stricter than python-tuf: no name twice in one object
    _verify_depth(metadata)
    if not isinstance(metadata, dict) or not isinstance(metadata.get("signed"), dict):
        raise VerificationError("there is no signed part")
    signed = metadata.pop("signed")
    form = canonical_json(signed)
    # Of a line end, which P-256 keys have, JSON's two characters are one byte of the signed form.
    signed_bytes = len(form) - form.count(b"\\n")
    _verify_unsigned(len(data) - signed_bytes, metadata)
    if not isinstance(signed.get("consistent_snapshot", False), bool):
        raise VerificationError("consistent_snapshot is not a boolean")
    if "delegations" in signed:
        raise VerificationError("it delegates to other roles")
    _verify_integers(signed)


def _verify_size(role: str, data: bytes) -> None:
    if len(data) > MAX_BYTES[role]:
        message = f"{role} has {len(data):,} bytes; boards take {MAX_BYTES[role]:,}"
        raise VerificationError(message, _HINTS.get(role, ""))


def _verify_depth(value: object, left: int = MAX_DEPTH) -> None:
    if not isinstance(value, dict | list):
        return
    if not left:
        raise VerificationError(f"it nests more than {MAX_DEPTH} deep; boards do not follow")
    for item in value.values() if isinstance(value, dict) else value:
        _verify_depth(item, left - 1)


def _verify_unsigned(size: int, envelope: dict[str, Any]) -> None:
    if size > MAX_UNSIGNED_BYTES:
        message = f"{size:,} of its bytes are not signed; boards take {MAX_UNSIGNED_BYTES:,}"
        raise VerificationError(message)
    if _count(envelope) > MAX_UNSIGNED_VALUES:
        raise VerificationError(f"more than {MAX_UNSIGNED_VALUES} of its values are not signed")


def _count(value: object) -> int:
    """Return how many values one is made of, itself among them."""
    match value:
        case dict():
            return 1 + sum(map(_count, value.values()))
        case list():
            return 1 + sum(map(_count, value))
    return 1


def _verify_integers(signed: dict[str, Any]) -> None:
    """Refuse true for 1, which Python takes: boards do not."""
    entries = [signed]
    for table in ("meta", "targets", "roles"):
        entries += signed.get(table, {}).values()
    for entry in entries:
        for name in ("version", "length", "threshold"):
            if isinstance(entry.get(name), bool):
                raise VerificationError(f"{name} is not an integer")
