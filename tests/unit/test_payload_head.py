"""A payload's head: its frames, and the memory that it asks for."""

from dataclasses import replace

import pytest

from publisher.errors import PayloadError
from publisher.payload import COPY, DEFLATE, DELTA, JOINED, NO_BASE, RAW, Head, Row
from publisher.payload.full import fitting_sizes
from publisher.payload.relocation import Relocation

BLOCK = 4096
GOES_ON = DELTA | JOINED
LENGTHS = {RAW: BLOCK, DEFLATE: 9, COPY: 0, DELTA: 7, GOES_ON: 0}


def head(*encodings, base=b"b" * 32):
    rows = tuple(Row(bytes(16), encoding, LENGTHS[encoding]) for encoding in encodings)
    return Head(12, BLOCK, BLOCK * len(rows), bytes(32), base, rows)


@pytest.mark.parametrize(
    ("encodings", "frames"),
    [
        ((RAW, DEFLATE), [(0, 1), (1, 2)]),
        ((COPY, COPY), [(0, 1), (1, 2)]),
        ((DELTA, GOES_ON, GOES_ON), [(0, 3)]),
        ((DELTA, DELTA, GOES_ON), [(0, 1), (1, 3)]),
        ((COPY, DELTA, COPY, COPY, GOES_ON, COPY), [(0, 1), (1, 5), (5, 6)]),
        ((DELTA, COPY, RAW), [(0, 1), (1, 2), (2, 3)]),
        ((DELTA, COPY, GOES_ON, COPY, DELTA, GOES_ON), [(0, 3), (3, 4), (4, 6)]),
        ((RAW, COPY, DEFLATE, DELTA), [(0, 1), (1, 2), (2, 3), (3, 4)]),
    ],
)
def test_frames_are_blocks_of_one_stream_or_copied_alone(encodings, frames):
    assert list(head(*encodings).frames()) == [range(*frame) for frame in frames]


def test_a_head_is_read_as_it_was_written():
    relocation = Relocation(((4, 8),), ((5, -6), (7, 8)))
    for written in (
        head(DELTA, COPY, GOES_ON),
        replace(head(DELTA, COPY, GOES_ON), relocation=relocation),
        head(RAW, DEFLATE, base=NO_BASE),
    ):
        data = written.to_bytes()
        assert len(data) == written.length
        assert Head.from_bytes(data + b"data behind it") == written
        for cut in range(len(data)):
            with pytest.raises(PayloadError, match="cut off"):
                Head.from_bytes(data[:cut])


@pytest.mark.parametrize("relocation", ["0000", "01000408", "00010582 00", "000185 0002"])
def test_a_relocation_that_is_longer_than_it_needs_or_nothing_is_refused(relocation):
    relocation = bytes.fromhex(relocation)
    data = head(DELTA).to_bytes()
    data = data[:6] + len(relocation).to_bytes(2, "little") + data[8:] + relocation
    with pytest.raises(PayloadError, match="not written in the shortest way"):
        Head.from_bytes(data)


def test_lengths_add_up():
    found = head(RAW, DEFLATE, DELTA, COPY)
    assert (found.length, found.payload_length) == (160, 160 + BLOCK + 9 + 7)
    short = replace(found, image_size=3 * BLOCK + 5)
    assert [short.block_length(index) for index in range(4)] == [BLOCK, BLOCK, BLOCK, 5]


def test_memory_is_a_block_and_a_window_and_with_a_base_a_row_and_the_map():
    assert head(RAW, base=NO_BASE).memory == 4096 + 4096
    assert head(COPY).memory == 4096 + 4096 + 4096
    entries = tuple((at, 1) for at in range(10))
    assert replace(head(DELTA), relocation=Relocation((), entries)).memory == 3 * 4096 + 80
    assert replace(head(DELTA), block_size=65536, window_bits=15).memory == 65536 + 32768 + 4096


@pytest.mark.parametrize(
    ("memory", "without", "with_base"),
    [
        (4607, [], []),
        (8192, [(4096, 12)], []),
        (8703, [(4096, 12)], []),
        (8704, [(8192, 9), (4096, 12)], [(4096, 9)]),
        (
            28_672,
            [(16384, 13), (8192, 14), (4096, 14)],
            [(16384, 13), (8192, 14), (4096, 14)],
        ),
    ],
)
def test_the_sizes_that_fit_a_memory(memory, without, with_base):
    assert list(fitting_sizes(memory, has_base=False)) == without
    assert list(fitting_sizes(memory, has_base=True)) == with_base


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"base_digest": NO_BASE}, "is zero, but a block reads a base"),
        ({"rows": head(RAW).rows}, "is not zero, but no block"),
        ({"rows": head(GOES_ON).rows}, "block 0 is joined"),
        ({"rows": (Row(bytes(16), 4, 0),)}, "block 0 has encoding 4"),
        ({"rows": (Row(bytes(16), COPY, 1),)}, "block 0 has 1 bytes"),
        ({"rows": (Row(bytes(16), DELTA, 0),)}, "block 0 begins a frame without bytes"),
    ],
)
def test_a_head_that_breaks_a_rule_is_refused(changes, says):
    with pytest.raises(PayloadError, match=says):
        Head.from_bytes(replace(head(COPY), **changes).to_bytes())
