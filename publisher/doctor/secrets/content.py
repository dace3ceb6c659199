"""Whether bytes are a private key or credentials, whatever their name: also packed or encoded."""

from __future__ import annotations

import re

from cryptography.hazmat.primitives.serialization import load_der_private_key

from publisher.doctor.secrets.wrappings import layers
from publisher.doctor.secrets.written_bytes import texts
from publisher.redaction import without_secrets

_PRIVATE_TEXT = re.compile(
    r"PRIVATE KEY-----|SECRET KEY-----|\bA(KIA|SIA)[A-Z0-9]{16}\b|(?i:aws_secret_access_key)"
    r"""|["']private["']\s*:\s*["'][0-9a-fA-F]{64}["']"""
    # age, PuTTY, minisign and signify, as they write them.
    r"|AGE-SECRET-KEY-1|PuTTY-User-Key-File-|untrusted comment: [^\n]{0,80}secret key"
    # What AWS answers and its console saves.
    r"""|(?i:secret ?access ?key)["']?\s{0,9}[:=]\s{0,9}["']?[A-Za-z0-9/+]{16}"""
    # `openssl pkey -text`.
    r"|\bpriv(?:ateExponent)?:\s{1,9}(?:[0-9a-f]{2}:){8}"
)
# A private JSON Web Key (RFC 7517; RFC 8037, 2: "d" is its private half).
_JWK = (
    re.compile(r"""["']kty["']\s*:"""),
    re.compile(r"""["']d["']\s*:\s*["'][A-Za-z0-9_-]{20,}["']"""),
)
# PKCS #12 (RFC 7292, 4: version 3, then what PKCS #7 calls data), and Java's own kinds.
_KEY_STORE = re.compile(
    rb"\x30.{1,5}\x02\x01\x03\x30.{1,5}\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07[\x01\x02]"
    rb"|\xfe\xed\xfe\xed\x00\x00\x00|\xce\xce\xce\xce\x00\x00\x00",
    re.DOTALL,
)


def holds_secret(data: bytes) -> bool:
    """Whether there is a private key, a key store or a credential of AWS in it, or packed in it.

    A key without any form is told by what root names (listed_keys.py).
    """
    return any(_is_key_file(one) or any(map(_tells_secret, texts(one))) for one in layers(data))


def _tells_secret(text: str) -> bool:
    if _PRIVATE_TEXT.search(text) or all(part.search(text) for part in _JWK):
        return True
    return without_secrets(text) != text


def _is_key_file(data: bytes) -> bool:
    return _KEY_STORE.match(data) is not None or _is_der_key(data)


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
