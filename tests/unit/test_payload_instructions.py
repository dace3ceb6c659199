"""Instructions, written and read, against the reference of the vectors."""

import pytest
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st

from manifests.vectors.delta_reference import follow, svarint, varint
from publisher.errors import PayloadError
from publisher.payload.instructions import Reader, Writer
from publisher.payload.matching import Match
from publisher.payload.relocation import ROW_SIZE

BASE = bytes(range(200))
BLOCK = 16
SAME = bytes(BLOCK)


def written(*said, start=0):
    writer = Writer(start)
    for one in said:
        if isinstance(one, bytes):
            writer.literal(one)
        elif isinstance(one, Match):
            writer.copy(one)
        else:
            writer.skip(one)
    return writer.finish()


def read(stream, *lengths, base=BASE, start=0, most_turns=2048):
    """What is read, where negative lengths are copy rows."""
    reader = Reader(stream, base, start, most_turns)
    out = []
    for length in lengths:
        if length < 0:
            reader.skip(-length)
        else:
            out.append(reader.take(length))
    reader.verify_end()
    return b"".join(out)


@pytest.mark.parametrize(
    ("said", "stream"),
    [
        ((Match(0, 0, bytes(9)),), "00 09"),
        ((Match(0, 5, bytes(9)),), "0a 09"),
        ((b"xy",), "00 00 00 02 7879"),
        ((b"x", b"", b"y"), "00 00 00 02 7879"),
        ((Match(0, 0, b"\0\0\7\0"),), "00 02 07 01"),
        ((Match(0, 0, b"\0\0\7"),), "00 02 07"),
        ((Match(0, 0, bytes(9)), Match(9, 9, bytes(3))), "00 0c"),
        ((Match(0, 0, bytes(9)), Match(9, 8, bytes(3))), "00 09 00 00 01 03"),
        ((Match(0, 0, bytes(9)), b"!", Match(10, 9, bytes(3))), "00 09 00 01 21 00 03"),
        ((Match(0, 0, bytes(4)), 16, Match(20, 20, bytes(3))), "00 07"),
        ((Match(0, 0, bytes(4)), b"!", 16, b"?", Match(22, 0, b"\1")), "00 04 00 02 213f 27 00 01"),
    ],
)
def test_instructions_are_written_in_the_shortest_way(said, stream):
    assert written(*said).hex() == stream.replace(" ", "")


def test_the_position_of_a_frame_counts_from_its_first_block():
    assert written(Match(32, 30, SAME), start=32) == svarint(-2) + varint(16)
    assert read(svarint(-2) + varint(16), 16, start=32) == BASE[30:46]


@st.composite
def edits(draw):
    """Matches and literals of whole blocks, and which blocks are copy rows."""
    said, length = [], 0
    for _ in range(draw(st.integers(1, 8))):
        if draw(st.booleans()):
            literal = draw(st.binary(min_size=1, max_size=20))
            said.append(literal)
            length += len(literal)
        else:
            change = st.sampled_from([0, 0, 0, 1, 255])
            differences = bytes(draw(st.lists(change, min_size=1, max_size=40)))
            at = draw(st.integers(0, len(BASE) - len(differences)))
            said.append(Match(length, at, differences))
            length += len(differences)
    return said, length


def image_of(said):
    image = b""
    for one in said:
        if isinstance(one, Match):
            old = BASE[one.base_at : one.base_at + len(one.differences)]
            one = bytes((a + b) % 256 for a, b in zip(old, one.differences, strict=True))
        image += one
    return image


