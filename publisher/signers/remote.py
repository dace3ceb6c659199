"""A signer whose private key does not leave its place: a key service's, or a token's."""

from __future__ import annotations

from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from securesystemslib.exceptions import UnverifiedSignatureError
from securesystemslib.signer import Key, SecretsHandler, Signature, Signer, SSlibKey

from publisher.errors import KeyAccessError

PublicKey = Ed25519PublicKey | EllipticCurvePublicKey


class RemoteSigner(Signer):
    """Signs elsewhere, and verifies each signature before anybody relies on it.

    Args:
        name: what errors call the key.
        public: its public half.
        sign: takes a message, returns the signature: 64 bytes for Ed25519 (RFC 8032), DER of an
            Ecdsa-Sig-Value (RFC 3279, section 2.2.3) over SHA-256 for P-256.
    """

    def __init__(self, name: str, public: PublicKey, sign: Callable[[bytes], bytes]) -> None:
        self._name = name
        self._key = SSlibKey.from_crypto(public)
        self._sign = sign

    @property
    def public_key(self) -> SSlibKey:
        """The key as root lists it."""
        return self._key

    @classmethod
    def from_priv_key_uri(
        cls, priv_key_uri: str, public_key: Key, secrets_handler: SecretsHandler | None = None
    ) -> Signer:
        """Refuse: securesystemslib's own URIs say less than ours (signers/__init__.py)."""
        raise NotImplementedError("signers are made by load_signers")

    def sign(self, payload: bytes) -> Signature:
        """Return the signature of a message.

        Raises:
            KeyAccessError: there is none, or it is not by this key.
        """
        signature = Signature(self._key.keyid, self._sign(payload).hex())
        try:
            self._key.verify_signature(signature, payload)
        except UnverifiedSignatureError:
            message = f"{self._name} gave a signature that its key did not make"
            raise KeyAccessError(message) from None
        return signature


def to_usable_key(name: str, public: object) -> PublicKey:
    """Return a public key of a kind that boards verify.

    Raises:
        KeyAccessError: it is of another.
    """
    if isinstance(public, Ed25519PublicKey):
        return public
    if isinstance(public, EllipticCurvePublicKey) and isinstance(public.curve, SECP256R1):
        return public
    hint = "a key's kind cannot be changed: make a new one, and have root list it"
    raise KeyAccessError(f"{name} is neither an Ed25519 nor a P-256 key", hint)
