"""Relocation: what a head may say of it, and what it makes of a row of the base."""

from check import raises
from deltas import relocation, svarint, varint

from slotcast import delta_plain
from slotcast.delta import fastest
from slotcast.errors import PayloadError
from slotcast.relocation_fields import read_relocation

PLAIN = delta_plain.run, delta_plain.words, delta_plain.pairs
ROW = 4096
LUI, ADDI, LOAD, JALR, STORE, OTHER = 0x37, 0x13, 0x03, 0x67, 0x23, 0x33


def applied(row, offset, ranges, entries):
    """A row after relocation, by the portable loops and the fastest, which must agree."""
    found = []
    for loops in (PLAIN, fastest()):
        held = bytearray(row) + bytearray(ROW - len(row))
        moved = read_relocation(relocation(ranges, entries), 0)
        moved.apply(held, offset, len(row), loops[1], loops[2])
        assert not any(held[len(row) :])
        found.append(bytes(held[: len(row)]))
    assert found[0] == found[1]
    return found[0]


def word(value):
    return (value & 0xFFFFFFFF).to_bytes(4, "little")


def lui(register, upper):
    return word(upper << 12 | register << 7 | LUI)


def using(code, rd, rs1, immediate, funct3=0):
    if code == STORE:
        return word(
            (immediate >> 5 & 127) << 25 | rs1 << 15 | funct3 << 12 | (immediate & 31) << 7 | STORE
        )
    return word((immediate & 0xFFF) << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | code)


