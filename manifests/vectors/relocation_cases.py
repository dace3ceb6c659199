"""Cases of payload.json with a relocation: what it makes of a base, and what it must not be."""

from collections.abc import Iterator
from dataclasses import replace

from delta_builder import BLOCK, PLAIN, P, based, copy, frame
from delta_reference import (
    ADDI,
    JALR,
    LOAD,
    LUI,
    ROW,
    STORE,
    Pairs,
    relocated,
    relocation_bytes,
    svarint,
    varint,
)
from payload_builder import Base, Board, Payload, case, raw

ENTRY = ((0x42000000, 0x1234),)
NOP = b"\x01\x00"  # c.nop, of 2 bytes
OTHER = 0x33  # an instruction of 4 bytes that is none of the format's: add


class Moved:
    """Cases of bases that a frame gives back as they are once relocated."""

    def __init__(self) -> None:
        self.bases: dict[str, Base] = {}
        self.cases: list[dict[str, object]] = []

    def add(self, name: str, why: str, data: bytes, ranges: Pairs, entries: Pairs) -> None:
        """Add a case; bases of the same bytes are one."""
        base = self.bases.setdefault(data.hex(), Base.of(name, data))
        image = relocated(data, ranges, entries)
        payload = Payload(
            frame(image, svarint(0) + varint(len(image))),
            base=base,
            relocation=relocation_bytes(ranges, entries),
        )
        self.cases.append(case(name, why, payload))


def cases() -> list[dict[str, object]]:
    """Return all cases."""
    return [*moved().cases, *mixed(), *limits(), *broken(), *misplaced()]


def bases() -> list[Base]:
    """Return the bases that the cases bring."""
    return [*moved().bases.values(), TWO_ROWS]


def moved() -> Moved:
    """Return the good cases that relocate a base, whole."""
    found = Moved()
    add_words(found)
    add_pairs(found)
    add_forgotten(found)
    add_parts(found)
    return found


def words(*values: int) -> bytes:
    """Return words."""
    return b"".join((value % 2**32).to_bytes(4, "little") for value in values)


def lui(rd: int, upper: int) -> bytes:
    """Return a lui."""
    return words(upper << 12 | rd << 7 | LUI)


def using(op: int, rd: int, rs1: int, low: int, funct3: int = 0) -> bytes:
    """Return an instruction of format I, or S for a store, which has rs2 for an rd."""
    if op == STORE:
        places = (low >> 5 & 127) << 25 | rd << 20 | (low & 31) << 7
        return words(places | rs1 << 15 | funct3 << 12 | op)
    return words((low & 0xFFF) << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | op)


