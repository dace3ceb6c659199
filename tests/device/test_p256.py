"""ECDSA P-256 verification: the policy rule by rule, and the arithmetic below.

Signatures are made backwards: [u]G + [v]Q gives r, and s and the digest follow, for any Q at all.
So also what must be refused satisfies the equation. Wycheproof's vectors are in test_wycheproof.
"""

from slotcast import p256
from slotcast.p256 import verify
from slotcast.p256_base import MULTIPLES

P = 2**256 - 2**224 + 2**192 + 2**96 - 1
N = 115792089210356248762697446949407573529996955224135760342422259061068512044369
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
# The point with y = 5; x is a root of the curve's equation.
LOW_Y = (0xD7325D7646CD60D80A92738CEB345F844CFFAF35841022CAB176F692DE8DE1D7, 5)


def _sum(a, b):
    """The curve's addition on (x, y), as SEC 1 section 2.2.1 defines it; never infinity here."""
    if a == b:
        slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], P - 2, P)
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], P - 2, P)
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def _minus(point):
    return point[0], P - point[1]


def _fitting(point, u=3, v=2):
    """(r, s, digest) that satisfy the equation with R = [u]G + [v]point; u and v are 3 or less."""
    total = None
    for summand, times in ((G, u), (point, v)):
        for _ in range(times):
            total = _sum(total, summand) if total else summand
    return _for_r(total[0] % N, u, v)


def _for_r(r, u=3, v=2):
    s = r * pow(v, N - 2, N) % N
    return r, s, (u * s % N).to_bytes(32, "big")


def _integer(value, extra=0):
    """DER of an integer; `extra` zeros before the shortest form."""
    content = value.to_bytes(40, "big")
    while len(content) > 1 and content[0] == 0 and content[1] < 0x80:
        content = content[1:]
    content = bytes(extra) + content
    return b"\x02" + bytes([len(content)]) + content


def _sequence(content):
    return b"\x30" + bytes([len(content)]) + content


def _signature(r, s):
    return _sequence(_integer(r) + _integer(s))


def _public(point):
    return b"\x04" + point[0].to_bytes(32, "big") + point[1].to_bytes(32, "big")


def _fits(point):
    """Whether a signature that satisfies the equation with `point` is accepted."""
    r, s, digest = _fitting(point)
    return verify(_public(point), _signature(r, s), digest)


def _ordinary():
    point = _sum(G, _sum(G, G))
    r, s, digest = _fitting(point)
    return point, r, s, digest


def test_an_ordinary_signature_is_accepted():
    point, r, s, digest = _ordinary()
    assert verify(_public(point), _signature(r, s), digest) is True
    views = [memoryview(bytearray(field)) for field in (_public(point), _signature(r, s), digest)]
    assert verify(*views) is True


def test_the_example_of_rfc_6979_is_accepted():
    public = bytes.fromhex(
        "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
        "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
    )
    r = 0xEFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716
    s = 0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8
    digest = bytes.fromhex("af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf")
    assert verify(public, _signature(r, s), digest) is True  # appendix A.2.5, "sample"


def test_a_flipped_bit_anywhere_is_refused():
    point, r, s, digest = _ordinary()
    fields = _public(point), _signature(r, s), digest
    for which in range(3):
        for bit in range(0, 8 * len(fields[which]), 11):
            changed = [bytearray(field) for field in fields]
            changed[which][bit >> 3] ^= 1 << (bit & 7)
            assert verify(*changed) is False, (which, bit)


def test_public_keys_of_other_lengths_and_forms_are_refused():
    point, r, s, digest = _ordinary()
    public = _public(point)
    compressed = bytes([2 | point[1] & 1]) + public[1:33]
    hybrid = bytes([6 | point[1] & 1]) + public[1:]
    raw = public[1:]
    for other in (b"", b"\x00", b"\x04", raw, public[:64], public + b"\x00", compressed, hybrid):
        assert verify(other, _signature(r, s), digest) is False, other
    assert verify(b"\x00" + bytes(64), _signature(r, s), digest) is False


