"""P-256 and RSA-PSS verification in little memory."""

import gc
from hashlib import sha256

# MicroPython's objects take up to twice as much here as on a board with words of 32 bits, and this
# heap holds the compiler's work too.
HEAP_KIB = 40


def _leaves_nothing_behind(verify, *fields):
    assert verify(*fields)
    gc.collect()
    before = gc.mem_alloc()
    assert verify(*fields)
    gc.collect()
    assert gc.mem_alloc() <= before + 256


def test_a_p256_verify_fits_a_small_heap_and_leaves_nothing_behind():
    from slotcast.p256 import verify

    # RFC 6979 appendix A.2.5, SHA-256, "sample"
    public = bytes.fromhex(
        "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
        "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
    )
    signature = bytes.fromhex(
        "3046022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
        "022100f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
    )
    _leaves_nothing_behind(verify, public, signature, sha256(b"sample").digest())


def test_an_rsa_verify_of_4096_bits_fits_a_small_heap_and_leaves_nothing_behind():
    from slotcast.rsa_pss import verify

    modulus, signature, digest = _made()
    _leaves_nothing_behind(verify, modulus, 3, signature, digest)


def _made():
    """A modulus of 4096 bits, and a signature under the exponent 3, as test_rsa_pss makes them."""
    digest = sha256(b"").digest()
    hashed = sha256(bytes(8) + digest + bytes(32)).digest()
    block = bytearray(446) + b"\x01" + bytes(32)
    for i in range(len(block)):
        block[i] ^= sha256(hashed + bytes([0, 0, 0, i >> 5])).digest()[i & 31]
    block[0] &= 0x7F
    encoded = int.from_bytes(bytes(block) + hashed + b"\xbc", "big")
    s = 0
    for bit in range(1366, -1, -1):
        if (s | 1 << bit) ** 3 < 1 << 4096:
            s |= 1 << bit
    if not (s - encoded) & 1:
        s -= 1
    return s**3 - encoded, s.to_bytes(512, "big"), digest
