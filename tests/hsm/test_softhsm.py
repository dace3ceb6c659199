"""`pkcs11:` signers with a real module and a token in software."""

import pytest

from publisher.errors import KeyAccessError
from publisher.signers import Passphrases, load_signers

TARGETS, TIMESTAMP = "pkcs11:token=slotcast;object=targets", "pkcs11:token=slotcast;id=%02"


@pytest.fixture
def load(hsm, tmp_path):
    """Loads one signer by its URI."""

    def load(uri, **more):
        environment = {**hsm.environment(), **more}
        (signer,) = load_signers([uri], tmp_path, Passphrases(None, environment))
        return signer

    return load


@pytest.mark.parametrize(
    ("uri", "scheme"), [(TARGETS, "ed25519"), (TIMESTAMP, "ecdsa-sha2-nistp256")]
)
def test_a_token_signs(load, uri, scheme):
    signer = load(uri)
    assert signer.public_key.scheme == scheme
    for size in (1, 32, 4097, 32_768):  # each is verified before it is returned
        assert signer.sign(b"m" * size).keyid == signer.public_key.keyid


def test_two_keys_of_one_token_sign_in_turn(load):
    one, other = load(TARGETS), load(TIMESTAMP)
    for _ in range(3):
        one.sign(b"message")
        other.sign(b"message")


def test_a_wrong_pin_is_told_and_the_right_one_works_after_it(load):
    with pytest.raises(KeyAccessError, match="the PIN is wrong"):
        load(TARGETS, SLOTCAST_PKCS11_PIN="11223344")
    assert load(TARGETS)


def test_a_key_that_is_not_there_is_told(load):
    with pytest.raises(KeyAccessError, match="there is no such private key"):
        load("pkcs11:token=slotcast;object=none")


def test_a_token_that_is_not_there_is_told(load):
    with pytest.raises(KeyAccessError, match="the token is not there") as caught:
        load("pkcs11:token=other;object=targets")
    assert caught.value.hint == "tokens there: slotcast"


def test_two_keys_of_one_label_are_told_apart_by_id(load, hsm):
    hsm.add_ed25519("twin", b"\3")
    hsm.add_ed25519("twin", b"\4")
    with pytest.raises(KeyAccessError, match="there are 2 such keys"):
        load("pkcs11:token=slotcast;object=twin")
    assert load("pkcs11:token=slotcast;object=twin;id=%04").sign(b"m")


def test_a_key_of_another_curve_is_refused(load, hsm):
    hsm.add_ec("p384", b"\5", "secp384r1")
    with pytest.raises(KeyAccessError, match="is neither an Ed25519 nor a P-256 key"):
        load("pkcs11:token=slotcast;object=p384")


def test_a_file_that_is_no_module_is_told(load):
    with pytest.raises(KeyAccessError, match="the module /etc/hostname does not load"):
        load(TARGETS, SLOTCAST_PKCS11_MODULE="/etc/hostname")
