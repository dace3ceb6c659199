import re

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    SECP384R1,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from publisher.errors import KeyAccessError
from publisher.signers import Passphrases, load_signers
from publisher.signers.pkcs8 import to_pem


def nobody(prompt):
    raise AssertionError(f"asked: {prompt}")


class Person:
    """Types these passphrases, one after another."""

    def __init__(self, *typed):
        self.typed = list(typed)
        self.prompts = []

    def __call__(self, prompt):
        self.prompts.append(prompt)
        return self.typed.pop(0)


@pytest.fixture
def key_file(tmp_path):
    def write(name="targets.pem", passphrase=None):
        key = Ed25519PrivateKey.generate()
        path = tmp_path / name
        path.write_bytes(to_pem(key, passphrase))
        path.chmod(0o600)
        return key

    return write


def load(folder, *names, ask=nobody, environment=None):
    passphrases = Passphrases(ask, environment or {})
    return load_signers([f"file:{name}" for name in names], folder, passphrases)


def test_a_signer_signs_with_the_key_of_its_file(key_file, tmp_path):
    key = key_file()
    (signer,) = load(tmp_path, "targets.pem")
    key.public_key().verify(bytes.fromhex(signer.sign(b"data").signature), b"data")


def test_a_path_may_be_absolute(key_file, tmp_path):
    key_file()
    assert load(tmp_path / "elsewhere", str(tmp_path / "targets.pem"))


@pytest.mark.parametrize("end", ["-----SECRET", "-----\nSECRET", "-----\\nSECRET"])
def test_a_key_in_place_of_a_path_is_not_shown(tmp_path, end):
    with pytest.raises(KeyAccessError, match=r'"file:\.\.\." names no signer') as caught:
        load(tmp_path, f"-----BEGIN PRIVATE KEY{end}")
    assert "SECRET" not in f"{caught.value} {caught.value.hint}"


def test_an_encrypted_key_opens_with_the_passphrase_of_the_environment(key_file, tmp_path):
    key_file(passphrase="correct horse")
    assert load(tmp_path, "targets.pem", environment={"SLOTCAST_PASSPHRASE": "correct horse"})


def test_a_person_is_asked_once_for_keys_with_the_same_passphrase(key_file, tmp_path):
    for name in ("a.pem", "b.pem", "c.pem"):
        key_file(name, passphrase="same")
    person = Person("same")
    assert len(load(tmp_path, "a.pem", "b.pem", "c.pem", ask=person)) == 3
    assert person.prompts == [f"Passphrase for {tmp_path / 'a.pem'}: "]


def test_keys_of_several_people_are_asked_for_one_by_one(key_file, tmp_path):
    key_file("a.pem", passphrase="hers")
    key_file("b.pem", passphrase="his")
    assert len(load(tmp_path, "a.pem", "b.pem", ask=Person("hers", "his"))) == 2


def test_a_wrong_passphrase_is_refused_without_a_word_of_it(key_file, tmp_path):
    key_file(passphrase="right")
    with pytest.raises(KeyAccessError, match="does not open") as caught:
        load(tmp_path, "targets.pem", ask=Person("wr0ng"))
    assert "wr0ng" not in str(caught.value)
    with pytest.raises(KeyAccessError, match="SLOTCAST_PASSPHRASE does not open"):
        load(tmp_path, "targets.pem", environment={"SLOTCAST_PASSPHRASE": "wr0ng"})


def test_a_key_that_others_can_read_is_refused(key_file, tmp_path):
    key_file()
    (tmp_path / "targets.pem").chmod(0o640)
    with pytest.raises(KeyAccessError, match="can be read by others") as caught:
        load(tmp_path, "targets.pem")
    assert caught.value.hint == f"chmod 600 {tmp_path / 'targets.pem'}"


def test_a_missing_key_is_named(tmp_path):
    with pytest.raises(KeyAccessError, match=re.escape(str(tmp_path / "gone.pem"))):
        load(tmp_path, "gone.pem")


def test_a_file_that_is_no_key_is_refused(tmp_path):
    (tmp_path / "x.pem").write_text("no key")
    (tmp_path / "x.pem").chmod(0o600)
    with pytest.raises(KeyAccessError, match="is not a PEM private key"):
        load(tmp_path, "x.pem")


def test_a_p256_key_signs_too(tmp_path):
    key = generate_private_key(SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "p256.pem").write_bytes(pem)
    (tmp_path / "p256.pem").chmod(0o600)
    (signer,) = load(tmp_path, "p256.pem")
    assert (signer.public_key.keytype, signer.public_key.scheme) == ("ecdsa", "ecdsa-sha2-nistp256")
    signature = bytes.fromhex(signer.sign(b"data").signature)
    key.public_key().verify(signature, b"data", ECDSA(SHA256()))


def test_a_key_of_another_kind_is_refused(tmp_path):
    key = generate_private_key(SECP384R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "p384.pem").write_bytes(pem)
    (tmp_path / "p384.pem").chmod(0o600)
    with pytest.raises(KeyAccessError, match="is neither an Ed25519 nor a P-256 key"):
        load(tmp_path, "p384.pem")


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("keys/targets.pem", '"keys/targets.pem"'),
        ("gcpkms:projects/x", '"gcpkms:..."'),
        ("file:", '"file:..."'),
        ("", "a text in"),
    ],
)
def test_a_uri_of_another_kind_is_refused(uri, shown, tmp_path):
    with pytest.raises(KeyAccessError, match=re.escape(f"{shown}") + ".* names no signer"):
        load_signers([uri], tmp_path, Passphrases(nobody, {}))


@pytest.mark.parametrize("before", ["", "pem:", "env:", "awskms:", "pkcs11:"])
def test_a_key_that_stands_where_its_name_should_is_not_shown(before, tmp_path):
    key = Ed25519PrivateKey.generate()
    for text in (to_pem(key, None).decode(), key.private_bytes_raw().hex()):
        with pytest.raises(KeyAccessError) as caught:
            load_signers([before + text], tmp_path, Passphrases(nobody, {}))
        shown = f"{caught.value} {caught.value.hint}"
        assert not any(line in shown for line in text.splitlines())


def test_a_new_passphrase_is_typed_twice():
    assert Passphrases(Person("one", "one"), {}).choose() == "one"
    with pytest.raises(KeyAccessError, match="differ"):
        Passphrases(Person("one", "two"), {}).choose()
    with pytest.raises(KeyAccessError, match="empty"):
        Passphrases(Person(""), {}).choose()


def test_the_environment_spares_the_typing():
    assert Passphrases(nobody, {"SLOTCAST_PASSPHRASE": "one"}).choose() == "one"
