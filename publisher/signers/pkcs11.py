"""`pkcs11:...`: a key on a token (HSM, smart card, SoftHSM), which makes the signatures.

Ed25519 by CKM_EDDSA, P-256 by CKM_ECDSA over a SHA-256 that is made here (PKCS #11 3.0, 2.3). The
private key is found by label or id, its public half by the private key's id, or else its label.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Protocol, cast

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass, Session
from pkcs11.exceptions import AttributeTypeInvalid

from publisher.errors import KeyAccessError
from publisher.signers.passphrases import Passphrases
from publisher.signers.pkcs11_session import Sessions
from publisher.signers.pkcs11_uri import Pkcs11Uri, parse
from publisher.signers.remote import PublicKey, RemoteSigner

_KINDS = "boards verify Ed25519 and P-256: make such a key on the token"
_LIST = "pkcs11-tool --login --list-objects tells what there is"
_P256 = bytes.fromhex("06082a8648ce3d030107")  # DER of its object identifier (RFC 5480, 2.1.1.1)
_P256_POINT_BYTES, _ED25519_POINT_BYTES = 65, 32
_OCTET_STRING = 0x04


def load(rest: str, passphrases: Passphrases) -> RemoteSigner:
    """Return the signer of what follows `pkcs11:`; the PIN is asked for, or in the environment.

    Raises:
        KeyAccessError: the key cannot be reached, or is of another kind than Ed25519 and P-256.
    """
    uri = parse(rest, passphrases.environment)
    key = TokenKey(uri, Sessions(uri, passphrases))
    return RemoteSigner(uri.name, key.public(), key.sign)


class KeyObject(Protocol):
    """A private or public key on a token, as python-pkcs11 has it."""

    @property
    def key_type(self) -> KeyType:
        """CKA_KEY_TYPE."""

    def __getitem__(self, name: Attribute) -> object:
        """Return an attribute; AttributeTypeInvalid if the token knows none of the kind."""

    def sign(self, data: bytes, *, mechanism: Mechanism, pin: str | None) -> bytes:
        """Return a signature as the token makes it; a PIN is given again for this use alone."""


class TokenKey:
    """One private key on a token.

    Args:
        uri: names the key.
        sessions: opens sessions with the token.
    """

    def __init__(self, uri: Pkcs11Uri, sessions: Sessions) -> None:
        self._uri = uri
        self._sessions = sessions

    def public(self) -> PublicKey:
        """Return the public key, once it is sure that the private one is there."""
        with self._sessions.open() as opened:
            return self._public(opened.session, self._private(opened.session))

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message, as RemoteSigner wants it."""
        with self._sessions.open() as opened:
            key = self._private(opened.session)
            pin = opened.pin if _attribute(key, Attribute.ALWAYS_AUTHENTICATE) else None
            if key.key_type == KeyType.EC_EDWARDS:
                return bytes(key.sign(message, mechanism=Mechanism.EDDSA, pin=pin))
            digest = hashlib.sha256(message).digest()
            return _to_der(bytes(key.sign(digest, mechanism=Mechanism.ECDSA, pin=pin)))

    def _private(self, session: Session) -> KeyObject:
        named = {Attribute.LABEL: self._uri.label, Attribute.ID: self._uri.key_id}
        search = {name: value for name, value in named.items() if value}
        found = _search(session, ObjectClass.PRIVATE_KEY, search)
        if not found:
            raise KeyAccessError(f"{self._uri.name}: there is no such private key", _LIST)
        if len(found) > 1:
            hint = "name both object= and id=, in which keys differ"
            raise KeyAccessError(f"{self._uri.name}: there are {len(found)} such keys", hint)
        return found[0]

    def _public(self, session: Session, private: KeyObject) -> PublicKey:
        key_id = _attribute(private, Attribute.ID)
        label = self._uri.label
        search = {Attribute.ID: key_id} if key_id else {Attribute.LABEL: label}
        halves = _search(session, ObjectClass.PUBLIC_KEY, search)
        found = [key for key in halves if key.key_type == private.key_type]
        if len(found) != 1:
            hint = "the token must hold the public key under the private one's id"
            message = f"{self._uri.name}: {len(found) or 'no'} public keys belong to it"
            raise KeyAccessError(message, hint)
        return _decode(found[0], self._uri.name)


def _search(
    session: Session, kind: ObjectClass, attributes: Mapping[Attribute, object]
) -> list[KeyObject]:
    # All at once: while a search goes on, a session does nothing else.
    found = list(session.get_objects({Attribute.CLASS: kind, **attributes}))
    return cast("list[KeyObject]", found)


def _attribute(key: KeyObject, name: Attribute) -> object:
    """Return a key's attribute; None where the token knows none of the kind."""
    try:
        return key[name]
    except AttributeTypeInvalid:
        return None


def _decode(key: KeyObject, name: str) -> PublicKey:
    """Return a public key of its CKA_EC_POINT: bare, or in an OCTET STRING, as versions differ."""
    is_ed25519 = key.key_type == KeyType.EC_EDWARDS
    is_p256 = key.key_type == KeyType.EC and key[Attribute.EC_PARAMS] == _P256
    if not is_ed25519 and not is_p256:
        raise KeyAccessError(f"{name} is neither an Ed25519 nor a P-256 key", _KINDS)
    size = _ED25519_POINT_BYTES if is_ed25519 else _P256_POINT_BYTES
    point = cast("bytes", key[Attribute.EC_POINT])
    if len(point) == size + 2 and point[:2] == bytes([_OCTET_STRING, size]):
        point = point[2:]
    try:
        if is_ed25519:
            return Ed25519PublicKey.from_public_bytes(point)
        return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
    except ValueError:
        raise KeyAccessError(f"{name} is neither an Ed25519 nor a P-256 key", _KINDS) from None


def _to_der(signature: bytes) -> bytes:
    """Return the DER of r and s, which tokens put side by side (PKCS #11 3.0, 2.3.1)."""
    half = len(signature) // 2
    r, s = (int.from_bytes(part, "big") for part in (signature[:half], signature[half:]))
    return encode_dss_signature(r, s)
