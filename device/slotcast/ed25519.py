"""Ed25519 signature verification (RFC 8032 section 5.1.7) in portable Python.

Beyond a signature that does not fit, it refuses: lengths other than 32 and 64; S >= L; a public key
that is no point, not canonically encoded (y >= p; x = 0 with the sign bit set), or of small order.
The equation is the one without cofactor, and R is compared as bytes. Nothing here is secret, so
nothing takes constant time.

A point is (X, Y, Z, Ta, Tb) with x = X/Z, y = Y/Z and xy = Ta Tb / Z. Formulas are from Hisil,
Wong, Carter and Dawson, "Twisted Edwards Curves Revisited". A point made ready to be added is
(Y - X, Y + X, 2dT, 2Z). In the inner loops no division reduces a product: as 2^256 = 38 (mod p),
its upper part, times 38, is folded upon the lower 256 bits. Numbers there may be negative, or
larger than p.
"""

from array import array

from slotcast.ed25519_base import MULTIPLES
from slotcast.sha512 import sha512
from slotcast.steps import finish

_P = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFED  # 2^255 - 19
_L = 0x1000000000000000000000000000000014DEF9DEA2F79CD65812631A5CF5D3ED  # the order of B
_D = 0x52036CEE2B6FFE738CC740797779E89800700A4D4141D8AB75EB4DCA135978A3  # -121665/121666
_SQRT_M1 = 0x2B8324804FC1DF0B2B4D00993DFBD7A72F431806AD2FE478C4EE1B274A0EA0B0
_LOW = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF  # 256 bits
# Doublings in a step: an eighth of a verification.
_STEP = 32
# y of the points whose order divides 8; x = 0 occurs nowhere else.
_SMALL_ORDER = (
    0,
    1,
    0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEC,
    0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826,
    0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7,
)


def verify(public, signature, write_message):
    """True if the 64-byte signature of a message fits the 32-byte public key.

    write_message is called with a function write(data) and passes the message on through it, in
    pieces of any size; it is not called when the key or S alone are reason to refuse.
    """
    return finish(verify_steps(public, signature, write_message))


