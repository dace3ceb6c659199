"""RSASSA-PSS signature verification (RFC 8017 section 8.1.2) with SHA-256 and MGF1-SHA-256.

The salt has 32 bytes, the length of the hash: so sign securesystemslib (signer/_crypto_signer.py:
PSS.DIGEST_LENGTH), AWS KMS and Google's KMS, whatever else a verifier may take (securesystemslib's
takes any). Nothing here is secret, so nothing takes constant time.
"""

from hashlib import sha256

_SALT_BYTES = 32
_HASH_BYTES = 32
_TRAILER = 0xBC
_MIN_BITS = 2048
_MAX_BITS = 4096
# 1 would make every encoded message its own signature. Time grows with the exponent's length: 33
# bits is where BoringSSL ends too; 65537 is what everyone uses.
_MIN_EXPONENT = 3
_MAX_EXPONENT_BITS = 33


def verify(modulus: int, exponent: int, signature, digest) -> bool:
    """True if the signature fits the public key.

    Args:
        modulus: odd, 2048 to 4096 bits, else no signature fits.
        exponent: odd, at least 3 and of at most 33 bits, else no signature fits.
        signature: bytes, exactly as many as the modulus has.
        digest: SHA-256 of the message, 32 bytes.
    """
    bits = _bits(modulus, len(signature))
    if not _MIN_BITS <= bits <= _MAX_BITS or not modulus & 1 or not _is_sane(exponent):
        return False
    s = int.from_bytes(signature, "big")
    if s >= modulus:
        return False
    encoded = pow(s, exponent, modulus)
    if encoded >> (bits - 1):
        return False
    # One bit less than the modulus, so one byte less where that has a bit more than whole bytes.
    return _is_encoding(encoded.to_bytes((bits + 6) >> 3, "big"), -(bits - 1) & 7, digest)


def _bits(modulus, length):
    """How many bits a modulus of `length` bytes has; 0 for one that has more bytes or fewer."""
    if not length:
        return 0
    bits = 8 * (length - 1)
    top = modulus >> bits
    if not 0 < top < 256:
        return 0
    while top:
        bits += 1
        top >>= 1
    return bits


def _is_sane(exponent):
    """Whether a public exponent is one that is worked with."""
    return exponent >= _MIN_EXPONENT and exponent & 1 and not exponent >> _MAX_EXPONENT_BITS


def _is_encoding(encoded, spare_bits, digest):
    """EMSA-PSS-VERIFY (section 9.1.2) from step 4 on; step 6 is done.

    Args:
        encoded: the encoded message, bytes.
        spare_bits: how many bits of its first byte are not part of it.
    """
    if encoded[-1] != _TRAILER:
        return False
    hashed = encoded[-1 - _HASH_BYTES : -1]
    block = _unmasked(encoded[: -1 - _HASH_BYTES], hashed)
    block[0] &= 0xFF >> spare_bits
    separator = len(block) - _SALT_BYTES - 1
    if block[separator] != 1 or any(block[i] for i in range(separator)):
        return False
    return sha256(bytes(8) + digest + block[separator + 1 :]).digest() == hashed


def _unmasked(masked, seed):
    """The data block under the mask that MGF1 (appendix B.2.1) makes of a seed."""
    block = bytearray(masked)
    for i in range(len(block)):
        if not i & 31:
            mask = sha256(seed + (i >> 5).to_bytes(4, "big")).digest()
        block[i] ^= mask[i & 31]
    return block
