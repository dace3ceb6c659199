"""Encrypted PKCS#8 private keys (RFC 5958) that resist guessing of their passphrase.

`cryptography` reads every kind of PKCS#8 but writes only one, with 2,048 rounds of PBKDF2, of
which a graphics card tries millions a second. This writes scrypt (RFC 7914, section 7) with the
parameters of `openssl pkcs8 -scrypt`, 16 MiB a guess; `openssl pkey -in FILE` opens it too.
"""

from __future__ import annotations

import base64
import os
import textwrap

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

_COST, _BLOCK_SIZE, _PARALLEL = 2**14, 8, 1

_INTEGER, _OCTET_STRING, _SEQUENCE = 0x02, 0x04, 0x30
# DER of object identifiers: id-PBES2, id-scrypt, aes256-CBC.
_PBES2 = bytes.fromhex("06092a864886f70d01050d")
_SCRYPT = bytes.fromhex("06092b06010401da47040b")
_AES256_CBC = bytes.fromhex("060960864801650304012a")


def to_pem(key: Ed25519PrivateKey, passphrase: str | None) -> bytes:
    """Return a private key as PEM; open to every reader if the passphrase is None."""
    if passphrase is None:
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    plain = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    text = base64.b64encode(_encrypt(plain, passphrase.encode())).decode()
    lines = ["-----BEGIN ENCRYPTED PRIVATE KEY-----", *textwrap.wrap(text, 64)]
    return "\n".join([*lines, "-----END ENCRYPTED PRIVATE KEY-----", ""]).encode()


def _encrypt(plain: bytes, passphrase: bytes) -> bytes:
    """Return EncryptedPrivateKeyInfo (RFC 5958, section 3) under PBES2 (RFC 8018, section 6.2)."""
    salt, iv = os.urandom(16), os.urandom(16)
    derived = Scrypt(salt, 32, _COST, _BLOCK_SIZE, _PARALLEL).derive(passphrase)
    padder, encryptor = PKCS7(128).padder(), Cipher(AES(derived), CBC(iv)).encryptor()
    padded = padder.update(plain) + padder.finalize()
    costs = [_integer(cost) for cost in (_COST, _BLOCK_SIZE, _PARALLEL)]
    derivation = _sequence(_SCRYPT, _sequence(_der(_OCTET_STRING, salt), *costs))
    cipher = _sequence(_AES256_CBC, _der(_OCTET_STRING, iv))
    algorithm = _sequence(_PBES2, _sequence(derivation, cipher))
    encrypted = encryptor.update(padded) + encryptor.finalize()
    return _sequence(algorithm, _der(_OCTET_STRING, encrypted))


def _integer(value: int) -> bytes:
    return _der(_INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _sequence(*parts: bytes) -> bytes:
    return _der(_SEQUENCE, b"".join(parts))


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    length = bytes([size]) if size < 0x80 else bytes([0x81, size])  # nothing here is larger
    return bytes([tag]) + length + content
