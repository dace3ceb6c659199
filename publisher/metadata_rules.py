"""Rules on metadata beyond TUF's own, which let `jq` and `openssl` alone verify it.

`jq -cSj .signed FILE` gives the signed bytes only where all canonical JSONs agree: printable
ASCII, integers below 2^53, no floats (manifests/repository.md). MicroPython's json adds the same
wish, as it does not join surrogate pairs. What boards have no room for is in board_limits.py.

The one text with line ends is a P-256 key in a root: its JSON has backslash and n where the signed
bytes have a line end. No other string has a backslash, so one `sed` makes the one of the other.
"""

from __future__ import annotations

import json
import re

MAX_INTEGER = 2**53 - 1
# AWS KMS signs with Ed25519 in RAW mode only, which takes at most this many bytes.
KMS_MAX_BYTES = 4096
# The one way of writing a P-256 key: SubjectPublicKeyInfo of the uncompressed point (RFC 5480) in
# PEM (RFC 7468), as `cryptography` and openssl write it. The first 36 digits are the same for all.
P256_PEM = re.compile(
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE[A-Za-z0-9+/]{28}\n"
    "[A-Za-z0-9+/]{57}[AQgw]==\n"
    "-----END PUBLIC KEY-----\n"
)


def verify_rules(data: bytes) -> None:
    """Raise ValueError unless metadata, as the bytes of its file, keeps to the rules."""
    metadata = json.loads(data)
    if not isinstance(metadata, dict) or "signed" not in metadata:
        raise ValueError("there is no signed part")
    signed = metadata.pop("signed")
    _take_out_pems(signed)
    _verify_value("", signed)
    _verify_value("", metadata)


def _take_out_pems(signed: object) -> None:
    """Take the P-256 keys out of a root, which may have line ends."""
    match signed:
        case {"_type": "root", "keys": dict(keys)}:
            for key in keys.values():
                match key:
                    case {"keyval": {"public": str(public)}} if P256_PEM.fullmatch(public):
                        del key["keyval"]["public"]


def _verify_value(where: str, value: object) -> None:
    match value:
        case dict():
            _verify_table(where, value)
        case list():
            for item in value:
                _verify_value(where, item)
        case str() if not value.isascii() or not value.isprintable():
            raise ValueError(f"{where} is not printable ASCII")
        case str() if '"' in value or "\\" in value:
            # A reviewer with jq reads lists by line and word; no string hides how it is written.
            raise ValueError(f"{where} needs escapes in JSON")
        case float():
            raise ValueError(f"{where} is not an integer")
        case int() if abs(value) > MAX_INTEGER:
            raise ValueError(f"{where} is not below 2^53")


def _verify_table(where: str, table: dict[str, object]) -> None:
    hashes = table.get("hashes")
    if isinstance(hashes, dict) and set(hashes) != {"sha256"}:
        # A TUF client asks for a target under any one of its hashes: they would all have to exist.
        raise ValueError(f"{where}.hashes has other hashes than sha256")
    for name, value in table.items():
        _verify_value(where, name)
        _verify_value(f"{where}.{name}" if where else name, value)
