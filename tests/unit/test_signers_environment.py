import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from publisher.errors import KeyAccessError
from publisher.signers import Passphrases, load_signers
from publisher.signers.pkcs8 import to_pem

KEY = Ed25519PrivateKey.generate()
PEM = to_pem(KEY, None).decode()


def nobody(prompt):
    raise AssertionError(f"asked: {prompt}")


def load(tmp_path, value, name="SLOTCAST_KEY_TARGETS", **more):
    environment = {"SLOTCAST_KEY_TARGETS": value, **more}
    (signer,) = load_signers([f"env:{name}"], tmp_path, Passphrases(nobody, environment))
    return signer


def spellings(pem):
    return {
        "as it is": pem,
        "no last line end": pem.strip(),
        "CRLF": pem.replace("\n", "\r\n"),
        "escaped": pem.replace("\n", "\\n"),
        "escaped CRLF": pem.replace("\n", "\\r\\n"),
        "spaces": pem.replace("\n", " "),
        "base64": base64.b64encode(pem.encode()).decode(),
        "base64 in lines": base64.encodebytes(pem.encode()).decode(),
    }


@pytest.mark.parametrize("how", spellings(""))
def test_a_key_is_read_however_ci_hands_it_out(how, tmp_path):
    signer = load(tmp_path, spellings(PEM)[how])
    KEY.public_key().verify(bytes.fromhex(signer.sign(b"data").signature), b"data")


@pytest.mark.parametrize("how", spellings(""))
def test_so_is_an_encrypted_one(how, tmp_path):
    encrypted = to_pem(KEY, "correct horse").decode()
    value = spellings(encrypted)[how]
    assert load(tmp_path, value, SLOTCAST_PASSPHRASE="correct horse")
    with pytest.raises(KeyAccessError, match="SLOTCAST_PASSPHRASE does not open SLOTCAST_KEY"):
        load(tmp_path, value, SLOTCAST_PASSPHRASE="wrong")


@pytest.mark.parametrize("value", ["", " \n"])
def test_a_variable_that_is_not_set_is_named(value, tmp_path):
    with pytest.raises(KeyAccessError, match="variable SLOTCAST_KEY_TARGETS is not set, or empty"):
        load(tmp_path, value)
    with pytest.raises(KeyAccessError, match="variable NOT_THERE is not set"):
        load(tmp_path, "", name="NOT_THERE")


@pytest.mark.parametrize(
    "value",
    [
        "hunter2",
        KEY.private_bytes_raw().hex(),
        base64.b64encode(KEY.private_bytes_raw()).decode(),
        "".join(PEM.splitlines()[1:-1]),
        PEM.replace("PRIVATE", "EC PRIVATE"),
        PEM + PEM,
        PEM.replace("-----END", "----END"),
        PEM.replace("MC4C", "MC5C"),
        "é" + PEM,
    ],
    ids=str.split("text hex base64 der another twice cut altered foreign"),
)
def test_what_is_no_key_is_refused_and_not_shown(value, tmp_path):
    with pytest.raises(KeyAccessError) as caught:
        load(tmp_path, value)
    shown = f"{caught.value} {caught.value.hint}"
    assert "SLOTCAST_KEY_TARGETS" in shown
    assert not any(line in shown for line in value.splitlines())


def test_a_key_in_the_older_form_is_told_how_to_change(tmp_path):
    key = generate_private_key(SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    with pytest.raises(KeyAccessError, match="holds no PEM private key") as caught:
        load(tmp_path, pem.decode())
    assert "openssl pkcs8 -topk8" in caught.value.hint


@pytest.mark.parametrize("name", ["1X", "A B", "A" * 49, "A\n"])
def test_a_name_that_is_none_is_refused_and_not_shown(name, tmp_path):
    with pytest.raises(KeyAccessError, match="followed by no variable's name") as caught:
        load(tmp_path, PEM, name=name)
    assert name not in str(caught.value)
