"""The host's relocation against the reference of the vectors, which is made from the page alone."""

import pytest
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st

from manifests.vectors import delta_reference
from publisher.errors import PayloadError
from publisher.payload.linker import Linker
from publisher.payload.matching import find_matches
from publisher.payload.relocation import MAX_ENTRIES, MAX_RANGES, ROW_SIZE, Relocation

START = 0x42000000
OPS = [0x37, 0x13, 0x03, 0x67, 0x23, 0x33]


@st.composite
def code(draw):
    """Instructions of few registers, and sometimes anything."""
    registers = st.integers(9, 11)
    parts = []
    for _ in range(draw(st.integers(0, 60))):
        op = draw(st.sampled_from(OPS))
        word = draw(st.integers(0, 2**32 - 1)) & ~0xF8FFF | op
        word |= draw(registers) << 7 | draw(registers) << 15
        if op == 0x37:
            word = START + draw(st.integers(0, 0xF)) * 0x1000 | word & 0xFFF
        elif draw(st.booleans()):
            word |= draw(st.integers(0, 7)) << 12
        parts.append(word.to_bytes(4, "little"))
        if not draw(st.integers(0, 4)):
            parts.append(draw(st.sampled_from([b"\x01\x00", b"\x02\x80"])))
    return b"".join(parts)


@st.composite
def bases(draw):
    """Code and pointers around the border of two rows, or short ones."""
    before = draw(st.sampled_from([0, 4, ROW_SIZE - 140, ROW_SIZE - 6]))
    pointers = draw(st.lists(st.integers(START - 9, START + 0xF000), max_size=20))
    words = b"".join(pointer.to_bytes(4, "little") for pointer in pointers)
    return bytes(before) + draw(code()) + words + draw(st.binary(max_size=3))


@st.composite
def relocations(draw):
    """Few ranges and entries, where the bases have their addresses."""
    cuts = draw(st.lists(st.integers(0, ROW_SIZE // 2), max_size=2 * MAX_RANGES, unique=True))
    cuts = [4 * cut for cut in sorted(cuts)]
    ranges = tuple(zip(cuts[::2], cuts[1::2], strict=False))
    starts = draw(
        st.lists(st.integers(START - 9, START + 0xFFFF), min_size=1, max_size=6, unique=True)
    )
    shifts = st.integers(-0x2000, 0x2000) | st.sampled_from([0, -(2**29), 2**29 - 1])
    return Relocation(ranges, tuple((start, draw(shifts)) for start in sorted(starts)))


@examples(150)
@given(bases(), relocations())
def test_a_base_moves_as_the_page_says(base, relocation):
    ranges, entries = relocation.ranges, relocation.entries
    assert relocation.relocate(base) == delta_reference.relocated(base, ranges, entries)


@examples(100)
@given(relocations())
def test_a_relocation_is_written_as_the_page_says_and_read_again(relocation):
    data = relocation.to_bytes()
    assert data == delta_reference.relocation_bytes(relocation.ranges, relocation.entries)
    assert Relocation.from_bytes(data) == relocation


def test_real_code_and_pointers_move_as_the_page_says(firmware):
    """Rows of a real image that the relocation of its next release changes."""
    base, image = (
        (firmware / f"micrOS-esp32c3-1.28.0-{version}-0.bin").read_bytes()[0x10000:]
        for version in ("3.2.5", "3.3.0")
    )
    linker = Linker(base, image)
    relocation = linker.relocation(find_matches(base, image))
    moved = relocation.relocate(base)
    assert relocation.ranges
    rows = [
        start
        for start in range(0, len(base), ROW_SIZE)
        if moved[start : start + ROW_SIZE] != base[start : start + ROW_SIZE]
    ]
    assert len(rows) > 200
    for start in rows[::20]:
        row = delta_reference.relocated(
            base[start : start + ROW_SIZE], within(relocation.ranges, start), relocation.entries
        )
        assert row == moved[start : start + ROW_SIZE]
    assert linker.relocate(relocation) == moved


def within(ranges, start):
    """Ranges as a row sees them that begins at `start`."""
    return [(max(first - start, 0), max(last - start, 0)) for first, last in ranges]


def test_an_address_shifts_by_the_last_entry_that_is_not_above_it():
    relocation = Relocation((), ((100, 5), (200, 0), (300, -7)))
    shifts = {99: 0, 100: 5, 199: 5, 200: 0, 300: -7, 2**31 - 1: -7, 2**31: 0, 2**32 - 1: 0}
    assert {address: relocation.shift(address) for address in shifts} == shifts


def test_without_entries_the_base_stays():
    base = START.to_bytes(4, "little") * 8
    assert Relocation(((0, 16),)).relocate(base) == base


def test_most_ranges_and_entries_are_read():
    ranges = tuple((8 * at, 8 * at + 4) for at in range(MAX_RANGES))
    relocation = Relocation(ranges, tuple((at, at) for at in range(MAX_ENTRIES)))
    assert Relocation.from_bytes(relocation.to_bytes()) == relocation


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "end early"),
        (b"\0\1\5", "end early"),
        (b"\x09\1", "more ranges or entries"),
        (b"\0\x81\x04", "more ranges or entries"),
        (b"\0\2\5\2\0\2", "one start"),
        (b"\1\1\2\4\5\2", "a range"),
        (b"\1\1\4\2\5\2", "a range"),
        (b"\1\1\4\xfc\xff\xff\xff\7\5\2", "a range"),
        (b"\0\2\xff\xff\xff\xff\7\2\1\2", "an entry"),
        (b"\0\2\5\xff\xff\xff\xff\7\1\xff\xff\xff\xff\7", "an entry"),
        (b"\0\1\5\2!", "bytes behind"),
    ],
)
def test_a_relocation_that_breaks_a_rule_is_refused(data, says):
    with pytest.raises(PayloadError, match=says):
        Relocation.from_bytes(data)
