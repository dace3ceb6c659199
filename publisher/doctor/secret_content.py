"""Whether bytes are a private key or credentials, whatever their name: also packed or encoded."""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Iterator

from cryptography.hazmat.primitives.serialization import load_der_private_key

from publisher.redaction import without_secrets

_PRIVATE_TEXT = re.compile(
    r"PRIVATE KEY-----|SECRET KEY-----|\bA(KIA|SIA)[A-Z0-9]{16}\b|(?i:aws_secret_access_key)"
    r"""|["']private["']\s*:\s*["'][0-9a-fA-F]{64}["']"""
)
# A private JSON Web Key (RFC 7517; RFC 8037, 2: "d" is its private half).
_JWK = (re.compile(r'"kty"\s*:'), re.compile(r'"d"\s*:\s*"[A-Za-z0-9_-]{20,}"'))
_BASE64 = re.compile(r"[A-Za-z0-9+/_=\s-]{40,}")
_GZIP, _UTF16 = b"\x1f\x8b", (b"\xff\xfe", b"\xfe\xff")
_MOST_BYTES = 1 << 20
# A base64 of a gzip of a base64, and no more.
_DEPTH = 3


def holds_secret(data: bytes, depth: int = _DEPTH) -> bool:
    """Whether there is a private key or a credential of AWS in it: PEM, DER, JWK, base64, gzip.

    Args:
        depth: how many wrappings are taken off.
    """
    if _is_der_key(data) or any(map(_tells_secret, _texts(data))):
        return True
    return depth > 0 and any(holds_secret(inner, depth - 1) for inner in _unwrapped(data))


def _tells_secret(text: str) -> bool:
    if _PRIVATE_TEXT.search(text) or all(part.search(text) for part in _JWK):
        return True
    return without_secrets(text) != text


def _texts(data: bytes) -> Iterator[str]:
    """Yield the bytes as text, of UTF-16 too; Latin-1 takes any."""
    yield data.decode("latin-1")
    if data.startswith(_UTF16):
        yield data.decode("utf-16", "replace")
    elif b"\0" in data:
        yield data.replace(b"\0", b"").decode("latin-1")  # without a byte order mark


def _unwrapped(data: bytes) -> Iterator[bytes]:
    """Yield what is packed or encoded in it."""
    if data.startswith(_GZIP):
        yield _unpacked(data)
    text = data.decode("latin-1").strip()
    if _BASE64.fullmatch(text):
        yield _decoded(text)


def _unpacked(data: bytes) -> bytes:
    """Return what gzip packed, as far as it can be read, or b""."""
    try:
        return zlib.decompressobj(wbits=31).decompress(data, _MOST_BYTES)
    except zlib.error:
        return b""


def _decoded(text: str) -> bytes:
    """Return what base64 of either alphabet stands for (RFC 4648), or b""."""
    plain = "".join(text.split()).rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4))
    except ValueError:
        return b""


def _is_der_key(data: bytes) -> bool:
    """Whether the bytes are a private key in DER (PKCS#8, PKCS#1, SEC1), encrypted or not."""
    if not data.startswith(b"\x30"):
        return False
    try:
        load_der_private_key(data, None)
    except TypeError:  # it takes a password
        return True
    except Exception:  # whatever cryptography finds wrong with bytes that may be anything
        return False
    return True
