"""ECDSA signature verification over P-256 (FIPS 186-5 section 6.4.2; SEC 1 section 4.1.4).

Beyond a signature that does not fit, it refuses: signatures that are not the DER of two integers
(minimal lengths, minimal positive integers, nothing behind); r and s outside [1, n - 1]; public
keys that are not an uncompressed point of the curve with coordinates below p, which infinity has no
form of. The curve's order is prime, so no point is of small order. Nothing here is secret, so
nothing takes constant time.

A point is (X, Y, Z) in Jacobian coordinates: x = X/Z^2, y = Y/Z^3, infinity where Z = 0. A point to
be added is (x, y). Formulas are of the Explicit-Formulas Database, for short Weierstrass curves
with a = -3.
"""

from array import array

from slotcast.der import element, natural
from slotcast.p256_base import MULTIPLES

_P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # the order of G
_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
_SEQUENCE = 0x30
_UNCOMPRESSED = 0x04


def verify(public, signature, digest) -> bool:
    """True if the signature fits the public key.

    Args:
        public: the uncompressed point, 65 bytes (SEC 1 section 2.3.3).
        signature: DER of an Ecdsa-Sig-Value (RFC 3279 section 2.2.3), bytes.
        digest: SHA-256 of the message, 32 bytes.
    """
    point = _decode(public)
    try:
        r, s = _integers(signature)
    except ValueError:
        return False
    if point is None or not (0 < r < _N and 0 < s < _N):
        return False
    w = _inverse(s, _N)
    x, _, z = _combine(int.from_bytes(digest, "big") * w % _N, r * w % _N, point)
    return _is_x_mod_n(r, x, z)


def _decode(public):
    """The point (x, y) of a public key, or None for a key that is refused."""
    if len(public) != 65 or public[0] != _UNCOMPRESSED:
        return None
    x = int.from_bytes(public[1:33], "big")
    y = int.from_bytes(public[33:], "big")
    if x >= _P or y >= _P or ((x * x - 3) * x + _B - y * y) % _P:
        return None
    return x, y


def _integers(signature):
    """The two integers of a signature; raises ValueError for what is not their DER."""
    view = memoryview(signature)
    at, end = element(view, 0, len(view), _SEQUENCE)
    r, at = natural(view, at, end)
    s, at = natural(view, at, end)
    if at != end or end != len(view):
        raise ValueError("bytes behind the signature")
    return r, s


def _is_x_mod_n(r, x, z):
    """Whether r = (X/Z^2 mod p) mod n, without a division: X/Z^2 can be r or r + n."""
    zz = z * z % _P
    if not zz:
        return False
    return r * zz % _P == x or (r + _N < _P and (r + _N) * zz % _P == x)


def _combine(u, v, point):
    """[u]G + [v]point, both in one chain of doublings (Straus)."""
    digits_g = _digits(u, 6)
    digits_p = _digits(v, 5)
    multiples = _odd_multiples(point, 8)
    total = (1, 1, 0)
    doublings = 0
    for i in range(256, -1, -1):
        doublings += 1
        if digits_g[i] or digits_p[i]:
            total = _double(total, doublings)
            doublings = 0
            if digits_p[i]:
                total = _add(total, multiples[abs(digits_p[i]) >> 1], digits_p[i])
            if digits_g[i]:
                total = _add(total, _multiple_of_g(abs(digits_g[i]) >> 1), digits_g[i])
    return _double(total, doublings)


def _digits(scalar, width):
    """A scalar below 2^256 in non-adjacent form: digits 0, or odd and below 2^(width-1) in size."""
    digits = array("b", bytes(257))
    full = 1 << width
    i = 0
    while scalar:
        if scalar & 1:
            digit = scalar & (full - 1)
            if digit > full >> 1:
                digit -= full
            digits[i] = digit
            scalar -= digit
        scalar >>= 1
        i += 1
    return digits


def _odd_multiples(point, count):
    """The point times 1, 3, 5 and so on, each as (x, y)."""
    x, y = point
    twice = _affine(_double((x, y, 1), 1))
    multiples = [point]
    while len(multiples) < count:
        x, y = multiples[-1]
        multiples.append(_affine(_add((x, y, 1), twice, 1)))
    return multiples


def _multiple_of_g(i):
    """(2i + 1) G as (x, y)."""
    at = 64 * i
    x = int.from_bytes(MULTIPLES[at : at + 32], "big")
    return x, int.from_bytes(MULTIPLES[at + 32 : at + 64], "big")


def _affine(point):
    """(x, y) of a point that is not infinity."""
    x, y, z = point
    inverse = _inverse(z, _P)
    square = inverse * inverse % _P
    return x * square % _P, y * square * inverse % _P


def _add(point, other, sign):
    """The sum of a point and (x, y), or its negative where sign is negative: madd."""
    p = _P
    x, y, z = point
    other_x, other_y = other
    if sign < 0:
        other_y = p - other_y
    if not z:
        return other_x, other_y, 1
    zz = z * z % p
    h = (other_x * zz - x) % p
    r = (other_y * zz % p * z - y) % p
    if not h:
        return (1, 1, 0) if r else _double(point, 1)
    hh = h * h % p
    hhh = hh * h % p
    v = x * hh % p
    x = (r * r - hhh - v - v) % p
    return x, (r * (v - x) - y * hhh) % p, z * h % p


def _double(point, times):
    """The point doubled `times` times: dbl-2001-b. Infinity stays what it is, as Z stays 0."""
    p = _P
    x, y, z = point
    while times:
        times -= 1
        delta = z * z % p
        gamma = y * y % p
        beta = x * gamma % p
        alpha = 3 * (x - delta) * (x + delta) % p
        z = 2 * y * z % p
        x = (alpha * alpha - 8 * beta) % p
        y = (alpha * (4 * beta - x) - 8 * gamma * gamma) % p
    return x, y, z


def _inverse(x, modulus):
    """1/x by Euclid's algorithm: a third of the time that a power takes."""
    a, b = modulus, x
    u, v = 0, 1
    while b:
        quotient = a // b
        a, b = b, a - quotient * b
        u, v = v, u - quotient * v
    return u % modulus
