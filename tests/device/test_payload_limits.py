"""A payload's head at the edges of what the format allows, and streams that end early."""

import struct
from hashlib import sha256

from check import raises

from slotcast.errors import PayloadError
from slotcast.payload import DEFLATE, RAW, Head, Source, decode_block, head_bytes

BLOCK = 4096


def row(encoding=RAW, length=BLOCK, block=b""):
    hashed = sha256(block).digest()[:16]
    return hashed + bytes([encoding]) + struct.pack("<I", length)[:3]


def head(*rows, magic=b"SLC\x01", flags=0, window=12, kind=0, block=BLOCK, size=None, base=None):
    size = len(rows) * BLOCK if size is None else size
    data = magic + struct.pack("<BBHII", flags, window, kind, block, size)
    return data + bytes(32) + (base or bytes(32)) + b"".join(rows)


def refused(data, says, *limits):
    raises(PayloadError, Head, data, *limits, says=says)


def test_a_head_cut_short_anywhere_is_refused():
    data = head(row(), row())
    for size in range(len(data)):
        refused(data[:size], "")
    refused(data + b"\0", "one row a block")


def test_other_formats_are_refused():
    for magic in (b"SLC\x02", b"SLC\x00", b"slc\x01", bytes(4)):
        refused(head(row(), magic=magic), "not a payload of format 1")


def test_flags_kinds_and_bases_that_are_not_known_are_refused():
    for changes in ({"flags": 1}, {"kind": 1}, {"base": bytes(31) + b"\1"}):
        data = head(row(), **changes)
        refused(data, "does not know")


def test_block_sizes_are_powers_of_two_from_4_to_64_kib():
    for size in (4096, 8192, 16384, 32768, 65536):
        assert Head(head(row(RAW, 9), block=size, size=9), 65536).block_size == size
    for size in (0, 1, 2048, 4095, 4097, 12288, 131072, 1 << 31):
        refused(head(row(RAW, 9), block=size, size=9), "block size", 1 << 32)


def test_windows_are_of_9_to_15_bits():
    for window in range(9, 16):
        assert Head(head(row(), window=window), BLOCK, 15).window_bits == window
    for window in (0, 8, 16, 255):
        refused(head(row(), window=window), "window", BLOCK, 255)


def test_blocks_and_windows_larger_than_the_boards_memory_are_refused():
    refused(head(row(RAW, 9), block=8192, size=9), "this board's memory", BLOCK)
    refused(head(row(), window=11), "this board's memory", BLOCK, 10)


def test_a_board_that_names_no_limits_takes_16_kib_and_12_bits():
    assert Head(head(row(RAW, 9), block=16384, size=9)).block_size == 16384
    refused(head(row(RAW, 9), block=32768, size=9), "this board's memory")
    refused(head(row(), window=13), "this board's memory")


def test_images_are_of_1_byte_to_16_mib():
    assert Head(head(row(RAW, 1), size=1)).block_count == 1
    refused(head(size=0), "image size")
    refused(head(size=16 * 1024 * 1024 + 1, block=16384), "image size")
    most = head(*[row(RAW, 65536)] * 256, block=65536, size=16 * 1024 * 1024)
    assert Head(most, 65536).data_bytes() == 16 * 1024 * 1024


def test_the_table_has_one_row_a_block():
    refused(head(row(), size=2 * BLOCK), "one row a block")
    refused(head(row(), row(), size=BLOCK), "one row a block")
    assert head_bytes(BLOCK + 1, BLOCK) == 80 + 2 * 20


def test_a_raw_block_has_its_own_length():
    assert Head(head(row(), row(RAW, 5), size=BLOCK + 5)).data_bytes() == BLOCK + 5
    for length in (0, BLOCK - 1, BLOCK + 1):
        refused(head(row(RAW, length)), "block 0 has a length")
    refused(head(row(), row(), size=BLOCK + 5), "block 1 has a length")


def test_a_deflated_block_is_shorter_than_it_was():
    for length in (1, BLOCK - 1):
        assert Head(head(row(DEFLATE, length))).encoded_bytes(0) == length
    for length in (0, BLOCK, BLOCK + 1, 0xFFFFFF):
        refused(head(row(DEFLATE, length)), "block 0 has a length")


def test_other_encodings_are_refused():
    for encoding in (2, 3, 255):
        refused(head(row(encoding)), "block 0 has encoding %d" % encoding)


class Stream:
    """Gives at most `step` bytes at once."""

    def __init__(self, data, step=3):
        self.data = data
        self.step = step

    def readinto(self, buffer):
        count = min(len(buffer), len(self.data), self.step)
        buffer[:count] = self.data[:count]
        self.data = self.data[count:]
        return count


def test_a_source_gives_its_bytes_and_no_more():
    stream = Stream(b"0123456789")
    source, buffer = Source(stream, 7), memoryview(bytearray(7))
    source.fill(buffer)
    assert bytes(buffer) == b"0123456" and source.left == 0
    assert source.readinto(buffer) == 0 and stream.data == b"789"


def test_a_stream_that_ends_before_its_length_is_refused():
    raises(PayloadError, Source(Stream(b"012"), 4).fill, memoryview(bytearray(4)), says="early")
    raises(PayloadError, Source(Stream(b"012"), 4).skip, memoryview(bytearray(4)), says="early")


def test_more_than_is_left_cannot_be_filled():
    source = Source(Stream(b"0123"), 2)
    raises(PayloadError, source.fill, memoryview(bytearray(4)), says="fewer bytes")


def test_a_raw_block_with_another_hash_is_refused():
    block = bytes(range(256)) * 16
    found = Head(head(row(block=block)))
    pieces = [memoryview(bytearray(1024)) for _ in range(4)]
    decode_block(found, 0, Source(Stream(block, 999), BLOCK), pieces)
    assert b"".join(bytes(piece) for piece in pieces) == block
    for at in (0, 1024, BLOCK - 1):
        changed = bytearray(block)
        changed[at] ^= 1
        source = Source(Stream(changed, 999), BLOCK)
        raises(PayloadError, decode_block, found, 0, source, pieces, says="wrong hash")