TWO_ROWS = Base.of("two rows of pointers", words(0x42000004) * (2 * ROW // 4))


def add_words(found: Moved) -> None:
    """Add the cases of words."""
    pointers = (0, 0xFFF, 0x1000, 0x1FFF, 0x2000, 0x2FFF, 0x3000, 0x7FFFFFFF, 2**31, 2**32 - 1)
    data = words(*pointers)
    steps = ((0x1000, 0x10), (0x2000, -0x20), (0x3000, 0))
    found.add("words", "each by the last entry that is not above it", data, (), steps)
    found.add("words of a last entry", "up to 2^31-1, and none above", data, (), ((0x2000, 1),))
    found.add("words from 0 on", "a first gap of 0", data, (), ((0, 5), (1, 6)))
    found.add("words below 0", "modulo 2^32", data, (), ((0, -0x2000),))
    found.add("entry at 2^31-1", "the highest start", data, (), ((2**31 - 1, 1),))
    found.add("entry that shifts nothing", "alone", data, (), ((0x1000, 0),))
    most = 2**30 - 1
    far = ((0, most), (0x1000, 2 * most), (0x2000, 2**31 - 1))
    found.add("highest shift", "2^31-1", data, (), far)
    far = ((0, -most), (0x1000, -2 * most), (0x2000, 1 - 2**31))
    found.add("lowest shift", "1-2^31", data, (), far)
    every = tuple((16 * at, at * 3) for at in range(512))
    some = words(*range(8, 16 * 520, 16 * 4))
    found.add("512 entries", "as many as there may be", some, (), every)
    pointer = words(0x42000000)
    odd = b"\x00" + pointer * 5
    found.add("misaligned words", "are read as they stand at multiples of 4", odd, (), ENTRY)
    for size in (1, 3, 4, 7):
        why = "what is no whole word stays"
        found.add(f"base of {size} bytes", why, (pointer * 2)[:size], (), ENTRY)
    found.add("words around ranges", "those within stay", pointer * 9, ((4, 12), (20, 24)), ENTRY)
    eight = tuple((8 * at, 8 * at + 4) for at in range(8))
    found.add("8 ranges", "as many as there may be", pointer * 17, eight, ENTRY)
    empty = ((4, 4), (4, 4), (12, 12))
    found.add("ranges of nothing", "all words change", pointer * 4, empty, ENTRY)
    found.add("range behind the base", "all words change", pointer * 4, ((16, 4096),), ENTRY)
    last = ((8, 2**31 - 4),)
    found.add("range up to 2^31-4", "two words change", pointer * 4, last, ENTRY)


def add_pairs(found: Moved) -> None:
    """Add the cases of pairs that change."""
    first = lui(10, 0x42001)
    every = ((ADDI, 0), (LOAD, 0), (LOAD, 2), (LOAD, 7), (JALR, 0), (STORE, 0), (STORE, 2))
    data = b"".join(first + using(op, 11, 10, 0x654, funct3) for op, funct3 in every)
    pair(found, "pairs", "addi, loads, jalr, stores", data)
    lows = (0, 0x5CB, 0x5CC, 0x7FF, -0x800, -1)
    data = b"".join(first + using(op, 11, 10, low) for op in (ADDI, STORE) for low in lows)
    pair(found, "carry into the lui", "where the new low bits are 0x800 or more", data)
    data = first + using(LOAD, 11, 10, 4) + using(STORE, 12, 10, -8) + using(ADDI, 13, 10, 0x5CC)
    pair(found, "one lui for three", "each completes it, the last writes its upper bits", data)
    far = first + using(ADDI, 11, 10, -0x800) + using(LOAD, 12, 10, 0x7FF)
    entries = ((0x42000800, 0x1000), (0x42001000, 0x5000))
    text = "each by its own address, from the upper bits that stood there first"
    pair(found, "one lui for two shifts", text, far, entries)
    data = lui(0, 0x42001) + using(LOAD, 11, 0, 4) + lui(31, 0x42001) + using(STORE, 11, 31, 4)
    pair(found, "registers x0 and x31", "as all others", data)
    data = first + using(ADDI, 10, 10, 4)
    pair(found, "rd is rs1", "changes first, and forgets then", data)
    data = NOP + first + NOP + NOP + NOP + using(ADDI, 11, 10, 4) + NOP * 2
    pair(found, "compressed instructions between", "and the pair is at odd halves", data)
    data = first + lui(11, 0x42002) + using(LOAD, 12, 11, 8) + using(LOAD, 13, 10, 8)
    pair(found, "two pending", "in two registers", data)
    data = first + lui(10, 0x42003) + using(LOAD, 12, 10, 8)
    pair(found, "lui over lui", "the later one is completed", data)
    data = lui(10, 0) + using(ADDI, 11, 10, -1) + lui(10, 0xFFFFF) + using(ADDI, 11, 10, 0x7FF)
    pair(found, "addresses of 2^31 or more", "stay", data, ((0, 0x1234),))
    data = lui(10, 0x80000) + using(ADDI, 11, 10, -1) + lui(10, 0x80000) + using(ADDI, 11, 10, 0)
    pair(found, "addresses around 2^31", "one shifts beyond, one stays", data, ((2**31 - 1, 2),))
    data = lui(10, 1) + using(STORE, 11, 10, 4)
    pair(found, "pair shifted below 0", "modulo 2^32", data, ((0, -0x3000),))
    data = lui(10, 0x7FFFF) + using(LOAD, 11, 10, 0x7FF)
    pair(found, "pair shifted to the top", "upper bits 0x80000", data, ((0x1000, 0x900),))
    for distance in (124, 128):
        data = first + using(OTHER, 1, 2, 3) * (distance // 4 - 1) + using(LOAD, 11, 10, 4)
        pair(found, f"{distance} bytes behind the lui", "is near enough", data)


def add_forgotten(found: Moved) -> None:
    """Add the cases of instructions that look like pairs, and are none."""
    first, last = lui(10, 0x42001), using(LOAD, 11, 10, 4)
    filler = using(OTHER, 1, 2, 3)
    pair(found, "132 bytes behind the lui", "is too far", first + filler * 32 + last)
    data = first + NOP + filler * 31 + last + NOP
    pair(found, "130 bytes behind the lui", "is too far", data)
    pair(found, "no lui", "loads alone", last + using(ADDI, 10, 9, 1) + last)
    pair(found, "other register", "the lui's is not read", first + using(LOAD, 10, 11, 4))
    for name, clear in (
        ("addi", using(ADDI, 10, 5, 1)),
        ("load", using(LOAD, 10, 5, 1)),
        ("jalr", using(JALR, 10, 5, 1)),
    ):
        pair(found, f"{name} over lui", "nothing is pending then", first + clear + last)
    keeps = using(STORE, 10, 5, 8) + using(OTHER, 10, 5, 1) + words(10 << 7 | 0x17)
    why = "a store, and instructions of other kinds, forget nothing"
    pair(found, "others over lui", why, first + keeps + last)
    shifts = b"".join(using(ADDI, 10, 10, 4, funct3) for funct3 in range(1, 8))
    pair(found, "immediates that are no addi", "neither change nor forget", first + shifts + last)
    data = first + using(ADDI, 10, 10, 4) + last
    pair(found, "completed and forgotten", "the load is of another value", data)
    low = ((0x42001005, 8),)
    pair(found, "address below the map", "shift 0 changes nothing", first + last, low)


def add_parts(found: Moved) -> None:
    """Add the cases of ranges that rows, other ranges and the base's end cut."""
    first, last = lui(10, 0x42001), using(LOAD, 11, 10, 4)
    data = words(0x42000000) + NOP + first + last + NOP + words(0x42000000)
    found.add("range within a base", "words before and behind", data, ((4, 16),), ENTRY)
    data = first + last + last + first + last
    two = ((0, 8), (8, 20))
    found.add("range behind a range", "nothing is pending at its start", data, two, ENTRY)
    found.add("instruction cut by its range", "stays", NOP + first + NOP + last, ((0, 8),), ENTRY)
    data = first + last + first + last[:2]
    found.add("instruction cut by the base", "stays", data, ((0, 400),), ENTRY)
    found.add("range cut by the base", "at its end", data[:9], ((0, 400),), ENTRY)
    for name, before, why in (
        ("pair across a row's end", ROW - 4, "is none"),
        ("instruction across a row's end", ROW - 6, "stays, and the next row begins in its midst"),
        ("pair at a row's end", ROW - 8, "changes"),
        ("pair at a row's start", ROW, "changes"),
    ):
        data = NOP * (before // 2) + first + last + last + NOP
        data += b"" if len(data) % 4 == 0 else NOP
        found.add(name, why, data, ((0, len(data)),), ENTRY)
    data = NOP * (ROW // 2 - 2) + first + last + words(0x42000000)
    found.add("range from a row's midst", "to the next", data, ((ROW - 8, ROW + 4),), ENTRY)


def pair(found: Moved, name: str, why: str, code: bytes, entries: Pairs = ENTRY) -> None:
    """Add a case whose base is code, all of it."""
    code += NOP * (len(code) % 4 // 2)
    found.add(name, why, code, ((0, len(code)),), entries)


def mixed() -> Iterator[dict[str, object]]:
    """Yield good cases in which copy rows and frames read one base."""
    base = TWO_ROWS
    moved_rows = relocated(base.data, (), ENTRY)
    blocks = copy(0, base), *frame(moved_rows[BLOCK:], svarint(0) + varint(BLOCK))
    payload = Payload(blocks, base=base, relocation=relocation_bytes((), ENTRY))
    yield case("copy row of a relocated base", "is not relocated, the frame is", payload)
    alone = Payload((copy(0, base),), base=base, relocation=relocation_bytes((), ENTRY))
    yield case("relocation with copy rows alone", "changes nothing", alone)
    changed = bytes((byte + 1) % 256 for byte in moved_rows[4090:4100])
    said = svarint(4090) + b"".join(varint(0) + b"\x01" for _ in range(10))
    payload = Payload(frame(changed, said), base=base, relocation=relocation_bytes((), ENTRY))
    yield case("changes of a relocated base", "across a row's end", payload)


def limits() -> Iterator[dict[str, object]]:
    """Yield cases at the edge of a board's memory."""
    entries = tuple((0x1000 * at, at) for at in range(1, 101))
    payload = replace(plain(), relocation=relocation_bytes((), entries))
    for memory, stage in ((12288 + 800, ""), (12288 + 799, "head")):
        name, why = f"100 entries in {memory} bytes", "8 bytes each"
        yield case(name, why, payload, stage, Board(PLAIN, memory))


def plain() -> Payload:
    """Return a payload that copies bytes of a base without pointers of the map."""
    some = bytes(range(64))
    return based(*frame(some, svarint(0) + b"\0\0" + varint(64) + some))


def numbers(*values: int) -> bytes:
    """Return varints."""
    return b"".join(varint(value) for value in values)


def broken() -> Iterator[dict[str, object]]:
    """Yield the cases whose relocation breaks a rule."""
    top, most = 2**31, 2**30 - 1
    good = relocation_bytes(((4, 8),), ((0x1000, 8), (0x2000, 16)))
    for name, why, relocation in (
        ("relocation without a number", "its first goes on", b"\x80"),
        ("relocation of one number", "the second count is missing", numbers(0)),
        ("relocation without entries", "both counts are 0", numbers(0, 0)),
        ("ranges without entries", "an entry at least", numbers(1, 0, 4, 8)),
        ("relocation cut within a number", "its last", numbers(0, 1, 5) + b"\x80"),
        ("relocation cut before a change", "the last", numbers(0, 1, 5)),
        ("relocation cut before an entry", "the last of two", numbers(0, 2, 5, 2)),
        ("relocation cut before a range", "no entries either", numbers(2, 1, 4, 8)),
        ("byte behind the relocation", "0", good + b"\0"),
        ("count with a byte more", "than it needs", varint(0, 2) + numbers(1, 5, 2)),
        ("gap with a byte more", "than it needs", numbers(0, 1) + varint(5, 2) + varint(2)),
        ("change with a byte more", "than it needs", numbers(0, 1, 5) + svarint(1, 2)),
        ("change with four bytes more", "than it needs", numbers(0, 1, 5) + svarint(1, 5)),
        ("number of six bytes in it", "0", numbers(0, 1, 5) + b"\x80\x80\x80\x80\x80\0"),
        ("number of 2^31 in it", "a first start", numbers(0, 1, top, 2)),
        ("change of 2^31", "a number that there is not", numbers(0, 1, 5, top)),
        ("9 ranges", "one too many", numbers(9, 1, *[4] * 18, 5, 2)),
        ("513 entries", "one too many", numbers(0, 513, *[1, 2] * 513)),
        ("2^31-1 entries", "none is there", numbers(0, top - 1)),
        ("two entries of one start", "a gap of 0", numbers(0, 2, 5, 2, 0, 2)),
        ("start of 2^31", "two gaps together", numbers(0, 2, top - 1, 2, 1, 2)),
        ("shift of 2^31", "three changes together", changes(most, most, 2)),
        ("shift of -2^31", "two changes together", changes(-(2**30), -(2**30))),
        ("shift out of range in between", "and back", changes(most, most, 2, -9)),
        ("gap of a range", "no multiple of 4", numbers(1, 1, 2, 4, 5, 2)),
        ("length of a range", "no multiple of 4", numbers(1, 1, 4, 6, 5, 2)),
        ("gaps of two ranges", "multiples of 4 together only", numbers(2, 1, 2, 2, 0, 4, 5, 2)),
        ("range up to 2^31", "its end", numbers(1, 1, 4, top - 4, 5, 2)),
        ("ranges beyond 2^31", "the second", numbers(2, 1, 0, top - 4, 4, 0, 5, 2)),
    ):
        yield case(name, why, replace(plain(), relocation=relocation), "head")


def changes(*by: int) -> bytes:
    """Return a relocation with so many entries, which change the shift so."""
    return numbers(0, len(by)) + b"".join(numbers(1) + svarint(change) for change in by)


def misplaced() -> Iterator[dict[str, object]]:
    """Yield the cases whose relocation does not stand where the header has it."""
    good = relocation_bytes((), ((0x1000, 8),))
    size = len(good)
    for name, why, length in (
        ("relocation_length too long", "by a byte, which the head has not", size + 1),
        ("relocation_length too short", "by a byte", size - 1),
        ("relocation_length 0", "with a relocation", 0),
        ("relocation_length 65535", "with a relocation", 65535),
    ):
        payload = replace(plain(), relocation=good, header={"relocation_length": length})
        yield case(name, why, payload, "head")
    without = Payload((raw(P[:20]),), relocation=good)
    yield case("relocation without base", "base_digest is zeros", without, "head")
