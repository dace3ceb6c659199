"""Deflated blocks larger than the ring through which they are fed."""

from hashlib import sha256

from test_payload_limits import Stream, head, opened, row

from slotcast.frames import Frame
from slotcast.inflate import Source
from slotcast.payload import DEFLATE
from slotcast.steps import finish

BLOCK = 16384
HEAP_KIB = 2048
RUN = 258


def _literals(count):
    """Bytes that have codes of 8 bits (RFC 1951, 3.2.6)."""
    state, data = 1, bytearray()
    for _ in range(count):
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        data.append((state >> 16) % 144)
    return bytes(data)


def _deflated(literals, runs):
    """One block in fixed Huffman codes: literals, then `runs` times the last one RUN times more."""
    bits = ["1", "10"]  # final; fixed codes, low bit first
    bits += ["{:08b}".format(0x30 + byte) for byte in literals]
    bits += ["11000101" + "00000"] * runs  # length 285: RUN bytes; distance 0: of the byte before
    text = "".join(bits) + "0000000"
    text += "0" * (-len(text) % 8)
    return bytes(
        sum(1 << i for i in range(8) if text[at + i] == "1") for at in range(0, len(text), 8)
    )


def test_a_block_of_many_encoded_bytes_is_decoded_whole():
    literals = _literals(BLOCK - 30 * RUN)
    block = literals + literals[-1:] * (30 * RUN)
    data = _deflated(literals, 30)
    assert 4 * 2048 < len(data) < BLOCK
    found = opened(head(row(DEFLATE, len(data), block), block=BLOCK, size=BLOCK))
    pieces = [memoryview(bytearray(4096)) for _ in range(4)]
    for step in (1, 100, 5000):
        finish(
            Frame(found, 0, 1, Source(Stream(data, step), len(data)), None).decode_steps(0, pieces)
        )
        assert sha256(b"".join(bytes(piece) for piece in pieces)).digest() == sha256(block).digest()
