"""Payloads with a base on the board: never anything but a refusal, and nothing wrong written.

Where both decoders of this project read the same bytes, they come to the same.
"""

import io
import zlib
from hashlib import sha256

import flash
from deltas import BLOCK, COPY, DELTA, JOINED, Image, payload, relocation, svarint, varint
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from test_install import Edge, Told

from publisher.errors import PayloadError as HostPayloadError
from publisher.payload.instructions import Reader
from publisher.payload.relocation import Relocation as HostRelocation
from slotcast import delta_plain
from slotcast.delta import Base, Delta
from slotcast.errors import PayloadError
from slotcast.inflate import Source
from slotcast.install import Installer
from slotcast.relocation_fields import read_relocation
from slotcast.slots import other_slot
from slotcast.steps import finish

OLD = bytes(i * i % 253 for i in range(3 * BLOCK + 500))
PLAIN = delta_plain.run, delta_plain.words, delta_plain.pairs
SMALL = st.integers(0, 40)
NUMBERS = SMALL | st.integers(0, 5000) | st.sampled_from([0x7F, 0x80, (1 << 31) - 1, len(OLD)])
SEEKS = st.integers(-50, 50) | st.integers(-6000, 6000) | st.just(1 << 29)
CHANGES = st.binary(min_size=1, max_size=1)


def deflated(data):
    compressor = zlib.compressobj(9, zlib.DEFLATED, -12)
    return compressor.compress(data) + compressor.flush()


@st.composite
def streams(draw):
    """Instructions that may be sound, and how many bytes they write."""
    data, length = svarint(draw(SMALL)), 0
    for _ in range(draw(st.integers(0, 6))):
        for _ in range(draw(st.integers(0, 4))):
            count = draw(NUMBERS)
            data += varint(count) + draw(CHANGES)
            length += count + 1
        count, literals = draw(NUMBERS), draw(st.binary(max_size=20))
        data += varint(count) + b"\0" + varint(len(literals)) + literals + svarint(draw(SEEKS))
        length += count + len(literals)
    count = draw(NUMBERS)
    return data + varint(count), length + count


def on_the_board(stream, sizes):
    source = Source(io.BytesIO(deflated(stream)), len(deflated(stream)))
    delta = Delta(source, 12, Base(Image(OLD), PLAIN), 0, sum(sizes), 65536)
    pieces = [bytearray(size) for size in sizes]
    for piece in pieces:
        finish(delta.fill_steps(memoryview(piece)))
    delta.verify_ended()
    return b"".join(pieces)


def on_the_host(stream, sizes):
    reader = Reader(stream, OLD, 0, 2048)
    data = reader.take(sum(sizes))
    reader.verify_end()
    return data


def outcome(function, *arguments):
    """What a decoder returns, or None when it refuses; anything else is a fault."""
    try:
        return function(*arguments)
    except (PayloadError, HostPayloadError):
        return None


@examples(200)
@given(streams(), st.integers(0, 3), st.integers(1, 60), st.data())
def test_instructions_are_followed_as_by_the_host(written, damage, first, more):
    stream, length = written
    if damage == 1:
        stream = stream[: more.draw(st.integers(0, len(stream)))]
    elif damage == 2:
        at = more.draw(st.integers(0, len(stream)))
        stream = stream[:at] + more.draw(st.binary(max_size=3)) + stream[at + 1 :]
    sizes = first, max(1, min(length - first, 100000))
    assert outcome(on_the_board, stream, sizes) == outcome(on_the_host, stream, sizes)


@examples(200)
@given(st.binary(max_size=60), st.integers(1, 5000))
def test_any_bytes_as_instructions(stream, length):
    outcome(on_the_board, stream, (length,))


@st.composite
def relocations(draw):
    """Bytes of a relocation, maybe damaged, and the base's length."""
    ranges, at = [], 0
    for _ in range(draw(st.integers(0, 9))):
        start = at + 4 * draw(st.integers(0, 300))
        at = start + 4 * draw(st.integers(0, 1200))
        ranges.append((start, at))
    starts = sorted(draw(st.sets(st.integers(0, (1 << 31) - 1), max_size=20)))
    shifts = [draw(st.integers(-(1 << 29), 1 << 29) | SMALL) for _ in starts]
    data = relocation(ranges, list(zip(starts, shifts, strict=True)))
    if draw(st.booleans()):
        return data
    at = draw(st.integers(0, len(data)))
    return data[:at] + draw(st.binary(max_size=2)) + data[at + 1 :]


