"""Pins out of what an operator has at hand: a certificate, or a public key."""

from __future__ import annotations

import re
from base64 import b64decode

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from publisher.certificates import pin_within, spki_sha256
from publisher.errors import SettingsError

_PEM = re.compile(rb"-----BEGIN [A-Z ]+-----(.+?)-----END ", re.DOTALL)


def certificate_pin(pem: bytes, name: str) -> str:
    """Return the pin of the first certificate in a PEM file, which is the server's own.

    Args:
        name: the file's, for the error.

    Raises:
        SettingsError: there is none, or it has no sure pin.
    """
    try:
        return spki_sha256(x509.load_pem_x509_certificate(pem))
    except ValueError as error:
        raise SettingsError(f"{name} holds no certificate in PEM", "see --public-key") from error


def public_key_pin(pem: bytes, name: str) -> str:
    """Return the pin of a public key in PEM; for `name` and errors see `certificate_pin`."""
    try:
        key = load_pem_public_key(pem)
        der = _der(pem)
    except ValueError as error:
        hint = "openssl pkey -in KEY.pem -pubout writes the public key of a private one"
        raise SettingsError(f"{name} holds no public key in PEM", hint) from error
    return pin_within(der, key)


def _der(pem: bytes) -> bytes:
    found = _PEM.search(pem)
    if not found:
        raise ValueError("no PEM")
    return b64decode(found[1])
