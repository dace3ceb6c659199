"""Pins out of what an operator has at hand: a certificate, or a public key."""

from __future__ import annotations

import hashlib

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

from publisher.certificates import spki_sha256
from publisher.errors import SettingsError


def certificate_pin(pem: bytes, name: str) -> str:
    """Return the pin of the first certificate in a PEM file, which is the server's own.

    Args:
        name: the file's, for the error.

    Raises:
        SettingsError: there is none.
    """
    try:
        return spki_sha256(x509.load_pem_x509_certificate(pem))
    except ValueError as error:
        raise SettingsError(f"{name} holds no certificate in PEM", "see --public-key") from error


def public_key_pin(pem: bytes, name: str) -> str:
    """Return the pin of a public key in PEM; for `name` and errors see `certificate_pin`."""
    try:
        key = load_pem_public_key(pem)
    except ValueError as error:
        hint = "openssl pkey -in KEY.pem -pubout writes the public key of a private one"
        raise SettingsError(f"{name} holds no public key in PEM", hint) from error
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(spki).hexdigest()