def paired(*instructions, entries=((0x42000000, 0x1234),)):
    """What becomes of instructions in a range of their own."""
    row = b"".join(instructions)
    row += b"\1\0" * (len(row) // 2 % 2)
    return applied(row, 0, [(0, len(row))], entries)


def test_words_move_by_the_last_entry_that_is_not_above_them():
    entries = ((100, 5), (200, -50), (300, 0), (0x7FFFFFFF, 1))
    values = (0, 99, 100, 199, 200, 299, 300, 0x7FFFFFFE, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
    moved = (0, 99, 105, 204, 150, 249, 300, 0x7FFFFFFE, 0x80000000, 0x80000000, 0xFFFFFFFF)
    row = b"".join([word(value) for value in values])
    assert applied(row, 0, (), entries) == b"".join([word(value) for value in moved])


def test_shifts_go_as_far_as_32_bits():
    change = (1 << 30) - 1
    entries = [(10, change), (20, 2 * change), (30, 2 * change + 1)]
    row = word(10) + word(20) + word(30) + word(0x7FFFFFFF)
    expected = word(10 + change) + word(20 + 2 * change) + word(30 + 0x7FFFFFFF)
    assert applied(row, 0, (), entries) == expected + word(0xFFFFFFFE)
    entries = [(start, -shift) for start, shift in entries]
    expected = word(10 - change) + word(20 - 2 * change) + word(30 - 0x7FFFFFFF) + word(0)
    assert applied(row, 0, (), entries) == expected


def test_as_many_entries_as_there_may_be():
    entries = [(4 * i, i) for i in range(512)]
    row = b"".join([word(4 * i + 3) for i in range(512)])
    assert applied(row, 0, (), entries) == b"".join([word(5 * i + 3) for i in range(512)])


def test_what_is_no_whole_word_stays():
    row = word(7) + b"\7\0\0"
    for size in range(8):
        whole = word(8)[:size] if size >= 4 else row[:size]
        assert applied(row[:size], ROW, (), [(7, 1)]) == (whole + row[4:size])[:size]


def test_words_in_a_range_are_not_moved_as_words():
    row = word(0x5000000) * 6
    moved = word(0x5000001)
    for ranges, kept in (([(8, 16)], (2, 3)), ([(0, 4), (20, 24)], (0, 5)), ([(0, 0)], ())):
        found = applied(row, 0, ranges, [(0x5000000, 1)])
        for index in range(6):
            part = found[4 * index : 4 * index + 4]
            assert part == (row[:4] if index in kept else moved), (ranges, index)


def test_ranges_are_offsets_in_the_base():
    row = word(0x5000000) * 4
    ranges = [(ROW - 8, ROW + 4), (ROW + 8, 3 * ROW)]
    moved, kept = word(0x5000001), row[:4]
    found = [
        applied(row, offset, ranges, [(0x5000000, 1)]) for offset in (0, ROW, 2 * ROW, 4 * ROW)
    ]
    assert found == [moved * 4, kept + moved + kept * 2, kept * 4, moved * 4]
    found = applied(kept * 1024, 0, ranges, [(0x5000000, 1)])
    assert found == moved * 1022 + kept * 2


def test_a_pair_moves_in_each_form():
    for code, funct3 in ((ADDI, 0), (LOAD, 2), (LOAD, 0), (JALR, 0), (STORE, 2), (STORE, 0)):
        # 0x42001000 + 0x7F0 and - 0x800, and behind a shift past the sign of the low bits
        for upper, low in ((0x42001, 0x7F0), (0x42001, -0x800), (0x42000, 0x000), (0x42000, -1)):
            address = (upper << 12) + low
            target = address + 0x1234 if address >= 0x42000000 else address
            found = paired(lui(10, upper), using(code, 11, 10, low, funct3))
            high, immediate = (target + 0x800) >> 12, target & 0xFFF
            assert found == lui(10, high) + using(code, 11, 10, immediate, funct3), (code, upper)


def test_only_an_addi_of_all_that_have_its_code():
    for funct3 in range(1, 8):
        row = lui(10, 0x42001) + using(ADDI, 11, 10, 4, funct3)
        assert paired(row) == row


def test_other_instructions_and_registers_do_not_make_a_pair():
    for second in (using(OTHER, 11, 10, 4), using(LOAD, 11, 12, 4), using(0x0F, 11, 10, 4)):
        row = lui(10, 0x42001) + second
        assert paired(row) == row


def test_each_register_has_its_own_lui():
    row = b"".join([lui(register, 0x42000 + register) for register in range(32)])
    uses = [using(LOAD, 0, register, 0x10) for register in range(1, 32)]
    entries = [(0x42000000, 0x100000)]
    found = paired(row, uses[0], uses[30], entries=entries)
    moved = [
        lui(register, 0x42000 + register + 0x100 * (register in (1, 31))) for register in range(32)
    ]
    assert found == b"".join(moved) + uses[0] + uses[30]


def test_a_pair_is_128_bytes_apart_at_most():
    for between, is_moved in ((31, True), (32, False)):
        row = lui(10, 0x42001) + using(OTHER, 5, 6, 0) * between + using(LOAD, 11, 10, 4)
        assert (paired(row) != row) == is_moved


def test_instructions_of_2_bytes_are_passed_over():
    middle = b"\x01\x00" + b"\x02\x40" + b"\x00\xff"
    row = b"\x01\x00" + lui(10, 0x42001) + middle + using(LOAD, 11, 10, 4)
    moved = b"\x01\x00" + lui(10, 0x42002) + middle + using(LOAD, 11, 10, 0x238)
    assert paired(row) == moved


def test_what_writes_the_register_ends_the_pair():
    first, second = lui(10, 0x42001), using(LOAD, 11, 10, 4)
    for code in (ADDI, LOAD, JALR):
        row = first + using(code, 10, 12, 0) + second
        assert paired(row) == row
    row = first + using(STORE, 0, 12, 10) + second  # its immediate stands where rd would
    assert paired(row) != row
    row = first + using(ADDI, 10, 12, 0, funct3=4) + second
    assert paired(row) != row
    row = first + using(OTHER, 10, 12, 0) + second
    assert paired(row) != row


def test_a_lui_may_serve_twice_and_counts_as_it_stood():
    found = paired(lui(10, 0x42001), using(LOAD, 11, 10, 4), using(STORE, 0, 10, 0x700))
    assert found == lui(10, 0x42003) + using(LOAD, 11, 10, 0x238) + using(STORE, 0, 10, 0x934)


def test_a_newer_lui_takes_the_place_of_an_older_one():
    found = paired(lui(10, 0x42001), lui(10, 0x42002), using(LOAD, 11, 10, 4))
    assert found == lui(10, 0x42001) + lui(10, 0x42003) + using(LOAD, 11, 10, 0x238)


def test_addresses_of_2_to_the_31_and_below_the_map_are_not_moved():
    entries = [(0x1000, 0x10)]
    for upper, low, is_moved in (
        (0x7FFFF, 0x7FF, True),
        (0x80000, -1, True),
        (0x80000, 0, False),
        (0xFFFFF, 0x7FF, False),
        (0, -1, False),
        (0, 0x7FF, False),
        (1, -1, False),
        (1, 0, True),
    ):
        row = lui(10, upper) + using(LOAD, 11, 10, low)
        assert (paired(row, entries=entries) != row) == is_moved, (upper, low)


def test_a_pair_without_a_shift_stays_however_it_is_written():
    # A lui that would be written otherwise: 0x42001FFF is 0x42002000 - 1.
    entries = [(0x40000000, 8), (0x42000000, 0), (0x43000000, 8)]
    row = lui(10, 0x42001) + using(LOAD, 11, 10, 4)
    assert paired(row, entries=entries) == row


def test_a_pair_without_a_shift_leaves_a_lui_that_has_moved():
    entries = [(0x42001000, 0x10000), (0x42001700, 0)]
    uses = using(LOAD, 11, 10, 4), using(LOAD, 12, 10, 0x704)
    found = paired(lui(10, 0x42001), *uses, entries=entries)
    assert found == lui(10, 0x42011) + uses[0] + uses[1]


def test_parts_of_a_range_know_nothing_of_each_other():
    row = lui(10, 0x42001) + using(LOAD, 11, 10, 4)
    entries = [(0x42000000, 0x10)]
    moved = lui(10, 0x42001) + using(LOAD, 11, 10, 0x14)
    assert applied(row, ROW, [(ROW, ROW + 8)], entries) == moved
    assert applied(row, ROW, [(ROW, ROW + 4), (ROW + 4, ROW + 8)], entries) == row


def test_a_part_ends_where_the_row_does():
    entries = [(0x42000000, 0x10)]
    row = lui(10, 0x42001) + using(LOAD, 11, 10, 4)
    for size in range(5, 8):
        assert applied(row[:size], 0, [(0, 8)], entries) == row[:size]
    row = b"\1\0" * 2042 + lui(10, 0x42001) + b"\1\0" + using(LOAD, 11, 10, 4)[:2]
    assert len(row) == 4092
    assert applied(row + row[-4:], 0, [(0, 2 * ROW)], entries) == row + row[-4:]


def refused(data, says, *limit):
    raises(PayloadError, read_relocation, bytes(data), 0, *limit, says=says)


def test_a_relocation_has_up_to_8_ranges_and_1_to_512_entries():
    ranges = [(8 * i, 8 * i + 4) for i in range(9)]
    entries = [(i + 1, 1) for i in range(513)]
    read_relocation(relocation(ranges[:8], entries[:512]), 0)
    for many in (relocation(ranges, entries[:1]), relocation((), entries), relocation(ranges[:1])):
        refused(many, "count that is not one of the format")


def test_a_map_larger_than_the_boards_memory_is_refused():
    data = relocation((), [(1, 1), (2, 2)])
    read_relocation(data, 0, 2)
    refused(data, "memory", 1)


def test_ranges_are_of_whole_words_below_2_to_the_31():
    read_relocation(relocation([(4, 0x7FFFFFFC)], [(1, 1)]), 0)
    for ranges in ([(2, 8)], [(4, 6)], [(4, 8), (10, 16)], [(0x7FFFFFFC, 0x80000000)]):
        refused(relocation(ranges, [(1, 1)]), "range")


def test_entries_ascend_below_2_to_the_31():
    read_relocation(relocation((), [(0, 1), (0x7FFFFFFF, 1)]), 0)
    refused(relocation((), [(1, 1), (1, 2)]), "twice")
    refused(relocation((), [(0x7FFFFFFF, 1), (0x80000000, 2)]), "out of its range")


def test_shifts_are_between_minus_2_to_the_31_and_2_to_the_31():
    change = (1 << 30) - 1
    for sign in (1, -1):
        good = [(1, sign * change), (2, sign * 2 * change), (3, sign * 0x7FFFFFFF)]
        read_relocation(relocation((), good), 0)
        refused(relocation((), good + [(4, sign * 0x80000000)]), "out of its range")


def test_numbers_are_the_shortest_and_end_with_the_relocation():
    data = relocation([(4, 400)], [(1000, -5), (3000, 100000)])
    for size in range(len(data)):
        refused(data[:size], "ends early")
    refused(data + b"\0", "goes on")
    refused(b"\x80\0" + data[1:], "not the shortest")
    refused(varint(0) + varint(1) + b"\x80\x80\x80\x80\x08" + svarint(1), "too large")
    refused(varint(0) + b"\x81\x80\x80\x80\x80" + varint(1) + svarint(1), "too large")
    refused(varint(0) + varint(1) + b"\xff\xff\xff\xff\x87\0" + svarint(1), "too large")
