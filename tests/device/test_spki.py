"""Public keys out of PEM: only what OpenSSL writes, whole and for two kinds of keys."""

from binascii import a2b_base64, b2a_base64

from check import raises

from slotcast.p256_base import MULTIPLES
from slotcast.spki import public_key

# Of the private key 3, and of an RSA key that is used nowhere; as OpenSSL writes them.
P256 = (
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEXsvk0aYzCkTI9++VHUvxZebGtyHv\n"
    "ramF+0FmG8bn/WyHNGQMSZj/fjdLBs4aZKLs2CqwNjhPuD2aebEnon1QMg==\n"
    "-----END PUBLIC KEY-----\n"
)
RSA = (
    "-----BEGIN PUBLIC KEY-----\n"
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA3RjSO+UWWbv6E0uZo2rN\n"
    "QyxZyiy9V7lgXRVHFplVl0jR64yvUjU6Hh1/wjXdlFZHXvy8EHDZjYoE1U+f1+ZG\n"
    "186l8TEX9S3LMWhx3PzuDZb/FGpDK8UleQU1rB7RHCA98YIeP8g798d1F/cUL1l0\n"
    "77K4UIYHkLkcdO/xToI48ZIWUWvEWXIAqui4uqr2mgAghFMrqJC7KqG90Zu5CMz/\n"
    "OlUCnmGOZIPxlyDacUrdHe+qVZIsHhLwwJVAnxeQGA5NAh/G+rwKgSPlbLOF/+qh\n"
    "+CR/4DXsqAMwgn57n/R9hl6IXn9XUD4vOEMmvR1A8NBogNTJBj5wsrgPRaHGiIyr\n"
    "2QIDAQAB\n"
    "-----END PUBLIC KEY-----\n"
)
POINT = b"\x04" + MULTIPLES[64:128]  # [3]G
P256_ALGORITHM = bytes.fromhex("301306072a8648ce3d020106082a8648ce3d030107")
RSA_ALGORITHM = bytes.fromhex("300d06092a864886f70d0101010500")


def _element(tag, content):
    if len(content) < 128:
        return bytes([tag, len(content)]) + content
    return bytes([tag, 0x82]) + len(content).to_bytes(2, "big") + content


def _spki(algorithm, key, unused_bits=0):
    return _element(0x30, algorithm + _element(0x03, bytes([unused_bits]) + key))


def _pem(der, label="PUBLIC KEY", width=64, newline="\n"):
    text = b2a_base64(der).decode().strip()
    lines = [text[at : at + width] for at in range(0, len(text), width)]
    return newline.join(["-----BEGIN %s-----" % label] + lines + ["-----END %s-----" % label, ""])


def _der(pem):
    return a2b_base64("".join(pem.split("\n")[1:-2]))


def _rsa(modulus, exponent, behind=b""):
    """DER of an RSA key whose numbers are given as the contents of INTEGERs."""
    numbers = _element(0x02, modulus) + _element(0x02, exponent) + behind
    return _spki(RSA_ALGORITHM, _element(0x30, numbers))


def test_a_p256_key():
    assert public_key(P256) == ("ecdsa", POINT)
    assert _pem(_spki(P256_ALGORITHM, POINT)) == P256


def test_an_rsa_key():
    kind, (modulus, exponent) = public_key(RSA)
    assert kind == "rsa" and exponent == 65537
    assert modulus >> 2047 == 1 and modulus.to_bytes(256, "big") in _der(RSA)


def test_the_last_newline_may_be_missing():
    assert public_key(P256[:-1]) == public_key(P256)
    raises(ValueError, public_key, P256[:-2])


def test_other_text_than_openssl_writes_is_refused():
    der = _der(P256)
    texts = {
        "nothing": "",
        "no key": "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
        "the first line alone": "-----BEGIN PUBLIC KEY-----\n",
        "another label": _pem(der, "EC PUBLIC KEY"),
        "a certificate": _pem(der, "CERTIFICATE"),
        "longer lines": _pem(der, width=76),
        "one line": _pem(der, width=1000),
        "carriage returns": _pem(der, newline="\r\n"),
        "an empty line": P256.replace("\n", "\n\n", 1),
        "a newline behind": P256 + "\n",
        "a newline before": "\n" + P256,
        "text before": "key:\n" + P256,
        "another key behind": P256 + P256,
        "a blank in a line": P256.replace("M", " M", 1),
        "a letter that is none of base64": P256.replace("M", "!M", 1),
        "a letter beyond ASCII": P256.replace("M", "\u20ac", 1),
        "no padding": _pem(der).replace("=", ""),
        "the base64 alone": b2a_base64(der).decode(),
    }
    for name, text in texts.items():
        raises(ValueError, public_key, text)
        assert text != P256, name


