"""Public keys as TUF's metadata hold them for RSA and ECDSA: PEM of SubjectPublicKeyInfo.

Only one text per key is taken: what OpenSSL and `cryptography` write (RFC 7468: lines of 64, each
ended by a newline), which the last newline may be missing from. Points must be uncompressed, as
these write them.
"""

from binascii import a2b_base64, b2a_base64

from slotcast.der import element, natural

_HEAD = "-----BEGIN PUBLIC KEY-----\n"
_TAIL = "-----END PUBLIC KEY-----\n"
_SEQUENCE = 0x30
_BIT_STRING = 0x03
# AlgorithmIdentifier, whole. RFC 5480 section 2.1: id-ecPublicKey, secp256r1. RFC 3279 section
# 2.3.1: rsaEncryption, NULL.
_P256 = b"\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"
_RSA = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00"
_POINT_BYTES = 65
_UNCOMPRESSED = 0x04


def public_key(pem) -> tuple:
    """("ecdsa", point) for P-256, or ("rsa", (modulus, exponent)).

    The point is 65 bytes, uncompressed. Whether it is on the curve, and whether an RSA key's
    numbers are fit for use, is for those to see that verify with them.

    Raises ValueError for everything else than PEM of such a key.
    """
    view = memoryview(_der(pem))
    at, end = element(view, 0, len(view), _SEQUENCE)
    if end != len(view):
        raise ValueError("bytes behind the public key")
    start = at
    at = element(view, at, end, _SEQUENCE)[1]
    algorithm = bytes(view[start:at])
    content = _bits(view, at, end)
    if algorithm == _P256:
        return "ecdsa", _point(content)
    if algorithm == _RSA:
        return "rsa", _numbers(content)
    raise ValueError("public key is neither P-256 nor RSA")


def _der(pem):
    """The bytes that PEM stands for."""
    if not isinstance(pem, str):
        raise ValueError("public key is no text")
    text = pem if pem.endswith("\n") else pem + "\n"
    der = a2b_base64(text[len(_HEAD) : -len(_TAIL)])
    if _pem(der) != text:
        raise ValueError("not PEM of a public key as it must be written")
    return der


def _pem(der):
    """The text that DER has as PEM."""
    lines = [_HEAD]
    for at in range(0, len(der), 48):
        lines.append(b2a_base64(der[at : at + 48]).decode())
    lines.append(_TAIL)
    return "".join(lines)


def _bits(view, at, end):
    """What the BIT STRING at `at` holds, which must be whole bytes and end at `end`."""
    at, last = element(view, at, end, _BIT_STRING)
    if last != end or at == last or view[at]:
        raise ValueError("public key is no string of whole bytes, or has bytes behind it")
    return view[at + 1 : last]


def _point(content):
    if len(content) != _POINT_BYTES or content[0] != _UNCOMPRESSED:
        raise ValueError("public key is no uncompressed point")
    return bytes(content)


def _numbers(content):
    """Modulus and exponent of an RSAPublicKey (RFC 8017 appendix A.1.1)."""
    at, end = element(content, 0, len(content), _SEQUENCE)
    modulus, at = natural(content, at, end)
    exponent, at = natural(content, at, end)
    if at != end or end != len(content):
        raise ValueError("bytes behind the RSA key's numbers")
    return modulus, exponent
