import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from publisher.signers import Passphrases
from publisher.signers.pkcs8 import to_pem

KEY = Ed25519PrivateKey.generate()

# openssl genpkey -algorithm ed25519 | openssl pkcs8 -topk8 -scrypt -passout pass:vector
MADE_BY_OPENSSL = b"""-----BEGIN ENCRYPTED PRIVATE KEY-----
MIGTME8GCSqGSIb3DQEFDTBCMCEGCSsGAQQB2kcECzAUBAj4LqcOtAQ2+AICQAAC
AQgCAQEwHQYJYIZIAWUDBAEqBBDBW9HjVy8LLf5Zl+WmhCL2BEAyRxp1jGvGXGzK
P03p6w7pkAzzHCP2//jSUUWjCRQdg6q5DhBXtzUKeZdFBj1B+4wBrf+mT2DQyUPQ
lZkN20UE
-----END ENCRYPTED PRIVATE KEY-----
"""


@pytest.mark.parametrize("passphrase", ["x", "correct horse", "\u00e9t\u00e9", "y" * 300])
def test_an_encrypted_key_opens_with_its_passphrase_alone(passphrase):
    pem = to_pem(KEY, passphrase)
    opened = load_pem_private_key(pem, passphrase.encode())
    assert opened.private_bytes_raw() == KEY.private_bytes_raw()
    with pytest.raises(ValueError, match="password|deserialize"):
        load_pem_private_key(pem, b"another")
    with pytest.raises(TypeError):
        load_pem_private_key(pem, None)


def test_it_is_the_same_kind_of_file_as_openssl_writes():
    ours, theirs = to_pem(KEY, "vector").splitlines(), MADE_BY_OPENSSL.splitlines()
    assert (ours[0], ours[-1]) == (theirs[0], theirs[-1])
    assert max(len(line) for line in ours[1:-1]) == 64
    assert Passphrases(None, {"SLOTCAST_PASSPHRASE": "vector"}).unlock(MADE_BY_OPENSSL, "theirs")


def test_each_file_has_its_own_salt():
    assert to_pem(KEY, "x") != to_pem(KEY, "x")


def test_without_a_passphrase_it_is_plain_pkcs8():
    pem = to_pem(KEY, None)
    assert pem.startswith(b"-----BEGIN PRIVATE KEY-----\n")
    assert load_pem_private_key(pem, None).private_bytes_raw() == KEY.private_bytes_raw()