def test_bits_that_base64_leaves_over_must_be_zero():
    der = _spki(P256_ALGORITHM, POINT)
    assert len(der) % 3 == 1 and P256.count("==\n") == 1
    at = P256.index("==\n") - 1
    assert P256[at] in "AQgw"
    raises(ValueError, public_key, P256[:at] + chr(ord(P256[at]) + 1) + P256[at + 1 :])


def test_what_is_not_text_is_refused():
    for other in (None, 5, True, 1.5, {}, [P256], b"", P256.encode()):
        raises(ValueError, public_key, other)


def test_other_algorithms_are_refused():
    algorithms = {
        "Ed25519": "300506032b6570",
        "P-384": "301006072a8648ce3d020106052b81040022",
        "secp256k1": "301006072a8648ce3d020106052b8104000a",
        "P-256 for ECDH alone": "301106052b8104010c06082a8648ce3d030107",
        "elliptic, curve not told": "300906072a8648ce3d0201",
        "RSA, parameters missing": "300b06092a864886f70d010101",
        "RSA for PSS alone": "300b06092a864886f70d01010a",
        "RSA for OAEP alone": "300d06092a864886f70d0101070500",
        "DSA": "300906072a8648ce380401",
    }
    for name, algorithm in algorithms.items():
        for key in (POINT, _element(0x30, b"\x02\x01\x05\x02\x01\x03")):
            der = _spki(bytes.fromhex(algorithm), key)
            raises(ValueError, public_key, _pem(der), says="neither")
            assert der, name


def test_points_must_be_uncompressed():
    x = POINT[1:33]
    for point in (b"\x02" + x, b"\x03" + x, b"\x06" + POINT[1:], b"\x00", b"", POINT[1:]):
        raises(ValueError, public_key, _pem(_spki(P256_ALGORITHM, point)), says="no uncompressed")
    for point in (POINT + b"\x00", POINT[:-1], b"\x07" + POINT[1:]):
        raises(ValueError, public_key, _pem(_spki(P256_ALGORITHM, point)), says="no uncompressed")


def test_the_numbers_of_an_rsa_key_must_be_der():
    assert public_key(_pem(_rsa(b"\x05", b"\x03"))) == ("rsa", (5, 3))
    assert public_key(_pem(_rsa(b"\x00\x80", b"\x00"))) == ("rsa", (128, 0))
    for modulus in (b"", b"\x80", b"\xff\x05", b"\x00\x05", b"\x00\x00\x80"):
        raises(ValueError, public_key, _pem(_rsa(modulus, b"\x03")), says="integer")
        raises(ValueError, public_key, _pem(_rsa(b"\x05", modulus)), says="integer")


def test_bytes_behind_are_refused_at_every_level():
    raises(ValueError, public_key, _pem(_rsa(b"\x05", b"\x03", b"\x00")), says="behind")
    numbers = _element(0x30, b"\x02\x01\x05\x02\x01\x03")
    raises(ValueError, public_key, _pem(_spki(RSA_ALGORITHM, numbers + b"\x00")), says="behind")
    bits = _element(0x03, b"\x00" + POINT)
    der = _element(0x30, P256_ALGORITHM + bits + b"\x00")
    raises(ValueError, public_key, _pem(der), says="behind")
    raises(ValueError, public_key, _pem(_der(P256) + b"\x00"), says="behind")


def test_a_key_is_a_string_of_whole_bytes():
    raises(ValueError, public_key, _pem(_spki(P256_ALGORITHM, POINT, 1)), says="whole bytes")
    der = _element(0x30, P256_ALGORITHM + _element(0x03, b""))
    raises(ValueError, public_key, _pem(der), says="whole bytes")
    der = _element(0x30, P256_ALGORITHM + _element(0x04, b"\x00" + POINT))
    raises(ValueError, public_key, _pem(der), says="DER element")


def test_a_key_cut_short_anywhere_is_refused():
    for pem in (P256, RSA):
        der = _der(pem)
        for length in range(len(der)):
            raises(ValueError, public_key, _pem(der[:length]))


def test_a_changed_byte_gives_another_key_or_is_refused():
    for pem in (P256, RSA):
        key, der = public_key(pem), _der(pem)
        for at in range(len(der)):
            changed = bytearray(der)
            changed[at] ^= 0x81
            try:
                assert public_key(_pem(changed)) != key
            except ValueError:
                continue
            assert at > 20  # in the key's own bytes: nothing before them can change
