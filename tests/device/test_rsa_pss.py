"""RSASSA-PSS verification: the policy rule by rule.

Keys here need no factors. Where the exponent is small, the modulus is made for a signature s: s^e
less the encoded message. Elsewhere it is a prime, 2^2203 - 1, which RSA works with as well.
Wycheproof's vectors are in test_wycheproof.
"""

from hashlib import sha256

from slotcast.rsa_pss import verify

DIGEST = sha256(b"message").digest()
SALT = bytes(range(32))
PRIME = 2**2203 - 1
E = 65537


def _encoded(
    bits, digest=DIGEST, salt=SALT, separator=b"\x01", padding=None, trailer=0xBC, spare=0
):
    """EMSA-PSS-ENCODE (RFC 8017 section 9.1.1) for a modulus of so many bits, as a number.

    What is not as it ought to be is told: the separator, one byte of the padding, the trailer,
    and the bits above the encoded message.
    """
    length = (bits + 6) // 8
    hashed = sha256(bytes(8) + digest + salt).digest()
    block = bytearray(length - 33 - len(separator) - len(salt)) + separator + salt
    if padding is not None:
        block[padding] = 0x10
    mask = b"".join(sha256(hashed + bytes([0, 0, 0, i])).digest() for i in range(32))
    masked = bytes(block[i] ^ mask[i] for i in range(len(block)))
    number = int.from_bytes(masked + hashed + bytes([trailer]), "big")
    return number % (1 << (bits - 1)) | spare << (bits - 1)


def _inverse(x, modulus):
    a, b, u, v = modulus, x, 0, 1
    while b:
        a, b, u, v = b, a % b, v, u - a // b * v
    assert a == 1
    return u % modulus


def _signed(encoded, exponent=E):
    """The signature under the prime modulus, as bytes."""
    return pow(encoded, _inverse(exponent, PRIME - 1), PRIME).to_bytes(276, "big")


def _bits(number):
    bits = 0
    while number >> bits:
        bits += 1
    return bits


