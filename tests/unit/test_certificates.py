"""The local authority, and the CDN's roots."""

import ssl
import warnings
from base64 import b64encode
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path

import certifi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError
from hypothesis import given
from hypothesis import strategies as st

import slotcast.pins as device_pins
from publisher.certificates import (
    Authority,
    amazon_roots,
    load_pem_anchors,
    pick_roots,
    spki_sha256,
)
from publisher.errors import SettingsError
from publisher.pins.anchors import Anchor

ROOT_DER = Authority.create("test root").certificate_der


def leaf_of(certificate):
    return x509.load_pem_x509_certificates(certificate.cert_pem)[0]


def verify(certificate, authority, host, at=None):
    """As a strict client would, with `cryptography`'s own path building."""
    leaf, *chain = x509.load_pem_x509_certificates(certificate.cert_pem)
    builder = PolicyBuilder().store(Store([authority.certificate]))
    builder = builder.time(at or datetime.now(UTC))
    return builder.build_server_verifier(x509.DNSName(host)).verify(leaf, chain)


def test_issued_certificate_verifies_against_its_authority():
    authority = Authority.create("test root")
    verify(authority.issue(["localhost"]), authority, "localhost")


def test_issued_certificate_does_not_verify_against_another_authority_of_that_name():
    certificate = Authority.create("test root").issue(["localhost"])
    with pytest.raises(VerificationError):
        verify(certificate, Authority.create("test root"), "localhost")


def test_issued_certificate_is_for_its_hosts_only():
    authority = Authority.create("test root")
    certificate = authority.issue(["localhost", "updates.example.com", "127.0.0.1"])
    verify(certificate, authority, "updates.example.com")
    with pytest.raises(VerificationError):
        verify(certificate, authority, "example.com")
    names = leaf_of(certificate).extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert names.value.get_values_for_type(x509.IPAddress) == [ip_address("127.0.0.1")]


def test_intermediate_is_shown_with_the_leaf_and_leads_to_the_root():
    root = Authority.create("test root")
    certificate = root.create_intermediate("one").create_intermediate("two").issue(["localhost"])
    assert len(verify(certificate, root, "localhost")) == 4


def test_validity_is_as_asked_for():
    authority = Authority.create("test root")
    now = datetime.now(UTC).replace(microsecond=0)
    expired = authority.issue(["localhost"], now - timedelta(days=9), now - timedelta(hours=1))
    verify(expired, authority, "localhost", now - timedelta(hours=2))
    with pytest.raises(VerificationError):
        verify(expired, authority, "localhost")


def test_renewal_with_the_same_key_keeps_the_pin():
    authority = Authority.create("test root")
    first = authority.issue(["localhost"])
    assert authority.issue(["localhost"], key=first.key).spki_sha256 == first.spki_sha256
    assert authority.issue(["localhost"]).spki_sha256 != first.spki_sha256
    assert first.spki_sha256 == spki_sha256(leaf_of(first))


def test_repr_of_a_certificate_hides_its_key():
    certificate = Authority.create("test root").issue(["localhost"])
    assert "key" not in repr(certificate)


def test_authority_survives_being_kept_as_pem():
    authority = Authority.create("test root")
    again = Authority.from_pem(authority.certificate_pem, authority.key_pem)
    verify(again.issue(["localhost"]), authority, "localhost")


def key_pem(key):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize(
    "key",
    [
        Authority.create("another").key_pem,
        key_pem(ed25519.Ed25519PrivateKey.generate()),
        key_pem(rsa.generate_private_key(65537, 2048)),
        b"junk",
    ],
    ids=["another's", "ed25519", "rsa", "junk"],
)
def test_authority_with_a_key_that_is_not_its_own_is_refused(key):
    with pytest.raises(SettingsError):
        Authority.from_pem(Authority.create("test root").certificate_pem, key)


def test_pem_anchors_become_der():
    one, two = Authority.create("one"), Authority.create("two")
    text = (one.certificate_pem + b"# a comment\n" + two.certificate_pem).decode()
    assert load_pem_anchors(text) == [one.certificate_der, two.certificate_der]


