"""Private keys in the raw, told by the public keys that a product's roots name.

Any 32 bytes are a private key: of Ed25519 a seed (RFC 8032, section 5.1.5), of P-256 a number
(SEC 1, 3.2.1). Whose they are tells the public key that they make; nothing else is taken for one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePublicKey,
    derive_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)
from tuf.api.metadata import Key, Metadata, Root

from publisher.doctor.secrets.wrappings import layers
from publisher.doctor.secrets.written_bytes import decoded, texts
from publisher.errors import PublisherError
from publisher.published import Read, read_roots

# What is longer is no key alone, nor a few lines with one.
_MOST_BYTES = 4096
_KEY_BYTES = 32
# Each takes some 0.1 ms.
_MOST_TRIED = 1000
# As hexadecimal digits or base64; with the public key behind it twice as long.
_WORD = re.compile(r"(?:0x)?([A-Za-z0-9+/_-]{43,128}={0,2})")
_HEX = re.compile(r"([0-9a-fA-F]{64}){1,2}")


class ListedKey(NamedTuple):
    """A public key in root, and what the newest root that names it lets it sign."""

    keyid: str
    roles: tuple[str, ...]
    version: int

    def __str__(self) -> str:
        """Return whose its private half is, in words."""
        roles = " and ".join(self.roles) or "no role"
        return f"the private key of {roles}, {self.keyid[:8]} in root {self.version}"


@dataclass(frozen=True)
class ListedKeys:
    """All that the roots of a product name, by the bytes of the public key.

    Attributes:
        known: those of Ed25519 by their 32 bytes, those of P-256 by their point, compressed.
    """

    known: Mapping[bytes, ListedKey]

    @classmethod
    def of(cls, roots: Iterable[Root]) -> ListedKeys:
        """Return the keys of some roots, the oldest first."""
        return cls({public: key for root in roots for public, key in _named(root)})

    def find(self, data: bytes) -> ListedKey | None:
        """Return whose private half a small file is, or has in it; also encoded or packed."""
        privates = dict.fromkeys(
            private
            for layer in layers(data)
            if len(layer) <= _MOST_BYTES
            for private in _privates(layer)
        )
        tried = islice(privates, _MOST_TRIED)
        publics = (public for private in tried for public in self._publics(private))
        return next((self.known[public] for public in publics if public in self.known), None)

    def _publics(self, private: bytes) -> Iterator[bytes]:
        """Yield what 32 bytes are the private half of, of the kinds that are known."""
        lengths = set(map(len, self.known))
        if 32 in lengths:
            yield Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
        if 33 in lengths:
            with suppress(ValueError):  # 0, or above the order of the curve
                number = int.from_bytes(private, "big")
                yield _point(derive_private_key(number, SECP256R1()).public_key())


def read_listed_keys(root_sha256: str, *reads: Read) -> ListedKeys | None:
    """Return the keys of all roots that verify, of the first that has one; None if none has.

    What comes after a root that does not verify nobody can follow: `chain` tells of it.

    Args:
        root_sha256: hex SHA-256 of metadata/1.root.json.
        reads: each returns the bytes at a path below BASE, or None where there is nothing.
    """
    for read in reads:
        with suppress(PublisherError):
            files = _verified_roots(read, root_sha256)
            return ListedKeys.of(Metadata[Root].from_bytes(data).signed for data in files)
    return None


def _verified_roots(read: Read, root_sha256: str) -> list[bytes]:
    """Return the roots up to the first that does not verify, or cannot be read.

    Raises:
        PublisherError: that is version 1.
    """
    asked: list[str] = []

    def watched(path: str) -> bytes | None:
        asked.append(path)
        return read(path)

    try:
        return read_roots(watched, root_sha256)
    except PublisherError:
        if len(asked) == 1:
            raise
    return read_roots(lambda path: None if path == asked[-1] else read(path), root_sha256)


def _named(root: Root) -> Iterator[tuple[bytes, ListedKey]]:
    for keyid, key in root.keys.items():
        roles = tuple(name for name, role in root.roles.items() if keyid in role.keyids)
        with suppress(LookupError, ValueError, UnsupportedAlgorithm):  # boards do not verify it
            yield _public(key), ListedKey(keyid, roles, root.version)


def _public(key: Key) -> bytes:
    """Return a key as `ListedKeys` knows it; an error of some kind for one of another."""
    public: str = key.keyval["public"]
    if key.keytype == "ed25519":
        return bytes.fromhex(public)
    loaded = load_pem_public_key(public.encode())
    if not isinstance(loaded, EllipticCurvePublicKey):
        raise ValueError(f"{key.keytype} is no kind that boards verify")
    return _point(loaded)


def _point(key: EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)


def _privates(data: bytes) -> Iterator[bytes]:
    """Yield what may be a private key: all of the bytes, or what a word of them stands for."""
    whole = (data.removesuffix(end) for end in (b"", b"\n", b"\r\n"))
    words = (_unwritten(word) for text in texts(data) for word in _words(text))
    for one in (*whole, *words):
        if len(one) in (_KEY_BYTES, 2 * _KEY_BYTES):
            yield one[:_KEY_BYTES]
        elif len(one) == _KEY_BYTES + 1 and one.startswith(b"\0"):  # a number in DER, or of openssl
            yield one[1:]


def _words(text: str) -> Iterator[str]:
    """Yield the words of a text that are as long as a key, also of one that is broken in lines."""
    for one in (text, "".join(text.split())):
        yield from _WORD.findall(one)


def _unwritten(word: str) -> bytes:
    """Return what hexadecimal digits, or else base64, stand for."""
    return bytes.fromhex(word) if _HEX.fullmatch(word) else decoded(word)