def verify_steps(public, signature, write_message):
    """`verify`, in steps: on a chip it takes as long as a TLS handshake, or longer."""
    if len(public) != 32 or len(signature) != 64:
        return False
    encoded_r = bytes(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    minus_a = _decode_negated(public)
    if s >= _L or minus_a is None:
        return False
    hashed = sha512(encoded_r)
    hashed.update(public)
    write_message(hashed.update)
    k = int.from_bytes(hashed.digest(), "little") % _L
    yield None
    return _encode((yield from _combine_steps(s, k, minus_a))) == encoded_r


def verify_bytes(public, signature, message):
    """True if the signature of a message that stands in memory fits the public key."""
    return verify(public, signature, lambda write: write(message))


def _decode_negated(encoded):
    """The negative of a public key's point, or None for a key that is refused (section 5.1.3)."""
    y = int.from_bytes(encoded, "little")
    sign = y >> 255
    y -= sign << 255
    if y >= _P or y in _SMALL_ORDER:
        return None
    x = _x_of(y)
    if x is None:
        return None
    if x & 1 == sign:
        x = _P - x
    return x, y, 1, x, y


def _x_of(y):
    """A square root of u/v = (y^2 - 1) / (dy^2 + 1), or None if there is none."""
    u = (y * y - 1) % _P
    v = (_D * y * y + 1) % _P
    v3 = v * v * v % _P
    x = u * v3 * _power_p58(u * v3 * v3 * v % _P) % _P
    square = v * x * x % _P
    if square == u:
        return x
    if square == _P - u:
        return x * _SQRT_M1 % _P
    return None


def _encode(point):
    """The 32 bytes of a point (section 5.1.2)."""
    x, y, z, _, _ = point
    inverse = _inverse(z)
    x = x * inverse % _P
    y = y * inverse % _P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _combine_steps(s, k, point):
    """[s]B + [k]point, both in one chain of doublings (Straus)."""
    digits_b = _digits(s, 6)
    digits_p = _digits(k, 4)  # a bit more would be a bit faster, and its table twice as large
    multiples = _odd_multiples(point, 4)
    total = (0, 1, 1, 0, 1)
    doublings = 0
    for i in range(253, -1, -1):
        if i % _STEP == 0:
            yield None
        doublings += 1
        if digits_b[i] or digits_p[i]:
            total = _double(total, doublings)
            doublings = 0
            if digits_p[i]:
                total = _add(total, _signed(multiples[abs(digits_p[i]) >> 1], digits_p[i]))
            if digits_b[i]:
                total = _add(total, _signed(_multiple_of_b(abs(digits_b[i]) >> 1), digits_b[i]))
    return _double(total, doublings)


def _digits(scalar, width):
    """A scalar below 2^253 in non-adjacent form: digits 0, or odd and below 2^(width-1) in size."""
    digits = array("b", bytes(254))
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
    """The point times 1, 3, 5 and so on, ready to be added."""
    twice = _ready(_double(point, 1))
    multiples = [_ready(point)]
    while len(multiples) < count:
        point = _add(point, twice)
        multiples.append(_ready(point))
    return multiples


def _multiple_of_b(i):
    """(2i + 1) B, ready to be added."""
    minus, plus, t = (
        int.from_bytes(MULTIPLES[at : at + 32], "little") for at in range(96 * i, 96 * i + 96, 32)
    )
    return minus, plus, t, 2


def _ready(point):
    """The point made ready to be added."""
    x, y, z, ta, tb = point
    return (y - x) % _P, (y + x) % _P, 2 * _D * ta * tb % _P, 2 * z


def _signed(ready, sign):
    """The ready point, or its negative where sign is negative."""
    minus, plus, t, z = ready
    return ready if sign > 0 else (plus, minus, -t, z)


def _add(point, ready):
    """The sum of a point and a ready one: add-2008-hwcd-3."""
    p = _P
    low = _LOW
    x, y, z, ta, tb = point
    minus, plus, ready_t, ready_z = ready
    a = (y - x) * minus
    a = (a & low) + 38 * (a >> 256)
    b = (y + x) * plus
    b = (b & low) + 38 * (b >> 256)
    c = ta * tb
    c = ((c & low) + 38 * (c >> 256)) * ready_t
    c = (c & low) + 38 * (c >> 256)
    d = z * ready_z
    d = (d & low) + 38 * (d >> 256)
    e = b - a
    f = d - c
    g = d + c
    h = b + a
    return e * f % p, g * h % p, f * g % p, e, h


def _double(point, times):
    """The point doubled `times` times: dbl-2008-hwcd.

    Bounds: X, Y, Z below 2^257 in and out; 2^264 after one folding, F 2^266, the products 2^531.
    """
    low = _LOW
    x, y, z, e, h = point
    while times:
        times -= 1
        e = x * y
        e = (e & low) + 38 * (e >> 256)
        e += e
        x = x * x
        x = (x & low) + 38 * (x >> 256)
        y = y * y
        y = (y & low) + 38 * (y >> 256)
        z = z * z
        z = (z & low) + 38 * (z >> 256)
        h = y + x
        g = y - x
        f = z + z - g
        x = e * f
        x = (x & low) + 38 * (x >> 256)
        x = (x & low) + 38 * (x >> 256)
        y = g * h
        y = (y & low) + 38 * (y >> 256)
        y = (y & low) + 38 * (y >> 256)
        z = f * g
        z = (z & low) + 38 * (z >> 256)
        z = (z & low) + 38 * (z >> 256)
    return x, y, z, e, h


def _square(x, times):
    """x^(2^times), below 2^257 as x is."""
    low = _LOW
    while times:
        times -= 1
        x = x * x
        x = (x & low) + 38 * (x >> 256)
        x = (x & low) + 38 * (x >> 256)
    return x


def _power_p58(x):
    """x^((p - 5) / 8) = x^(2^252 - 3); `ones_n` is x^(2^n - 1)."""
    p = _P
    x2 = _square(x, 1)
    x9 = _square(x2, 2) * x % p
    ones_5 = _square(x9 * x2 % p, 1) * x9 % p
    ones_10 = _square(ones_5, 5) * ones_5 % p
    ones_20 = _square(ones_10, 10) * ones_10 % p
    ones_40 = _square(ones_20, 20) * ones_20 % p
    ones_50 = _square(ones_40, 10) * ones_10 % p
    ones_100 = _square(ones_50, 50) * ones_50 % p
    ones_200 = _square(ones_100, 100) * ones_100 % p
    ones_250 = _square(ones_200, 50) * ones_50 % p
    return _square(ones_250, 2) * x % p


def _inverse(z):
    """1/z mod p by Euclid's algorithm: a third of the time that a power takes."""
    a, b = _P, z % _P
    u, v = 0, 1
    while b:
        quotient = a // b
        a, b = b, a - quotient * b
        u, v = v, u - quotient * v
    return u % _P
