"""A payload's head at the edges of what the format allows, and streams that end early."""

import io
import struct
from hashlib import sha256

from check import raises

from slotcast import trickle
from slotcast.buffers import Buffers
from slotcast.errors import PayloadError
from slotcast.frames import Frame
from slotcast.head_fields import head_bytes, most_head_bytes, read_head
from slotcast.inflate import Source
from slotcast.payload import COPY, DEFLATE, DELTA, JOINED, RAW, HeadBytes
from slotcast.steps import finish

BLOCK = 4096
BASE = b"base" * 8


def row(encoding=RAW, length=BLOCK, block=b""):
    hashed = sha256(block).digest()[:16]
    return hashed + bytes([encoding]) + struct.pack("<I", length)[:3]


def head(*rows, magic=b"SLC\x01", flags=0, window=12, block=BLOCK, size=None, base=None, moved=b""):
    size = len(rows) * BLOCK if size is None else size
    data = magic + struct.pack("<BBHII", flags, window, len(moved), block, size)
    return data + bytes(32) + (base or bytes(32)) + b"".join(rows) + moved


def opened(data, *memory):
    return read_head(HeadBytes(Source(io.BytesIO(data), len(data))), *memory)


def refused(data, says, *memory):
    raises(PayloadError, opened, data, *memory, says=says)


def test_a_head_cut_short_anywhere_is_refused():
    data = head(row(), row())
    for size in range(len(data)):
        refused(data[:size], "")
    refused(data + b"\0", "one row a block")


def test_other_formats_are_refused():
    for magic in (b"SLC\x02", b"SLC\x00", b"slc\x01", bytes(4)):
        refused(head(row(), magic=magic), "not a payload of format 1")


def test_flags_are_not_known():
    for flags in (1, 0x80):
        refused(head(row(), flags=flags), "does not know")


def test_block_sizes_are_powers_of_two_from_4_to_64_kib():
    for size in (4096, 8192, 16384, 32768, 65536):
        assert opened(head(row(RAW, 9), block=size, size=9), 1 << 17).block_size == size
    for size in (0, 1, 2048, 4095, 4097, 12288, 131072, 1 << 31):
        refused(head(row(RAW, 9), block=size, size=9), "block size", 1 << 33)


def test_windows_are_of_9_to_15_bits():
    for window in range(9, 16):
        assert opened(head(row(), window=window), 1 << 17).window_bits == window
    for window in (0, 8, 16, 255):
        refused(head(row(), window=window), "window", 1 << 33)


def test_a_block_and_a_window_fit_the_boards_memory():
    for block, window in ((4096, 12), (8192, 9), (16384, 12), (16384, 13), (65536, 15)):
        need = block + (1 << window)
        data = head(row(RAW, 9), block=block, window=window, size=9)
        assert opened(data, need).block_size == block
        refused(data, "this board's memory", need - 1)


def test_with_a_base_a_row_of_it_fits_too():
    data = head(row(COPY, 0), base=BASE, window=9)
    assert opened(data, BLOCK + 512 + 4096).base_digest == "62617365" * 8
    refused(data, "this board's memory", BLOCK + 512 + 4095)


def test_with_a_relocation_its_map_fits_too():
    moved = b"\0\2" + b"\1\2" * 2  # two entries
    data = head(row(COPY, 0), base=BASE, moved=moved)
    assert opened(data, 3 * 4096 + 16).relocation
    refused(data, "this board's memory", 3 * 4096 + 15)
    assert opened(head(row(COPY, 0), base=BASE)).relocation is None


def test_a_board_that_names_no_memory_gives_28_kib():
    assert opened(head(row(RAW, 9), block=16384, size=9)).block_size == 16384
    refused(head(row(RAW, 9), block=32768, size=9), "this board's memory")
    assert opened(head(row(), window=14)).window_bits == 14
    refused(head(row(), window=15), "this board's memory")
    full = b"\0\x80\4" + b"\1\2" * 512  # the largest map that there is
    data = head(row(COPY, 0), block=16384, size=4096, base=BASE, moved=full)
    assert opened(data).relocation


def test_the_largest_block_leaves_room_for_the_smallest_window():
    for size in (8192, 16384, 32768, 65536):
        assert len(Buffers(size + 511, False).sectors) == size // 2 // 4096
        assert len(Buffers(size + 512, False).sectors) == size // 4096
    assert len(Buffers(28672, False).sectors) == 4
    assert len(Buffers(0, False).sectors) == 1 and len(Buffers(1 << 20, False).sectors) == 16


def test_a_row_is_taken_only_where_a_base_may_come():
    assert Buffers(0, False).row is None
    assert len(Buffers(0, True).row) == 4096


def test_images_are_of_1_byte_to_16_mib():
    assert opened(head(row(RAW, 1), size=1)).block_count == 1
    refused(head(size=0), "image size")
    refused(head(size=16 * 1024 * 1024 + 1, block=16384), "image size")
    most = head(*[row(RAW, 65536)] * 256, block=65536, size=16 * 1024 * 1024)
    assert opened(most, 1 << 17).data_bytes() == 16 * 1024 * 1024


