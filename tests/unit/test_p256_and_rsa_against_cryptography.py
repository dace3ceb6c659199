"""The board's P-256 and RSASSA-PSS verifiers and its reader of PEM, against `cryptography`."""

import functools
from base64 import b64encode
from hashlib import sha256

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from securesystemslib.signer import CryptoSigner, SSlibKey

from slotcast import p256, rsa_pss
from slotcast.spki import public_key

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
RSA_KINDS = [(65537, 2048), (3, 2056)]  # exponent, bits
PSS = padding.PSS(mgf=padding.MGF1(SHA256()), salt_length=32)


@functools.cache
def rsa_key(exponent: int, bits: int) -> rsa.RSAPrivateKey:
    """A key; made once, as finding primes takes a while."""
    return rsa.generate_private_key(exponent, bits)


def pem_of(key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def pem_text(der: bytes) -> str:
    text = b64encode(der).decode()
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return "\n".join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""])


def board_accepts(pem: str, signature: bytes, message: bytes) -> bool:
    kind, key = public_key(pem)
    digest = sha256(message).digest()
    if kind == "rsa":
        return rsa_pss.verify(*key, signature, digest)
    return p256.verify(key, signature, digest)


def peer_accepts(key: object, signature: bytes, message: bytes) -> bool:
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, message, PSS, SHA256())
        else:
            key.verify(signature, message, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def flipped(field: bytes, bit: int) -> bytes:
    changed = bytearray(field)
    changed[bit // 8 % len(field)] ^= 1 << bit % 8
    return bytes(changed)


@settings(max_examples=40, deadline=None)
@given(secret=st.integers(1, ORDER - 1), message=st.binary(max_size=100), bit=st.integers(0, 575))
def test_p256_signatures_and_bit_flips(secret: int, message: bytes, bit: int) -> None:
    private = ec.derive_private_key(secret, ec.SECP256R1())
    public, pem = private.public_key(), pem_of(private.public_key())
    signature = private.sign(message, ec.ECDSA(SHA256()))
    assert board_accepts(pem, signature, message)
    assert not board_accepts(pem, signature, message + b"\0")
    changed = flipped(signature, bit)
    assert board_accepts(pem, changed, message) == peer_accepts(public, changed, message)


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(RSA_KINDS), st.binary(max_size=100), st.integers(0, 2055))
def test_rsa_signatures_and_bit_flips(kind: tuple[int, int], message: bytes, bit: int) -> None:
    private = rsa_key(*kind)
    public, pem = private.public_key(), pem_of(private.public_key())
    signature = private.sign(message, PSS, SHA256())
    assert board_accepts(pem, signature, message)
    assert not board_accepts(pem, signature, message + b"\0")
    changed = flipped(signature, bit)
    assert board_accepts(pem, changed, message) == peer_accepts(public, changed, message)


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
def test_what_securesystemslib_signs_with_rsa_is_accepted(bits: int) -> None:
    signer = CryptoSigner.generate_rsa(size=bits)
    signature = bytes.fromhex(signer.sign(b"role").signature)
    assert signer.public_key.scheme == "rsassa-pss-sha256"
    assert board_accepts(signer.public_key.keyval["public"], signature, b"role")


def test_what_securesystemslib_signs_with_ecdsa_is_accepted() -> None:
    signer = CryptoSigner.generate_ecdsa()
    signature = bytes.fromhex(signer.sign(b"role").signature)
    assert signer.public_key.scheme == "ecdsa-sha2-nistp256"
    assert board_accepts(signer.public_key.keyval["public"], signature, b"role")


@pytest.mark.parametrize("salt_bytes", [0, 31, padding.PSS.MAX_LENGTH])
def test_salts_that_only_a_lenient_verifier_takes_are_refused(salt_bytes: int) -> None:
    private = rsa_key(*RSA_KINDS[0])
    pss = padding.PSS(mgf=padding.MGF1(SHA256()), salt_length=salt_bytes)
    signature = private.sign(b"role", pss, SHA256())
    key = SSlibKey.from_crypto(private.public_key())
    key._verify(signature, b"role")  # securesystemslib takes any length
    assert not board_accepts(key.keyval["public"], signature, b"role")


@settings(max_examples=20, deadline=None)
@given(st.integers(1, ORDER - 1))
def test_pem_of_p256_keys_is_read(secret: int) -> None:
    public = ec.derive_private_key(secret, ec.SECP256R1()).public_key()
    point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    assert public_key(pem_of(public)) == ("ecdsa", point)


def test_pem_of_rsa_keys_is_read() -> None:
    for kind in RSA_KINDS:
        public = rsa_key(*kind).public_key()
        numbers = public.public_numbers()
        assert public_key(pem_of(public)) == ("rsa", (numbers.n, numbers.e))


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(), st.binary(max_size=200).map(pem_text)))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        kind, _ = public_key(text)
    except ValueError:
        return
    assert kind in ("ecdsa", "rsa")
