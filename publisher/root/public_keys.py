"""Public keys as a person names them: a PEM file, 64 hex digits, or the signer that has the key."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from securesystemslib.signer import Key, Signer, SSlibKey

from publisher.errors import KeyAccessError
from publisher.files import read_file
from publisher.signers.remote import to_usable_key

_RAW = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
_SIGNER = re.compile(r"[a-z0-9]{2,}:.+", re.ASCII)

LoadSigners = Callable[[Sequence[str]], Sequence[Signer]]


def find_public_key(text: str, load_signers: LoadSigners) -> Key:
    """Return the key that `text` names; `load_signers` returns the signers of URIs.

    Raises:
        SettingsError: the file cannot be read.
        KeyAccessError: it is no key, or one of another kind than Ed25519 and P-256.
    """
    if _RAW.fullmatch(text):
        return _as_key(Ed25519PublicKey.from_public_bytes(bytes.fromhex(text)), text[:8])
    if _SIGNER.fullmatch(text) and not Path(text).exists():
        return load_signers([text])[0].public_key
    return _as_key(_load_pem(read_file(Path(text)), text), text)


def _load_pem(data: bytes, name: str) -> object:
    try:
        return load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        hint = "openssl pkey -in PRIVATE.pem -pubout; a private key is named by its URI, file:PATH"
        raise KeyAccessError(f"{name} is no public key in PEM", hint) from None


def _as_key(public: object, name: str) -> Key:
    return SSlibKey.from_crypto(to_usable_key(name, public))
