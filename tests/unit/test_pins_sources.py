"""Pins out of certificates and keys are those that boards compute, or none."""

import ssl
from hashlib import sha256

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from publisher.certificates import Authority
from publisher.errors import SettingsError
from publisher.pins.live import Leaf
from publisher.pins.sources import certificate_pin, public_key_pin
from slotcast.pins import spki_sha256 as board_pin

# openssl req -x509 of an EC key with -conv_form compressed
COMPRESSED = """\
-----BEGIN CERTIFICATE-----
MIIBXTCCAQOgAwIBAgIUXrUCJZ1R6oQzyj3tBmNvA3NOaYYwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MB4XDTI2MTEyMjExMDAzMVoXDTI2MTIyMjEx
MDAzMVowFDESMBAGA1UEAwwJbG9jYWxob3N0MDkwEwYHKoZIzj0CAQYIKoZIzj0D
AQcDIgADfh3QTeTNJEuZvkSHeMEEwVzcGeRBTJpBfFv6+Y2mvU2jUzBRMB0GA1Ud
DgQWBBRf+GovKu4Dqzb9tB3jhxotZ1NuwDAfBgNVHSMEGDAWgBRf+GovKu4Dqzb9
tB3jhxotZ1NuwDAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIQCX
6JrKIINXayH5TQEunxyj3WnghjzhEM3GitLiAN5NSQIgBCY0sMTTUo9L7xhANh1v
KTccMcs3UGPr5e64qnsvKw8=
-----END CERTIFICATE-----
"""
# Its key: openssl pkey -pubout -ec_conv_form compressed
COMPRESSED_KEY = b"""\
-----BEGIN PUBLIC KEY-----
MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgADfh3QTeTNJEuZvkSHeMEEwVzcGeRB
TJpBfFv6+Y2mvU0=
-----END PUBLIC KEY-----
"""


def test_the_pin_of_a_certificate_is_what_boards_compute():
    pem = Authority.create("test root").issue(["localhost"]).cert_pem
    der = ssl.PEM_cert_to_DER_cert(
        pem.decode().partition("-----END")[0] + "-----END CERTIFICATE-----"
    )
    assert certificate_pin(pem, "leaf.pem") == board_pin(der).hex()


def test_a_certificate_whose_key_would_be_written_otherwise_has_no_pin():
    der = ssl.PEM_cert_to_DER_cert(COMPRESSED)
    rewritten = x509.load_der_x509_certificate(der).public_key()
    spki = rewritten.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert spki not in der
    with pytest.raises(SettingsError, match="has no sure pin") as caught:
        certificate_pin(COMPRESSED.encode(), "leaf.pem")
    assert "uncompressed" in caught.value.hint
    with pytest.raises(SettingsError, match="has no sure pin"):
        Leaf.from_der(der)


def test_a_public_key_that_would_be_written_otherwise_has_no_pin():
    with pytest.raises(SettingsError, match="has no sure pin"):
        public_key_pin(COMPRESSED_KEY, "key.pem")


@pytest.mark.parametrize(
    ("key", "form"),
    [
        (ec.generate_private_key(ec.SECP256R1()), PublicFormat.SubjectPublicKeyInfo),
        (rsa.generate_private_key(65537, 2048), PublicFormat.SubjectPublicKeyInfo),
        (rsa.generate_private_key(65537, 2048), PublicFormat.PKCS1),
    ],
    ids=["EC", "RSA", "RSA as PKCS#1"],
)
def test_the_pin_of_a_plain_public_key_is_that_of_its_certificate(key, form):
    public = key.public_key()
    pem = b"# the next key\n" + public.public_bytes(Encoding.PEM, form)
    spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert public_key_pin(pem, "key.pem") == sha256(spki).hexdigest()