def test_a_public_key_beside_the_curve_is_refused_though_the_equation_holds():
    beside = (G[0], (G[1] + 1) % P)  # on another curve with the same a, and the sums use no b
    assert p256._combine(0, 2, beside)[2]
    assert _fits(beside) is False
    for point in ((0, 0), (0, 1), (1, 0)):
        assert verify(_public(point), _signature(1, 1), bytes(32)) is False


def test_coordinates_must_be_below_p():
    low_x = (0, _root(B))
    for point in (low_x, LOW_Y):
        assert _fits(point) is True
    assert _fits((low_x[0] + P, low_x[1])) is False
    assert _fits((LOW_Y[0], LOW_Y[1] + P)) is False


def _root(square):
    """A square root mod p, which is 3 mod 4."""
    root = pow(square, (P + 1) // 4, P)
    assert root * root % P == square
    return root


def test_r_and_s_must_be_from_1_to_n_less_1():
    point, r, s, digest = _ordinary()
    public = _public(point)
    wrong = ((0, s), (r, 0), (0, 0), (N, s), (r, N), (N, N), (r, s + N), (P, s), (2**256, s))
    for pair in wrong:
        assert verify(public, _signature(*pair), digest) is False, pair
        assert _refused_whatever_comes_out(public, pair, digest), pair


def _refused_whatever_comes_out(public, pair, digest):
    """Whether (r, s) is refused even if the equation gives a point with x = r."""
    combine = p256._combine
    p256._combine = lambda u, v, point: (pair[0] % P, 1, 1)
    try:
        return verify(public, _signature(*pair), digest) is False
    finally:
        p256._combine = combine


def _low_r():
    """Public key and signature with r = 5, so that r + n has 256 bits too."""
    return _with_r_of((5, _root((5 * 5 * 5 - 3 * 5 + B) % P)))


def _with_r_of(target):
    """A public key Q = R - G, and the signature with u = v = 1 that has R = target."""
    public = _sum(target, _minus(G))
    return (public,) + _for_r(target[0] % N, 1, 1)


def test_an_x_between_n_and_p_is_compared_mod_n():
    x = N
    while True:
        square = (x * x * x - 3 * x + B) % P
        root = pow(square, (P + 1) // 4, P)
        if root * root % P == square and x % N:
            break
        x += 1
    point, r, s, digest = _with_r_of((x, root))
    assert 0 < r < 100 and x < P
    assert verify(_public(point), _signature(r, s), digest) is True
    assert verify(_public(point), _signature(x, s), digest) is False


def test_r_plus_n_is_not_reduced_mod_p():
    # R's x is 5, so r = 5. Were r + n compared mod p, then 5 + p - n would serve as well.
    point = _low_r()[0]
    r, s, digest = _for_r(5 + P - N, 1, 1)
    assert (r + N) % P == 5
    assert verify(_public(point), _signature(r, s), digest) is False


def test_infinity_is_refused_as_the_final_point():
    for r in (1, G[0] % N, N - 1):
        _, s, digest = _for_r(r, N - 1, 1)  # [n - 1]G + G
        assert p256._combine(N - 1, 1, G)[2] == 0
        assert verify(_public(G), _signature(r, s), digest) is False
    assert p256._is_x_mod_n(1, 0, 0) is False


def test_signatures_must_be_der():
    point, r, s, digest = _ordinary()
    a, b = _integer(r), _integer(s)
    whole = _sequence(a + b)
    forms = {
        "empty": b"",
        "a tag alone": b"\x30",
        "r alone": _sequence(a),
        "a third integer": _sequence(a + b + _integer(1)),
        "a byte behind": whole + b"\x00",
        "a byte behind, inside": _sequence(a + b + b"\x00"),
        "cut short": whole[:-1],
        "length of the sequence too small": b"\x30" + bytes([len(a + b) - 1]) + a + b,
        "length of the sequence too large": b"\x30" + bytes([len(a + b) + 1]) + a + b,
        "length in two bytes": b"\x30\x81" + whole[1:],
        "length in three bytes": b"\x30\x82\x00" + whole[1:],
        "length without end": b"\x30\x80" + a + b + b"\x00\x00",
        "length of an integer in two bytes": _sequence(b"\x02\x81" + a[1:] + b),
        "a set": b"\x31" + whole[1:],
        "a bit string for r": _sequence(b"\x03" + a[1:] + b),
        "r with a needless zero": _sequence(_integer(r, 1) + b),
        "s with a needless zero": _sequence(a + _integer(s, 1)),
        "r empty": _sequence(b"\x02\x00" + b),
        "s empty": _sequence(a + b"\x02\x00"),
        "as two numbers": r.to_bytes(32, "big") + s.to_bytes(32, "big"),
    }
    assert verify(_public(point), whole, digest) is True
    for name, form in forms.items():
        assert verify(_public(point), form, digest) is False, name


def test_an_integer_without_the_zero_before_its_highest_bit_is_negative():
    point, r, s, digest = _with_high_bits()
    plain = [b"\x02\x20" + value.to_bytes(32, "big") for value in (r, s)]
    assert verify(_public(point), _signature(r, s), digest) is True
    assert verify(_public(point), _sequence(plain[0] + _integer(s)), digest) is False
    assert verify(_public(point), _sequence(_integer(r) + plain[1]), digest) is False


def _with_high_bits():
    """A signature whose r and s have 256 bits."""
    point = G
    while True:
        r, s, digest = _fitting(point, 3, 1)
        if r >> 255 and s >> 255:
            return point, r, s, digest
        point = _sum(point, G) if point != G else _sum(G, G)


def test_constants_are_what_they_claim():
    assert (p256._P, p256._N, p256._B) == (P, N, B)
    assert (G[1] * G[1] - G[0] ** 3 + 3 * G[0] - B) % P == 0
    assert p256._combine(N - 1, 0, G)[2] and p256._affine(p256._combine(N - 1, 0, G)) == _minus(G)


def test_the_table_holds_the_odd_multiples_of_g():
    twice = _sum(G, G)
    point = G
    for i in range(16):
        assert MULTIPLES[64 * i : 64 * i + 64] == _public(point)[1:]
        point = _sum(point, twice)
    assert len(MULTIPLES) == 16 * 64


def test_digits_are_sparse_odd_small_and_sum_up():
    for scalar in (0, 1, 15, 16, 31, 2**255, 2**256 - 1, N - 1, N // 3, 0xAAAA << 200):
        for width in (5, 6):
            digits = p256._digits(scalar, width)
            assert sum(digit * 2**i for i, digit in enumerate(digits)) == scalar
            for i in range(len(digits)):
                assert digits[i] == 0 or (digits[i] & 1 and abs(digits[i]) < 1 << (width - 1))
                assert sum(digit != 0 for digit in digits[i : i + width]) < 2


def test_combine_is_linear_at_the_edges_of_the_scalars():
    # With G for both, sums meet what they already are, and its negative.
    for u in (0, 1, 2, 31, 2**255, N - 1):
        for v in (0, 1, 33, N - 2, N - 1):
            both = p256._combine(u, v, G)
            once = p256._combine((u + v) % N, 0, G)
            if (u + v) % N:
                assert p256._affine(both) == p256._affine(once)
            else:
                assert both[2] == once[2] == 0
    assert p256._affine(p256._combine(2, 1, G)) == _sum(G, _sum(G, G))


def test_a_point_is_added_to_itself_its_negative_and_infinity():
    scaled = (G[0] * 49 % P, G[1] * 343 % P, 7)  # G again, with Z = 7
    assert p256._affine(p256._add(scaled, G, 1)) == _sum(G, G)
    assert p256._add(scaled, G, -1)[2] == 0
    assert p256._affine(p256._add((1, 1, 0), G, -1)) == _minus(G)
    assert p256._double((1, 1, 0), 3)[2] == 0


def test_inverses():
    for modulus in (P, N):
        for x in (1, 2, 3, modulus - 1, G[0], G[1]):
            assert p256._inverse(x, modulus) * x % modulus == 1