def relocated_on_the_board(data, base):
    moved, found = read_relocation(data, 0), b""
    for offset in range(0, len(base), 4096):
        row = bytearray(base[offset : offset + 4096])
        moved.apply(row, offset, len(row), delta_plain.words, delta_plain.pairs)
        found += row
    return found


def relocated_on_the_host(data, base):
    moved = HostRelocation.from_bytes(data)
    if not moved.entries or len(moved.to_bytes()) != len(data):
        raise HostPayloadError("not the shortest")  # as Head.from_bytes has it
    return moved.relocate(base)


@examples(80)
@given(relocations(), st.integers(0, 9000), st.randoms(use_true_random=False))
def test_relocations_are_applied_as_by_the_host(data, size, random):
    base = bytearray(random.randbytes(size))
    for at in range(0, size - 4, 4):
        if random.random() < 0.5:  # pairs of few registers
            base[at] = random.choice((0x37, 0x13, 0x03, 0x67, 0x23)) | random.choice((0, 0x80))
            base[at + 1] &= 0x81
            base[at + 2] &= 0xF0
    board = outcome(relocated_on_the_board, data, bytes(base))
    assert board == outcome(relocated_on_the_host, data, bytes(base))


@examples(200)
@given(st.binary(max_size=40))
def test_any_bytes_as_a_relocation(data):
    board = outcome(relocated_on_the_board, data, OLD)
    assert board == outcome(relocated_on_the_host, data, OLD)


NEW = OLD[7 : BLOCK + 7] + OLD[BLOCK : 2 * BLOCK] + OLD[:100] + b"new" * 400 + OLD[100:3000]
STREAM = svarint(7) + varint(BLOCK) + b"\0" + varint(0) + svarint(-2 * BLOCK - 7) + varint(100)
STREAM += b"\0" + varint(1200) + b"new" * 400 + svarint(0) + varint(2900)
ROWS = [(DELTA, deflated(STREAM)), (COPY, b""), (JOINED, b""), (JOINED, b"")]
HEAD, DATA = payload(NEW, ROWS, OLD, moved=relocation((), [(0x7FFFFF00, 8)]))


def install(told, data):
    """(board, error) of an install from damaged bytes."""
    partition = flash.board(5)
    slot = other_slot(partition)
    sectors = [bytearray(BLOCK)]
    installer = Installer(slot, Edge(data).get_steps, sectors, base=Base(Image(OLD), PLAIN))
    try:
        finish(installer.prepare_steps(told))
        finish(installer.fetch_steps())
    except PayloadError as error:
        return partition, str(error)
    return partition, ""


def is_right_as_far_as_written(partition):
    at = other_slot(partition).address
    for block, _ in partition.writes:
        piece = NEW[block * BLOCK : (block + 1) * BLOCK]
        assert partition.flash[at + block * BLOCK :][: len(piece)] == piece


def test_what_is_damaged_below_is_sound():
    partition, error = install(Told(NEW, HEAD, DATA), HEAD + DATA)
    assert not error
    assert len(partition.writes) == 4
    is_right_as_far_as_written(partition)


@examples(200)
@given(st.integers(0, len(DATA) - 1), st.binary(max_size=3), st.integers(0, 3))
def test_damaged_data_is_never_written(at, put, drop):
    data = DATA[:at] + put + DATA[at + drop :]
    partition, error = install(Told(NEW, HEAD, DATA), HEAD + data)
    is_right_as_far_as_written(partition)
    assert error or len(partition.writes) == 4


@examples(100)
@given(st.integers(0, len(HEAD) - 1), st.binary(max_size=3), st.integers(0, 3))
def test_a_head_that_is_not_the_signed_one_writes_nothing(at, put, drop):
    head = HEAD[:at] + put + HEAD[at + drop :]
    partition, error = install(Told(NEW, HEAD, DATA), head + DATA)
    assert bool(error) == (head != HEAD)
    assert len(partition.writes) == (0 if error else 4)


@examples(100)
@given(st.integers(0, len(HEAD) - 1), st.binary(max_size=3), st.integers(0, 3))
def test_a_signed_head_that_lies_is_judged_before_anything_is_written(at, put, drop):
    head = HEAD[:at] + put + HEAD[at + drop :]
    told = Told(NEW, head, DATA)
    partition, error = install(told, head + DATA)
    for block, _ in partition.writes:
        piece = bytes(partition.flash[other_slot(partition).address + block * BLOCK :][:BLOCK])
        row = head[80 + 20 * block :][:16]
        assert row == sha256(piece[: len(NEW) - block * BLOCK]).digest()[:16]