def test_the_table_has_one_row_a_block():
    refused(head(row(), size=2 * BLOCK), "one row a block")
    refused(head(row(), row(), size=BLOCK), "one row a block")
    assert head_bytes(BLOCK + 1, BLOCK) == 80 + 2 * 20


def test_the_longest_head_has_small_blocks_and_the_longest_relocation():
    assert most_head_bytes(BLOCK + 1) == 80 + 2 * 20 + 5 * (2 + 2 * 8 + 2 * 512)


def test_a_raw_block_has_its_own_length():
    assert opened(head(row(), row(RAW, 5), size=BLOCK + 5)).data_bytes() == BLOCK + 5
    for length in (0, BLOCK - 1, BLOCK + 1):
        refused(head(row(RAW, length)), "block 0 has a length")
    refused(head(row(), row(), size=BLOCK + 5), "block 1 has a length")


def test_a_deflated_block_is_shorter_than_it_was():
    for length in (1, BLOCK - 1):
        assert opened(head(row(DEFLATE, length))).encoded_bytes(0) == length
    for length in (0, BLOCK, BLOCK + 1, 0xFFFFFF):
        refused(head(row(DEFLATE, length)), "block 0 has a length")


def test_other_encodings_are_refused():
    for encoding in (4, 0x80, 0x81, 0x82, 0x84, 255):
        refused(head(row(encoding), base=BASE), "block 0 has encoding %d" % encoding)


def test_a_copied_block_and_a_joined_one_have_no_bytes_of_their_own():
    rows = row(DELTA, 1), row(JOINED, 0), row(COPY, 0)
    assert opened(head(*rows, base=BASE)).data_bytes() == 1
    refused(head(*rows[:2], row(COPY, 1), base=BASE), "block 2 has a length")
    refused(head(rows[0], row(JOINED, 1), base=BASE), "block 1 has a length")


def test_a_delta_block_has_bytes_and_maybe_more_than_it_decodes_to():
    for length in (1, BLOCK, 0xFFFFFF):
        assert opened(head(row(DELTA, length), base=BASE)).encoded_bytes(0) == length
    refused(head(row(DELTA, 0), base=BASE), "block 0 has a length")


def test_a_block_joins_a_delta_across_copied_ones_only():
    delta, joined, copy, raw = row(DELTA, 9), row(JOINED, 0), row(COPY, 0), row()
    for rows in ((delta, joined), (delta, copy, copy, joined, joined, copy, joined)):
        opened(head(*rows, base=BASE))
    for rows in (
        (joined,),
        (delta, raw, joined),
        (copy, joined),
        (delta, joined, raw, copy, joined),
    ):
        refused(head(*rows, base=BASE), "block %d joins no delta" % (len(rows) - 1))


def test_a_base_is_named_where_a_block_reads_one_and_nowhere_else():
    for encoding, length in ((COPY, 0), (DELTA, 9)):
        opened(head(row(), row(encoding, length), base=BASE))
        refused(head(row(), row(encoding, length)), "names a base")
    for base in (BASE, bytes(31) + b"\1", b"\1" + bytes(31)):
        refused(head(row(), base=base), "names a base")
    assert opened(head(row())).base_digest == ""


def test_a_relocation_is_that_of_a_base_and_as_long_as_the_header_says():
    moved = b"\0\1\5\2"
    refused(head(row(), moved=moved), "has not")
    data = bytearray(head(row(COPY, 0), base=BASE, moved=moved))
    opened(data)
    refused(head(row(COPY, 0), base=BASE, moved=b"\0\0"), "count")
    for length in (0, 3, 5, 200, 0xFFFF):
        data[6:8] = struct.pack("<H", length)
        refused(data, "one row a block")


def test_frames_end_with_their_last_joined_block():
    delta, joined, copy, raw = row(DELTA, 9), row(JOINED, 0), row(COPY, 0), row()
    found = opened(head(delta, copy, joined, copy, delta, raw, copy, delta, joined, base=BASE))
    stops = [found.frame_stop(first) for first in (0, 3, 4, 5, 6, 7)]
    assert stops == [3, 4, 5, 6, 7, 9]


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


def test_where_there_is_no_ring_16_kib_of_input_are_held_and_no_more():
    for length, left in ((16384, 0), (16385, 16385)):
        source = Source(Stream(bytes(length), 4096), length)
        stream = trickle.held(source)
        assert source.left == left
        assert stream.read(1) == b"\0"


def test_more_than_is_left_cannot_be_filled():
    source = Source(Stream(b"0123"), 2)
    raises(PayloadError, source.fill, memoryview(bytearray(4)), says="fewer bytes")


def test_a_raw_block_with_another_hash_is_refused():
    block = bytes(range(256)) * 16
    found = opened(head(row(block=block)))
    pieces = [memoryview(bytearray(1024)) for _ in range(4)]
    finish(Frame(found, 0, 1, Source(Stream(block, 999), BLOCK), None).decode_steps(0, pieces))
    assert b"".join(bytes(piece) for piece in pieces) == block
    for at in (0, 1024, BLOCK - 1):
        changed = bytearray(block)
        changed[at] ^= 1
        frame = Frame(found, 0, 1, Source(Stream(changed, 999), BLOCK), None)
        raises(PayloadError, finish, frame.decode_steps(0, pieces), says="wrong hash")
