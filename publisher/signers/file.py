"""`file:PATH`: a PKCS#8 PEM file, encrypted unless its owner insisted otherwise."""

from __future__ import annotations

import os
from pathlib import Path

from securesystemslib.signer import CryptoSigner

from publisher.errors import KeyAccessError
from publisher.signers.passphrases import Passphrases
from publisher.signers.private_key import signer_of_pem


def load(path: Path, passphrases: Passphrases) -> CryptoSigner:
    """Return the signer of a key file that only its owner can read.

    Raises:
        KeyAccessError: it cannot be read, is open to others, or holds no key that serves.
    """
    try:
        _verify_private(path)
        pem = path.read_bytes()
    except OSError as error:
        raise KeyAccessError(f"{path} cannot be read: {error.strerror}") from error
    return signer_of_pem(pem, str(path), passphrases)


def _verify_private(path: Path) -> None:
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise KeyAccessError(f"{path} can be read by others", f"chmod 600 {path}")
