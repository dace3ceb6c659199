"""Ed25519 verification: the shared vectors, the policy rule by rule, and the arithmetic below."""

from binascii import unhexlify

from check import raises, vectors

from slotcast import ed25519
from slotcast.ed25519 import verify, verify_bytes
from slotcast.ed25519_base import MULTIPLES
from slotcast.steps import finish

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
B = (
    15112221349535400772501151409588531511454012693041857206046113283949847762202,
    46316835694926478169428394003475163141307993866256225615783033603165251855960,
)


def _cases(prefix):
    found = [case for case in vectors("ed25519")["cases"] if case["name"].startswith(prefix)]
    assert found, prefix
    return found


def _check(prefix):
    """Every vector whose name begins so gets the verdict that it expects."""
    for case in _cases(prefix):
        fields = [unhexlify(case[name]) for name in ("public", "signature", "message")]
        assert verify_bytes(*fields) is (case["expect"] == "valid"), case["name"]


def _ordinary():
    case = _cases("an ordinary signature")[0]
    return [unhexlify(case[name]) for name in ("public", "signature", "message")]


def test_all_shared_vectors():
    _check("")


def test_the_vectors_of_rfc_8032():
    assert len(_cases("RFC 8032 section 7.1")) == 5
    _check("RFC 8032 section 7.1")


def test_keys_and_signatures_of_other_lengths_are_refused():
    _check("public key of 3")
    _check("signature of 6")
    _check("empty")


def test_s_must_be_below_l():
    _check("S + ")


def test_a_public_key_must_be_a_point():
    _check("public key is no point")


def test_a_public_key_of_small_order_is_refused():
    assert len(_cases("public key of order")) == 10
    _check("public key of order")
    _check("public key and signature of zeros")


def test_a_public_key_of_small_order_is_refused_in_each_of_its_14_encodings():
    of_order_8 = ed25519._SMALL_ORDER[3:]  # a test below computes that they are
    ys = (1, P - 1, 0) + of_order_8 + (P, P + 1)  # orders 1, 2, 4, 8; and not canonical, 4 and 1
    encodings = [y | sign << 255 for y in ys for sign in (0, 1)]
    assert len(set(encodings)) == 14
    for encoding in encodings:
        assert ed25519._decode_negated(encoding.to_bytes(32, "little")) is None


def test_a_public_key_at_x_0_with_the_sign_bit_is_refused():
    for y in (1, P - 1):
        assert ed25519._decode_negated((y | 1 << 255).to_bytes(32, "little")) is None


def test_a_public_key_that_is_not_canonical_is_refused():
    _check("public key y = ")
    points = 0
    for y in range(19):  # all that p + y leaves below 2^255
        if ed25519._decode_negated(y.to_bytes(32, "little")):
            points += 1
        assert ed25519._decode_negated((P + y).to_bytes(32, "little")) is None
    assert points


def test_r_is_compared_as_bytes():
    _check("R of order 1")


def test_the_equation_has_no_cofactor():
    _check("R with a part of order 8")
    _check("public key with a part of order 8")


def test_the_twelve_cases_of_ed25519_speccheck():
    verdicts = []
    for case in vectors("ed25519_speccheck")["cases"]:
        fields = [unhexlify(case[name]) for name in ("public", "signature", "message")]
        verdicts.append(verify_bytes(*fields))
        assert verdicts[-1] is (case["expect"] == "valid"), case["name"] + "; " + case["why"]
    # R may be of small order (2), as it is only compared; A and R may be mixed (3). The rest is
    # refused: A of small order (0, 1, 10, 11); only with the cofactor (4, 5); S >= L (6, 7); R not
    # canonical (8, 9).
    assert [i for i, verdict in enumerate(verdicts) if verdict] == [2, 3] and len(verdicts) == 12


def test_a_flipped_bit_anywhere_is_refused():
    for bit in range(0, 8 * (32 + 64 + 8), 9):
        whole = bytearray(b"".join(_ordinary()))
        whole[bit >> 3] ^= 1 << (bit & 7)
        assert not verify_bytes(whole[:32], whole[32:96], whole[96:]), bit


