"""Heads of payloads: the board's Head against the format's rules, written down a second time."""

import struct

from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from test_payload_limits import opened

from slotcast.errors import PayloadError

SIZES = st.sampled_from([4096, 8192, 16384, 32768, 65536]) | st.integers(0, 1 << 17)
WINDOWS = st.integers(7, 17)
IMAGES = st.integers(0, 200000) | st.integers(0, (1 << 32) - 1)
BASES = st.sampled_from([bytes(32), b"base" * 8])
ENCODINGS = st.lists(st.sampled_from([0, 1, 2, 3, 0x83]), min_size=60, max_size=60)
FULL = st.lists(st.integers(0, 1), min_size=60, max_size=60)
MEMORIES = st.sampled_from([8192, 28672, 131072])
# 8 ranges and 512 entries take this much at most; nothing here is longer.
MOVED = st.sampled_from([b"", b"", b"\0\1\5\2", b"\1\1\4\4\5\2", b"\0\2\5\2\1\1"])


def is_sound(data, memory):
    """manifests/payload.md, header and table; but for the relocation's own rules."""
    if len(data) < 80 or data[:4] != b"SLC\x01":
        return False
    flags, bits, moved, block, size = struct.unpack_from("<BBHII", data, 4)
    is_known = not flags and block in (4096, 8192, 16384, 32768, 65536)
    if not is_known or not 9 <= bits <= 15 or (moved and not any(data[48:80])):
        return False
    count = (size + block - 1) // block
    if not 1 <= size <= 1 << 24 or len(data) != 80 + 20 * count + moved:
        return False
    entries = data[80 + 20 * count + 1] if moved else 0
    needed = block + 2**bits + (4096 + 8 * entries if any(data[48:80]) else 0)
    return needed <= memory and are_sound_rows(data, block, size, count)


def are_sound_rows(data, block, size, count):
    before, reads = [], False
    for number in range(count):
        at = 80 + 20 * number
        decoded = min(block, size - number * block)
        encoding, length = data[at + 16], int.from_bytes(data[at + 17 : at + 20], "little")
        lengths = {0: range(decoded, decoded + 1), 1: range(1, decoded), 2: range(1)}
        lengths |= {3: range(1, 1 << 24), 0x83: range(1)}
        if length not in lengths.get(encoding, ()):
            return False
        if encoding == 0x83 and ([e for e in before if e != 2] or [0])[-1] not in (3, 0x83):
            return False
        before.append(encoding)
        reads = reads or encoding > 1
    return reads == any(data[48:80])


def is_taken(data, memory):
    try:
        head = opened(data, memory)
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
    block, size, base = draw(SIZES), draw(IMAGES), draw(BASES)
    moved = draw(MOVED) if any(base) or not draw(st.integers(0, 9)) else b""
    fields = struct.pack("<BBHII", 0, draw(WINDOWS), len(moved), block, size)
    data = b"SLC\x01" + fields + bytes(32) + base
    encodings = draw(ENCODINGS if any(base) else FULL)
    for number in range(min(-(-size // block), 60) if block else 2):
        decoded = min(block, size - number * block)
        encoding = encodings[number]
        length = {0: decoded, 1: decoded - 1, 3: 5}.get(encoding, 0)
        length = length if draw(st.integers(0, 30)) else draw(st.integers(0, 70000))
        data += bytes(16) + bytes([encoding]) + (length % (1 << 24)).to_bytes(3, "little")
    return data + moved


@examples(300)
@given(heads(), MEMORIES)
def test_heads_are_judged_by_the_format(data, memory):
    assert is_taken(data, memory) == is_sound(data, memory)


@examples(300)
@given(heads(), st.data())
def test_changed_heads_are_judged_by_the_format(data, more):
    data = bytearray(data)
    stop = len(data) - struct.unpack_from("<H", data, 6)[0]
    at = more.draw(st.integers(0, 15) | st.integers(0, stop - 1))
    data[at : at + more.draw(st.integers(0, 3))] = more.draw(st.binary(max_size=3))
    if is_taken(bytes(data), 131072):
        assert is_sound(bytes(data), 131072)
    elif not struct.unpack_from("<H", data, 6)[0]:  # else its relocation may have been changed
        assert not is_sound(bytes(data), 131072)


@examples(100)
@given(st.binary(max_size=200))
def test_any_bytes_are_judged_by_the_format(data):
    for head in (data, b"SLC\x01" + data):
        assert is_taken(head, 65536) == is_sound(head, 65536)