@examples(200)
@given(edits(), st.integers(0, 300))
def test_what_is_written_is_read_and_followed_by_the_page(edit, start):
    said, length = edit
    stream = written(*said, start=start)
    assert follow(stream, BASE, start, [(length, False)]) == image_of(said)
    pieces = [BLOCK] * (length // BLOCK) + [length % BLOCK]
    assert read(stream, *pieces, start=start) == image_of(said)


@st.composite
def streams(draw):
    """Instructions near the base's start, and how many bytes they write."""
    size, small = st.integers(1, 5), st.integers(0, 12)
    stream, length = svarint(draw(st.integers(-1, 20)), draw(size)), 0
    for _ in range(draw(st.integers(0, 5))):
        for _ in range(draw(st.integers(0, 2))):
            copied = draw(small)
            stream += varint(copied, draw(size)) + bytes([draw(st.integers(1, 255))])
            length += copied + 1
        copied, literals = draw(small), draw(st.binary(max_size=4))
        stream += varint(copied) + b"\0" + varint(len(literals)) + literals
        stream += svarint(draw(st.integers(-20, 20) | st.sampled_from([0, 2**30 - 1])))
        length += copied + len(literals)
    copied = draw(st.integers(1, 12))
    return stream + varint(copied), length + copied


@st.composite
def frames(draw):
    """A stream and its blocks as (length, is copied), which often are as long as it writes."""
    stream, left = draw(streams())
    if not draw(st.integers(0, 3)):
        at = draw(st.integers(0, len(stream) - 1))
        stream = stream[:at] + draw(st.binary(max_size=2)) + stream[at + draw(st.integers(0, 1)) :]
    blocks = []
    while left:
        length = draw(st.integers(1, left))
        blocks += [(length, False), *[(draw(st.integers(1, 9)), True)] * draw(st.integers(0, 1))]
        left -= length
    while blocks[-1][1]:
        blocks.pop()  # a frame ends with a block of its own
    return stream, blocks


@examples(600)
@given(frames(), st.sampled_from([30, 200, 200]))
def test_any_instructions_are_judged_by_the_page(frame, base_size):
    (stream, blocks), base = frame, BASE[:base_size]
    try:
        expected = follow(stream, base, 0, blocks)
    except (ValueError, IndexError):
        expected = None
    try:
        found = read(stream, *(-size if copied else size for size, copied in blocks), base=base)
    except PayloadError:
        found = None
    assert found == expected


@pytest.mark.parametrize(
    ("stream", "says"),
    [
        (b"", "end early"),
        (svarint(0), "end early"),
        (svarint(-1) + varint(16), "a position"),
        (svarint(190) + varint(16), "outside of its base"),
        (svarint(200) + varint(0) + b"\1", "outside of its base"),
        (svarint(0) + varint(17), "more than its blocks"),
        (svarint(0) + varint(16) + b"\0", "more than its blocks"),
        (svarint(0) + b"\0\0\0\0", "writes nothing"),
        (svarint(0) + b"\0\0" + varint(16) + bytes(15), "end early"),
    ],
)
def test_instructions_that_break_a_rule_are_refused(stream, says):
    with pytest.raises(PayloadError, match=says):
        read(stream, 16)


def test_a_block_turns_to_other_rows_so_often_and_no_more():
    base = bytes(2 * ROW_SIZE)
    there_and_back = [Match(at, at % 2 * ROW_SIZE, b"\0") for at in range(9)]
    stream = written(*there_and_back)
    assert read(stream, 9, base=base, most_turns=9) == bytes(9)
    assert read(stream, 5, 4, base=base, most_turns=5) == bytes(9)
    with pytest.raises(PayloadError, match="too often"):
        read(stream, 9, base=base, most_turns=8)


def test_a_writer_tells_the_turns_of_the_block_that_has_most():
    writer = Writer(0)
    for block in ([0, 1, 1], [1, 0, 1, 0], [0, 1]):
        writer.begin_block()
        for row in block:
            writer.copy(Match(0, row * ROW_SIZE, b"\0"))
    assert writer.most_turns == 3


def test_a_copy_over_several_rows_turns_to_each():
    writer = Writer(0)
    writer.copy(Match(0, ROW_SIZE - 1, bytes(ROW_SIZE + 2)))
    assert writer.most_turns == 3