def test_a_message_may_come_in_pieces():
    public, signature, message = _ordinary()

    def write_message(write):
        for byte in message:
            write(bytes([byte]))
            write(b"")

    assert verify(public, signature, write_message) is True


def test_the_message_is_not_asked_for_when_the_key_alone_is_reason_to_refuse():
    def write_message(write):
        raise AssertionError("asked for")

    assert verify(bytes(32), bytes(64), write_message) is False


def test_an_error_while_the_message_is_written_passes_through():
    public, signature, _ = _ordinary()

    def write_message(write):
        raise OSError(5)

    raises(OSError, verify, public, signature, write_message)


def test_views_serve_as_well_as_bytes():
    fields = [memoryview(bytearray(field)) for field in _ordinary()]
    assert verify_bytes(*fields) is True


def test_constants_are_what_they_claim():
    assert (ed25519._P, ed25519._L, ed25519._D) == (P, L, D)
    assert ed25519._SQRT_M1**2 % P == P - 1
    assert ed25519._LOW == 2**256 - 1
    for y in ed25519._SMALL_ORDER[3:]:  # of order 8: doubled, y is 0; the first 3 are known
        x = ed25519._x_of(y)
        assert _sum((x, y), (x, y))[1] == 0
    assert ed25519._SMALL_ORDER[:3] == (0, 1, P - 1)


def test_the_table_holds_the_odd_multiples_of_b():
    twice = _sum(B, B)
    point = B
    for i in range(16):
        x, y = point
        entry = MULTIPLES[96 * i : 96 * i + 96]
        assert entry[:32] == ((y - x) % P).to_bytes(32, "little")
        assert entry[32:64] == ((y + x) % P).to_bytes(32, "little")
        assert entry[64:] == (2 * D * x * y % P).to_bytes(32, "little")
        point = _sum(point, twice)
    assert len(MULTIPLES) == 16 * 96


def test_digits_are_sparse_odd_small_and_sum_up():
    for scalar in (0, 1, 15, 16, 31, 2**252, 2**253 - 1, L - 1, L // 3, 0xAAAA << 200):
        for width in (5, 6):
            digits = ed25519._digits(scalar, width)
            assert sum(digit * 2**i for i, digit in enumerate(digits)) == scalar
            for i in range(len(digits)):
                assert digits[i] == 0 or (digits[i] & 1 and abs(digits[i]) < 1 << (width - 1))
                assert sum(digit != 0 for digit in digits[i : i + width]) < 2


def _combine(s, k, point):
    return finish(ed25519._combine_steps(s, k, point))


def test_combine_is_linear_at_the_edges_of_the_scalars():
    base = (B[0], B[1], 1, B[0], B[1])
    for s in (0, 1, 2, 31, 2**251, L - 1):
        for k in (0, 1, 33, L - 2, L - 1):
            both = ed25519._encode(_combine(s, k, base))
            assert both == ed25519._encode(_combine((s + k) % L, 0, base))
    assert ed25519._encode(_combine(2, 1, base)) == _encoded(_sum(B, _sum(B, B)))


def test_doubling_takes_coordinates_up_to_its_bound_and_stays_below():
    point = (B[0], B[1], 1, B[0], B[1])
    for sign in (1, -1):
        far = [value + sign * 3 * P for value in point[:3]] + [0, 0]
        doubled = ed25519._double(far, 60)
        assert ed25519._encode(doubled) == ed25519._encode(ed25519._double(point, 60))
        assert all(abs(value) < 2**257 for value in doubled[:3])


def test_powers_and_inverses():
    for x in (0, 1, 2, P - 1, B[0], B[1]):
        assert ed25519._power_p58(x) == pow(x, (P - 5) // 8, P)
        assert ed25519._inverse(x) == pow(x, P - 2, P)


def _sum(a, b):
    """The curve's addition as section 5.1.4 of the RFC defines it, on (x, y)."""
    product = D * a[0] * b[0] * a[1] * b[1]
    x = (a[0] * b[1] + b[0] * a[1]) * pow(1 + product, P - 2, P) % P
    y = (a[1] * b[1] + a[0] * b[0]) * pow(1 - product, P - 2, P) % P
    return x, y


def _encoded(point):
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")
