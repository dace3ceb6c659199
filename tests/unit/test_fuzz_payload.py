"""Heads of payloads: the board's Head against the format's rules, written down a second time."""

import struct

from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st

from slotcast.errors import PayloadError
from slotcast.payload import Head

SIZES = st.sampled_from([4096, 8192, 16384, 32768, 65536]) | st.integers(0, 1 << 17)
WINDOWS = st.integers(7, 17)
IMAGES = st.integers(0, 200000) | st.integers(0, (1 << 32) - 1)


def is_sound(data, max_block, max_bits):
    """manifests/payload.md, header and table."""
    if len(data) < 80 or data[:4] != b"SLC\x01" or any(data[48:80]):
        return False
    flags, bits, kind, block, size = struct.unpack_from("<BBHII", data, 4)
    is_known = not flags and not kind and block in (4096, 8192, 16384, 32768, 65536)
    if not is_known or block > max_block or not 9 <= bits <= min(15, max_bits):
        return False
    if not 1 <= size <= 1 << 24 or len(data) != 80 + 20 * ((size + block - 1) // block):
        return False
    for number, at in enumerate(range(80, len(data), 20)):
        decoded = min(block, size - number * block)
        length = int.from_bytes(data[at + 17 : at + 20], "little")
        if data[at + 16] == 0 and length != decoded:
            return False
        if data[at + 16] == 1 and not 1 <= length < decoded:
            return False
        if data[at + 16] > 1:
            return False
    return True


def is_taken(data, max_block, max_bits):
    try:
        head = Head(data, max_block, max_bits)
    except PayloadError:
        return False
    lengths = [head.encoded_bytes(index) for index in range(head.block_count)]
    decoded = sum(head.block_bytes(index) for index in range(head.block_count))
    assert decoded == head.image_size
    assert head.data_bytes() == sum(lengths)
    return True


@st.composite
def heads(draw):
    """A sound head, or nearly."""
    block, size = draw(SIZES), draw(IMAGES)
    data = b"SLC\x01" + struct.pack("<BBHII", 0, draw(WINDOWS), 0, block, size) + bytes(64)
    for number in range(min(-(-size // block), 60) if block else 2):
        decoded = min(block, size - number * block)
        encoding = draw(st.integers(0, 1))
        length = decoded - encoding if draw(st.integers(0, 30)) else draw(st.integers(0, 70000))
        data += bytes(16) + bytes([encoding]) + (length % (1 << 24)).to_bytes(3, "little")
    return data


@examples(300)
@given(heads(), st.sampled_from([4096, 16384, 65536]), st.integers(9, 15))
def test_heads_are_judged_by_the_format(data, max_block, max_bits):
    assert is_taken(data, max_block, max_bits) == is_sound(data, max_block, max_bits)


@examples(300)
@given(heads(), st.data())
def test_changed_heads_are_judged_by_the_format(data, more):
    data = bytearray(data)
    at = more.draw(st.integers(0, 15) | st.integers(0, len(data) - 1))
    data[at : at + more.draw(st.integers(0, 3))] = more.draw(st.binary(max_size=3))
    assert is_taken(bytes(data), 65536, 15) == is_sound(bytes(data), 65536, 15)


@examples(100)
@given(st.binary(max_size=200))
def test_any_bytes_are_judged_by_the_format(data):
    for head in (data, b"SLC\x01" + data):
        assert is_taken(head, 65536, 15) == is_sound(head, 65536, 15)