@pytest.mark.parametrize("text", ["", "junk", "-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_file_without_a_certificate_is_refused(text):
    with pytest.raises(SettingsError):
        load_pem_anchors(text)


def test_servers_own_certificate_is_no_anchor():
    leaf = Authority.create("test root").issue(["localhost"])
    with pytest.raises(SettingsError, match="no authority's"):
        load_pem_anchors(leaf.cert_pem.decode())


def test_amazon_roots_have_the_keys_that_amazon_publishes():
    assert [b64encode(device_pins.spki_sha256(der)).decode() for der in amazon_roots()] == [
        "++MBgDH5WGvL9Bcn5Be30cRcL0f5O+NyoXuWtQdX1aI=",
        "f0KW/FtqTjs108NpYj42SrGvOB2PpxIVM8nWxjPqJGE=",
        "NqvDJlas/GRcYbcWE8S/IceH9cq77kg0jVhZeAPXq8k=",
        "9+ze1cZgR9KO1kZrVDxA4HQ6voHRCSVNz4RdTCx4U8U=",
        "KwccWaCgrnaw6tsrrSO61FgLacNgG2MMLq8GE6+oP5I=",
    ]


def test_root_that_the_bundle_lacks_is_named():
    one = Authority.create("one")
    wanted = {"One CA": sha256(one.certificate_der).hexdigest(), "Gone CA": "00" * 32}
    with pytest.raises(SettingsError, match="no Gone CA") as raised:
        pick_roots(one.certificate_pem.decode(), wanted)
    assert "certifi" in raised.value.hint


def readable_roots():
    """The public roots but the few that `cryptography` does not take, or is about to refuse."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", CryptographyDeprecationWarning)
        for pem in Path(certifi.where()).read_text("utf-8").split("\n\n"):
            with suppress(CryptographyDeprecationWarning, ValueError):
                yield x509.load_pem_x509_certificate(pem.encode())


def test_device_finds_the_same_keys_as_cryptography():
    certificates = list(readable_roots())
    for certificate in certificates:
        der = certificate.public_bytes(Encoding.DER)
        assert device_pins.spki_sha256(der).hex() == spki_sha256(certificate)
    assert len(certificates) > 90


@given(st.binary(max_size=300), st.integers(0, 600))
def test_device_refuses_broken_certificates_with_value_error_only(junk, at):
    der = ROOT_DER[:at] + junk + ROOT_DER[at + len(junk) :]
    with suppress(ValueError):
        assert len(device_pins.spki_sha256(der)) == 32


def test_device_refuses_certificates_cut_short_anywhere():
    for size in range(len(ROOT_DER)):
        with pytest.raises(ValueError, match="DER"):
            device_pins.spki_sha256(ROOT_DER[:size])


def self_signed(key, algorithm=None):
    name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "a root")])
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    valid = (begin, begin.replace(2036))
    builder = x509.CertificateBuilder(name, name, key.public_key(), 7, *valid)
    made = builder.add_extension(x509.BasicConstraints(True, None), True).sign(key, algorithm)
    return made.public_bytes(Encoding.PEM).decode()


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (ed25519.Ed25519PrivateKey.generate(), None),
        (ec.generate_private_key(ec.SECP521R1()), hashes.SHA512()),
        (ec.generate_private_key(ec.SECP256K1()), hashes.SHA256()),
    ],
    ids=["ed25519", "p521", "secp256k1"],
)
def test_a_root_of_a_key_that_boards_may_not_read_is_no_anchor(key, algorithm):
    pem = self_signed(key, algorithm)
    with pytest.raises(SettingsError, match="not RSA, or EC on P-256 or P-384") as raised:
        load_pem_anchors(pem)
    assert raised.value.hint
    with pytest.raises(ValueError, match="as boards need"):
        Anchor.from_der(ssl.PEM_cert_to_DER_cert(pem))


@pytest.mark.parametrize(
    "key",
    [rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP384R1())],
    ids=["rsa", "p384"],
)
def test_a_root_of_rsa_or_p384_is_an_anchor(key):
    pem = self_signed(key, hashes.SHA256())
    assert load_pem_anchors(pem) == [ssl.PEM_cert_to_DER_cert(pem)]


def test_each_of_amazon_s_roots_is_an_anchor():
    assert len([Anchor.from_der(der) for der in amazon_roots()]) == 5
