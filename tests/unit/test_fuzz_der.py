"""Certificates and public keys from anyone on the way: ValueError, or what `cryptography` reads."""

import warnings
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st

from slotcast.pins import PinCheck, spki_sha256
from slotcast.spki import public_key

P256_ALGORITHM = bytes.fromhex("301306072a8648ce3d020106082a8648ce3d030107")
RSA_ALGORITHM = bytes.fromhex("300d06092a864886f70d0101010500")
START = datetime(2026, 1, 1, tzinfo=UTC)
RSA_KEYS = [rsa.generate_private_key(65537, bits) for bits in (2048, 3072)]
KEYS = [*RSA_KEYS, ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()]
ELEMENTS = [b"\x30\0", b"\x02\1\1", b"\xa0\3\2\1\2", b"\x30\x80", b"\x03\2\0\4", b"\x30\x81\x80"]
ELEMENTS += [b"\x30", b"\x02", b"\x82\1\0", b"\x84", b"\0", b"\xff", P256_ALGORITHM, RSA_ALGORITHM]
TEXTS = st.text(st.characters(min_codepoint=32, max_codepoint=0x24F), min_size=1, max_size=64)
EDITS = st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 3), st.binary(max_size=3))


def spki_of(key):
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def certificate(key, name="host", serial=1, days=30, is_ca=False):
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), serial)
    builder = builder.not_valid_before(START).not_valid_after(START + timedelta(days))
    if is_ca:
        builder = builder.add_extension(x509.BasicConstraints(True, 0), True)
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else SHA256()
    return builder.sign(key, algorithm).public_bytes(Encoding.DER)


def edited(data, edit):
    place, cut, new = edit
    at = int(place * len(data))
    return data[:at] + new + data[at + cut :]


CERTIFICATES = [certificate(key, is_ca=True) for key in KEYS]
P256 = ec.derive_private_key(3, ec.SECP256R1()).public_key()
PUBLIC = [key.public_key() for key in RSA_KEYS] + [P256]


def taken(function, *arguments):
    """What it returns, or None for ValueError; nothing else may be raised."""
    try:
        return function(*arguments)
    except ValueError:
        return None


@examples(60)
@given(st.sampled_from(KEYS), TEXTS, st.integers(1, 2**159 - 1), st.integers(1, 9000))
def test_the_key_of_any_sound_certificate_is_found(key, name, serial, days):
    der = certificate(key, name, serial, days)
    assert spki_sha256(der) == sha256(spki_of(key.public_key())).digest()


@examples(300)
@given(st.sampled_from(CERTIFICATES), st.lists(EDITS, min_size=1, max_size=2))
def test_a_changed_certificate_is_refused_or_read_as_by_cryptography(der, edits):
    for edit in edits:
        der = edited(der, edit)
    found, peer = taken(spki_sha256, der), taken(peer_key, der)
    assert found is None or len(found) == 32
    assert found is None or peer is None or found == sha256(peer).digest()
    # Inside the handshake: no exception may cross mbedTLS, and the key is not pinned.
    assert PinCheck([bytes(32)])(der, 0) < 0


def peer_key(der):
    """The SubjectPublicKeyInfo as it stands in a certificate that `cryptography` takes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return spki_of(x509.load_der_x509_certificate(der).public_key())
        except UnsupportedAlgorithm:
            return None


@examples(300)
@given(st.lists(st.sampled_from(ELEMENTS), max_size=12).map(b"".join), st.integers(0, 2))
def test_no_row_of_elements_raises_another_error(content, depth):
    for _ in range(depth):
        content = b"\x30" + bytes([len(content)])[: len(content) < 128] + content
    taken(spki_sha256, content)
    taken(public_key, pem_of(content))


def pem_of(der):
    text = b64encode(der).decode()
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return "\n".join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""])


@examples(200)
@given(st.sampled_from(PUBLIC), st.lists(EDITS, min_size=1, max_size=2))
def test_a_changed_key_is_refused_or_read_as_by_cryptography(key, edits):
    der = spki_of(key)
    for edit in edits:
        der = edited(der, edit)
    found = taken(public_key, pem_of(der))
    if found is None:
        return
    try:
        peer = load_pem_public_key(pem_of(der).encode())
    except (ValueError, UnsupportedAlgorithm):
        return  # not on the curve, or too small: those that verify with it see
    assert found == as_numbers(peer)


@examples(200)
@given(st.sampled_from(PUBLIC), st.floats(0, 1, exclude_max=True), st.text(max_size=2))
def test_a_key_has_one_spelling(key, place, new):
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    assert public_key(pem) == public_key(pem[:-1]) == as_numbers(key)
    at = int(place * len(pem))
    other = pem[:at] + new + pem[at + 1 :]
    found = taken(public_key, other)
    assert found is None or found != as_numbers(key) or other in (pem, pem[:-1])


def as_numbers(key):
    """The key as slotcast.spki gives it."""
    if isinstance(key, rsa.RSAPublicKey):
        return "rsa", (key.public_numbers().n, key.public_numbers().e)
    return "ecdsa", key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
