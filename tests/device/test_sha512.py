"""SHA-512 in both its forms; under CPython there is only the portable one."""

import builtins
from binascii import hexlify

from slotcast.sha512 import compress, fastest, sha512

# FIPS 180-4's examples, as NIST publishes them.
EXAMPLES = {
    b"": "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
    "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
    b"abc": "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    b"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno"
    b"ijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu": (
        "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018"
        "501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909"
    ),
}


def _hex(data):
    return hexlify(data).decode()


def test_the_examples_of_fips_180_4():
    for message, digest in EXAMPLES.items():
        for function in (compress, fastest()):
            assert _hex(sha512(message, function).digest()) == digest


def test_every_length_across_two_blocks():
    # What hashlib gives for the digests of 0, 1, .. 260 bytes, one behind the other.
    expected = (
        "a01f47fb898ae30defb14cacfc8a8661b0e0c935ca8a198bc6956768424714c7"
        "27605f0ec5653aaa4c633a4dd74b8990ff91d684f4b38bd6adc61d57a4d5daca"
    )
    data = bytes(i * 7 & 0xFF for i in range(260))
    for function in (compress, fastest()):
        digests = sha512(b"", function)
        for length in range(261):
            digests.update(sha512(data[:length], function).digest())
        assert _hex(digests.digest()) == expected


def test_pieces_hash_like_the_whole():
    data = bytes(range(256)) * 2
    for size in (1, 63, 127, 128, 129, 300):
        pieces = sha512()
        for start in range(0, len(data), size):
            pieces.update(memoryview(data)[start : start + size])
        assert pieces.digest() == sha512(data).digest()


def test_a_digest_does_not_end_the_hashing():
    hashed = sha512(b"a")
    assert hashed.digest() == hashed.digest()
    hashed.update(b"bc")
    assert _hex(hashed.digest()) == EXAMPLES[b"abc"]


def test_where_the_viper_form_cannot_be_loaded_the_portable_one_serves():
    # No MicroPython, no viper compiler, an .mpy for another chip, no memory to compile.
    original = builtins.__import__
    for error in (ImportError, SyntaxError, ValueError, MemoryError):
        builtins.__import__ = _without_viper(original, error)
        try:
            assert fastest() is compress
        finally:
            builtins.__import__ = original


def _without_viper(original, error):
    def importing(name, *args):
        if name == "slotcast.sha512_viper":
            raise error
        return original(name, *args)

    return importing