def _made(encoded, bits, exponent=3, odd=True):
    """A modulus of so many bits, and a signature under it that gives the encoded message."""
    s = _root(1 << bits, exponent)
    if (s - encoded) & 1 != odd:
        s -= 1
    modulus = s**exponent - encoded
    assert _bits(modulus) == bits and pow(s, exponent, modulus) == encoded
    return modulus, s.to_bytes((bits + 7) // 8, "big")


def _accepts(encoded, bits=2203, exponent=3, odd=True):
    modulus, signature = _made(encoded, bits, exponent, odd)
    return verify(modulus, exponent, signature, DIGEST)


def _root(number, exponent):
    """The largest number whose power is below `number`."""
    root = 0
    for bit in range(_bits(number) // exponent, -1, -1):
        if (root | 1 << bit) ** exponent < number:
            root |= 1 << bit
    return root


def test_an_ordinary_signature_is_accepted():
    signature = _signed(_encoded(2203))
    assert verify(PRIME, E, signature, DIGEST) is True
    views = [memoryview(bytearray(field)) for field in (signature, DIGEST)]
    assert verify(PRIME, E, *views) is True
    assert verify(PRIME, E, signature, sha256(b"another").digest()) is False
    assert verify(PRIME - 2, E, signature, DIGEST) is False


def test_moduli_of_every_length_beyond_whole_bytes_are_worked_with():
    for bits in range(2200, 2209):  # at 2201 the encoded message is a byte shorter than the modulus
        encoded = _encoded(bits)
        assert _accepts(encoded, bits) is True, bits
        assert _accepts(encoded ^ 1 << 9, bits) is False, bits


def test_a_flipped_bit_anywhere_is_refused():
    signature = _signed(_encoded(2203))
    for bit in range(0, 8 * len(signature), 37):
        changed = bytearray(signature)
        changed[bit >> 3] ^= 1 << (bit & 7)
        assert verify(PRIME, E, changed, DIGEST) is False, bit


def test_the_modulus_must_have_2048_to_4096_bits():
    for bits, fits in ((2048, True), (4096, True), (2047, False), (4097, False), (1024, False)):
        assert _accepts(_encoded(bits), bits) is fits, bits
    modulus, signature = _made(_encoded(4096), 4097)
    assert verify(modulus, 3, signature[-512:], DIGEST) is False
    for modulus in (0, 1, -1, -PRIME, 65537):
        assert verify(modulus, 3, b"", DIGEST) is False


def test_the_modulus_must_be_odd():
    assert _accepts(_encoded(2048), 2048, 3, odd=False) is False


def test_the_exponent_must_be_odd_and_at_least_3():
    for exponent, fits in ((3, True), (5, True), (7, True), (2, False), (4, False), (6, False)):
        assert _accepts(_encoded(2048), 2048, exponent) is fits, exponent
    for exponent in (0, -1, -3):
        assert verify(PRIME, exponent, bytes(275) + b"\x01", DIGEST) is False


def test_the_exponent_1_under_which_anyone_can_sign_is_refused():
    encoded = _encoded(2203)
    assert pow(encoded, 1, PRIME) == encoded
    assert verify(PRIME, 1, encoded.to_bytes(276, "big"), DIGEST) is False


def test_the_exponent_must_have_33_bits_at_most():
    encoded = _encoded(2203)
    for exponent, fits in ((2**33 - 7, True), (2**33 + 17, False)):
        signature = _signed(encoded, exponent)
        assert pow(int.from_bytes(signature, "big"), exponent, PRIME) == encoded
        assert verify(PRIME, exponent, signature, DIGEST) is fits, exponent


def test_the_signature_must_be_as_long_as_the_modulus():
    modulus, signature = _made(_encoded(2048), 2048)  # it begins with zeros
    assert verify(modulus, 3, signature, DIGEST) is True
    for other in (b"", signature[1:], b"\x00" + signature, signature + b"\x00", signature[:-1]):
        assert verify(modulus, 3, other, DIGEST) is False, len(other)


def test_the_signature_must_be_below_the_modulus():
    signature = _signed(_encoded(2203))
    larger = int.from_bytes(signature, "big") + PRIME
    assert pow(larger, E, PRIME) == _encoded(2203)
    assert verify(PRIME, E, larger.to_bytes(276, "big"), DIGEST) is False
    for s in (0, 1, PRIME - 1, PRIME):
        assert verify(PRIME, E, s.to_bytes(276, "big"), DIGEST) is False


def test_the_salt_must_have_32_bytes():
    assert _accepts(_encoded(2203)) is True
    for length in (0, 1, 20, 31, 33, 48, 64, 2208 // 8 - 34):  # up to what there is room for
        assert _accepts(_encoded(2203, salt=b"\x5a" * length)) is False, length
        assert _accepts(_encoded(2203, salt=bytes(length))) is False, length


def test_the_trailer_must_be_bc():
    for trailer in (0, 0xBB, 0xCC, 0x3C):
        assert _accepts(_encoded(2203, trailer=trailer)) is False


def test_the_padding_must_be_zeros_then_a_one():
    length = (2203 + 6) // 8 - 33
    for at in (1, 2, length // 2, length - 34):
        assert _accepts(_encoded(2203, padding=at)) is False, at
    assert _accepts(_encoded(2208, padding=0), 2208) is False
    for separator in (b"\x00", b"\x02", b"\x81", b"\x01\x00", b"\x00\x00"):
        assert _accepts(_encoded(2203, separator=separator)) is False, separator


def test_the_bits_above_the_encoded_message_must_be_zero():
    assert verify(PRIME, E, _signed(_encoded(2203, spare=1)), DIGEST) is False


def test_a_hash_of_something_else_is_refused():
    assert _accepts(_encoded(2203, digest=bytes(32))) is False
    assert _accepts(0) is False
    assert _accepts(0xBC) is False
