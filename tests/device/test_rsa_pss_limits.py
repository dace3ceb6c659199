"""RSASSA-PSS where the modulus has one bit more than the signature has bytes for."""

from test_rsa_pss import DIGEST, _bits, _encoded, _root

from slotcast.rsa_pss import verify


def test_a_signature_a_byte_shorter_than_a_modulus_of_a_bit_more_is_refused():
    encoded = _encoded(2201)
    s = _root((1 << 2200) + encoded, 3) + 1
    s += (s - encoded) & 1 == 0
    modulus = s**3 - encoded
    assert _bits(modulus) == 2201 and modulus >> 2192 == 256
    assert verify(modulus, 3, s.to_bytes(276, "big"), DIGEST) is True
    assert verify(modulus, 3, s.to_bytes(275, "big"), DIGEST) is False
