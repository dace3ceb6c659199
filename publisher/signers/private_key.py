"""Signers of private keys that this process holds itself, read from PEM."""

from __future__ import annotations

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from securesystemslib.signer import CryptoSigner

from publisher.errors import KeyAccessError
from publisher.signers.passphrases import Passphrases


def signer_of_pem(pem: bytes, name: str, passphrases: Passphrases) -> CryptoSigner:
    """Return the signer of a PEM private key, encrypted or not; `name` is what errors call it.

    Raises:
        KeyAccessError: it is no key, of another kind than Ed25519 and P-256, or does not open.
    """
    key = _read(pem, name, passphrases)
    if isinstance(key, Ed25519PrivateKey):
        return CryptoSigner(key)
    if isinstance(key, EllipticCurvePrivateKey) and isinstance(key.curve, SECP256R1):
        return CryptoSigner(key)
    hint = "openssl genpkey -algorithm ed25519 makes one"
    raise KeyAccessError(f"{name} is neither an Ed25519 nor a P-256 key", hint)


def _read(pem: bytes, name: str, passphrases: Passphrases) -> object:
    try:
        return load_pem_private_key(pem, None)
    except TypeError:  # it is encrypted
        return passphrases.unlock(pem, name)
    except (ValueError, UnsupportedAlgorithm):
        raise KeyAccessError(f"{name} is not a PEM private key") from None
