"""Pairs of RISC-V instructions that hold one address: lui, and what adds the address's low bits.

RISC-V Unprivileged ISA, chapter 2.2 (formats I, S and U) and 27 (lengths of instructions).
"""

from collections.abc import Iterator
from typing import NamedTuple

REACH = 128  # bytes from a lui to the instruction that completes it
LUI, ADDI, LOAD, JALR, STORE = 0x37, 0x13, 0x03, 0x67, 0x23


class Pair(NamedTuple):
    """An address in two instructions: offsets of lui and of what completes it."""

    lui: int
    completion: int
    address: int


def find_pairs(code: bytes, start: int, end: int) -> Iterator[Pair]:
    """Yield the pairs in code[start:end], as manifests/payload.md's "Pairs" finds them."""
    pending: dict[int, tuple[int, int]] = {}
    at = start
    while at + 4 <= end:
        if code[at] & 3 != 3:
            at += 2
            continue
        word = int.from_bytes(code[at : at + 4], "little")
        opcode, register = word & 0x7F, word >> 7 & 31
        if opcode == LUI:
            pending[register] = at, word & 0xFFFFF000
        elif opcode in (LOAD, JALR, STORE) or (opcode == ADDI and not word & 0x7000):
            lui, upper = pending.get(word >> 15 & 31, (-REACH - 1, 0))
            if at - lui <= REACH:
                yield Pair(lui, at, upper + immediate(word) & 0xFFFFFFFF)
            if opcode != STORE:
                pending.pop(register, None)
        at += 4


def immediate(word: int) -> int:
    """Return the signed 12-bit immediate of an instruction of format I, or S if it is a store."""
    value = word >> 25 << 5 | word >> 7 & 31 if word & 0x7F == STORE else word >> 20
    return value - 0x1000 if value & 0x800 else value


def address_at(code: bytes, lui: int, completion: int) -> int | None:
    """Return the address that two instructions hold, or None where the first is no lui."""
    first, second = _word(code, lui), _word(code, completion)
    if first & 0x7F != LUI:
        return None
    return (first & 0xFFFFF000) + immediate(second) & 0xFFFFFFFF


def write_pair(code: bytearray, pair: Pair, address: int) -> None:
    """Make both instructions of a pair hold another address, modulo 2^32."""
    upper, low = address + 0x800 & 0xFFFFF000, address & 0xFFF
    _put(code, pair.lui, _word(code, pair.lui) & 0xFFF | upper)
    word = _word(code, pair.completion)
    if word & 0x7F == STORE:
        word = word & 0x01FFF07F | low >> 5 << 25 | (low & 31) << 7
    else:
        word = word & 0xFFFFF | low << 20
    _put(code, pair.completion, word)


def _word(code: bytes | bytearray, at: int) -> int:
    return int.from_bytes(code[at : at + 4], "little")


def _put(code: bytearray, at: int, word: int) -> None:
    code[at : at + 4] = word.to_bytes(4, "little")
