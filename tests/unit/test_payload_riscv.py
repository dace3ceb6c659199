"""Instructions as an assembler writes them: GNU as, rv32imc."""

import pytest

from publisher.payload.riscv import REACH, Pair, address_at, find_pairs, immediate, write_pair

LUI = 0x42001537  # lui a0, 0x42001
ADDI = 0x65450513  # addi a0, a0, 0x654
LW = 0x00452583  # lw a1, 4(a0)
SW = 0xFEB52C23  # sw a1, -8(a0)
JALR = 0x010500E7  # jalr ra, 16(a0)
SLLI = 0x00451513  # slli a0, a0, 4
ADD = 0x00B50533  # add a0, a0, a1
NOP = b"\x01\x00"  # c.nop


def code(*words):
    return b"".join(
        word if isinstance(word, bytes) else word.to_bytes(4, "little") for word in words
    )


def pairs(*words, start=0):
    data = code(*words)
    return list(find_pairs(data, start, len(data)))


@pytest.mark.parametrize(("word", "low"), [(ADDI, 0x654), (LW, 4), (SW, -8), (JALR, 16)])
def test_what_completes_a_lui_is_found_with_its_address(word, low):
    assert immediate(word) == low
    assert pairs(LUI, word) == [Pair(0, 4, 0x42001000 + low)]


@pytest.mark.parametrize(
    ("low", "value"), [(0x7FF, 0x7FF), (0x800, -0x800), (0xFFF, -1), (0, 0), (0x0AB, 0x0AB)]
)
def test_immediates_are_signed(low, value):
    assert immediate(0x00050513 | low << 20) == value
    assert immediate(0x00B52023 | low >> 5 << 25 | (low & 31) << 7) == value


def test_other_instructions_complete_nothing_and_forget_nothing():
    assert pairs(LUI, SLLI, ADD, LW) == [Pair(0, 12, 0x42001004)]


def test_a_store_forgets_nothing_and_a_load_its_register():
    load_a0 = LW & ~0xF80 | 10 << 7
    assert pairs(LUI, SW, load_a0, LW) == [Pair(0, 4, 0x42000FF8), Pair(0, 8, 0x42001004)]


def test_a_register_is_forgotten_also_where_nothing_was_completed():
    addi_from_a1 = ADDI & ~0xF8000 | 11 << 15
    assert pairs(LUI, addi_from_a1, LW) == []


def test_compressed_instructions_are_stepped_over():
    assert pairs(NOP, LUI, NOP, LW) == [Pair(2, 8, 0x42001004)]


def test_what_is_cut_is_no_instruction():
    data = code(LUI, LW)
    assert list(find_pairs(data, 0, 7)) == []
    assert list(find_pairs(data, 4, 8)) == []


def test_a_lui_reaches_so_far():
    near = [ADD] * (REACH // 4 - 1)
    assert pairs(LUI, *near, LW) == [Pair(0, REACH, 0x42001004)]
    assert pairs(LUI, *near, NOP, LW) == []
    assert pairs(LUI, *near, ADD, LW) == []


def test_addresses_are_modulo_2_to_the_32():
    top = 0xFFFFF537  # lui a0, 0xFFFFF
    bottom = 0x00000537  # lui a0, 0
    assert pairs(top, 0x00150513)[0].address == 0xFFFFF001
    assert pairs(bottom, 0xFFF50513)[0].address == 0xFFFFFFFF


@pytest.mark.parametrize(
    ("address", "first", "second"),
    [
        (0x42002654, 0x42002537, 0x65450513),
        (0x42002800, 0x42003537, 0x80050513),
        (0x42002FFF, 0x42003537, 0xFFF50513),
        (0x100000000 + 0x1004, 0x00001537, 0x00450513),
        (-0x1000, 0xFFFFF537, 0x00050513),
    ],
)
def test_another_address_is_written_into_both(address, first, second):
    data = bytearray(code(LUI, ADDI))
    write_pair(data, Pair(0, 4, 0), address)
    assert data == code(first, second)


def test_a_store_keeps_its_registers():
    data = bytearray(code(LUI, SW))
    write_pair(data, Pair(0, 4, 0), 0x42002ABC)
    assert data == code(0x42003537, 0xAAB52E23)  # sw a1, -0x544(a0)
    assert immediate(0xAAB52E23) == 0xABC - 0x1000


@pytest.mark.parametrize("word", [ADDI, LW, SW, JALR])
def test_what_is_written_is_read(word):
    for address in (0, 0x7FF, 0x800, 0x3C0407FF, 0x3C040800, 0xFFFFF7FF):
        data = bytearray(code(NOP, LUI, NOP, word))
        write_pair(data, Pair(2, 8, 0), address)
        assert address_at(bytes(data), 2, 8) == address
        assert pairs(bytes(data)) == [Pair(2, 8, address)]


def test_where_there_is_no_lui_there_is_no_address():
    assert address_at(code(ADD, LW), 0, 4) is None
