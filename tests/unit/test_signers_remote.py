"""Signers whose keys are elsewhere, in the hands of the repository."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from products import Product

from publisher.errors import KeyAccessError
from publisher.signers.remote import RemoteSigner


def refuse(message):
    raise KeyAccessError("the key is locked away", "fetch it")


def test_why_a_signer_does_not_sign_reaches_the_person():
    product = Product()
    public = Ed25519PrivateKey.generate().public_key()
    product.signers["targets"] = [RemoteSigner("key x", public, refuse)]
    with pytest.raises(KeyAccessError, match="^the key is locked away$") as caught:
        product.open().renew("targets")
    assert caught.value.hint == "fetch it"


@pytest.mark.parametrize("signature", [b"", b"\0" * 64, b"no signature at all"])
@pytest.mark.parametrize(
    "key",
    [Ed25519PrivateKey.generate(), generate_private_key(SECP256R1())],
    ids=["ed25519", "p256"],
)
def test_what_is_no_signature_is_never_passed_on(key, signature):
    signer = RemoteSigner("key x", key.public_key(), lambda message: signature)
    with pytest.raises(KeyAccessError, match="^key x gave a signature that its key did not make$"):
        signer.sign(b"message")
