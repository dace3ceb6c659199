"""Ed25519 where only an exact comparison tells: S = L, and keys refused before hashing."""

from slotcast import ed25519

L = 2**252 + 27742317777372353535851937790883648493
BASE = b"\x58" + b"\x66" * 31
MINUS_BASE = b"\x58" + b"\x66" * 30 + b"\xe6"


class _HashIsOne:
    """Stands for SHA-512: every digest is the number 1."""

    def __init__(self, data=b""):
        pass

    def update(self, data):
        pass

    def digest(self):
        return b"\1" + bytes(63)


def _verify_with_hash_one(public, signature):
    genuine = ed25519.sha512
    ed25519.sha512 = _HashIsOne
    try:
        return ed25519.verify_bytes(public, signature, b"")
    finally:
        ed25519.sha512 = genuine


def test_s_of_l_is_refused_where_s_of_0_fits():
    # R = S B - 1 A with A = B: for S = 0, and for S = L if that were taken, it is -B.
    assert _verify_with_hash_one(BASE, MINUS_BASE + bytes(32))
    assert not _verify_with_hash_one(BASE, MINUS_BASE + L.to_bytes(32, "little"))


def test_a_key_or_s_that_is_refused_hashes_no_message():
    written = []
    no_point = (2).to_bytes(32, "little")  # (y^2 - 1) / (d y^2 + 1) has no root
    beyond_p = b"\xff" * 31 + b"\x7f"
    for public, s in ((no_point, 1), (beyond_p, 1), (bytes(32), 1), (BASE, L)):
        signature = BASE + s.to_bytes(32, "little")
        assert not ed25519.verify(public, signature, written.append)
    assert not written
    assert not ed25519.verify(BASE, BASE + b"\1" + bytes(31), written.append)
    assert len(written) == 1


def test_a_verification_is_in_steps_none_of_which_doubles_more_than_32_times():
    signature = BASE + bytes([255] * 31) + b"\1"
    genuine, doublings, chunks = ed25519._double, [0], []

    def double(point, times):
        doublings[0] += times
        return genuine(point, times)

    ed25519._double = double
    try:
        for waiter in ed25519.verify_steps(BASE, signature, lambda write: None):
            assert waiter is None
            chunks.append(doublings[0])
            doublings[0] = 0
    finally:
        ed25519._double = genuine
    assert len(chunks) == 9
    assert sum(chunks) > 200 and max(chunks) < 40
