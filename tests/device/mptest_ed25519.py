"""Ed25519 verification in little memory."""

import gc

from slotcast import ed25519

# MicroPython's objects take up to twice as much here as on a board with words of 32 bits, and this
# heap holds the compiler's work too.
HEAP_KIB = 48


def test_a_verify_fits_a_small_heap_and_leaves_nothing_behind():
    public = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    signature = bytes.fromhex(
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555"
        "fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    )
    assert ed25519.verify_bytes(public, signature, b"")
    gc.collect()
    before = gc.mem_alloc()
    assert ed25519.verify_bytes(public, signature, b"")
    gc.collect()
    assert gc.mem_alloc() <= before + 256
