"""The public keys of signers, as far as they can be told without a secret, for `slotcast diff`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
from cryptography.hazmat.primitives.serialization import (
    load_pem_private_key,
    load_pem_public_key,
)
from securesystemslib.signer import SSlibKey


def key_ids(uris: Sequence[str], directory: Path) -> dict[str, str | None]:
    """Return TUF's key id by URI; None where it cannot be told without a secret.

    It can of `file:PATH` if PATH.pub, or PATH with .pub in place of .pem, has the public key, or
    if the private one is not encrypted.
    """
    return {uri: _key_id(uri, directory) for uri in uris}


def is_missing(uri: str, directory: Path) -> bool:
    """Whether a URI names a key file that is not there, nor its public key."""
    scheme, _, name = uri.partition(":")
    path = directory / name
    return scheme == "file" and not any(one.exists() for one in (path, *_beside(path)))


def _key_id(uri: str, directory: Path) -> str | None:
    scheme, _, path = uri.partition(":")
    if scheme != "file" or not path:
        return None
    public = _public_key(directory / path)
    with suppress(ValueError):  # of a kind that TUF has no name for
        return None if public is None else SSlibKey.from_crypto(public).keyid
    return None


def _beside(path: Path) -> tuple[Path, Path]:
    """Return where the public key may lie."""
    return Path(f"{path}.pub"), path.with_suffix(".pub")


def _public_key(path: Path) -> PublicKeyTypes | None:
    for beside in _beside(path):
        with suppress(OSError, ValueError):
            return load_pem_public_key(beside.read_bytes())
    with suppress(OSError, ValueError, TypeError):  # TypeError: it is encrypted
        private: PrivateKeyTypes = load_pem_private_key(path.read_bytes(), None)
        return private.public_key()
    return None
