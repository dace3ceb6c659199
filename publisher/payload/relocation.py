"""The relocation of manifests/payload.md: the base as the linker would have moved it."""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from publisher.errors import PayloadError
from publisher.payload.numbers import LIMIT, Numbers, svarint, varint
from publisher.payload.riscv import Pair, find_pairs, write_pair

ROW_SIZE = 4096
MAX_RANGES = 8
MAX_ENTRIES = 512
_WORD = 4


@dataclass(frozen=True)
class Relocation:
    """How the base's pointers change.

    Attributes:
        ranges: (start, end) offsets of RISC-V code in the base, ascending, multiples of 4.
        entries: (start, shift): from address `start` on, pointers change by `shift`; ascending.
    """

    ranges: tuple[tuple[int, int], ...] = ()
    entries: tuple[tuple[int, int], ...] = ()

    @classmethod
    def from_bytes(cls, data: bytes) -> Relocation:
        """Read the relocation of a head; PayloadError where it breaks a rule of the format."""
        numbers = Numbers(data)
        range_count, entry_count = numbers.varint(), numbers.varint()
        if range_count > MAX_RANGES or entry_count > MAX_ENTRIES:
            raise PayloadError("the relocation has more ranges or entries than the format allows")
        ranges = tuple(_read_ranges(numbers, range_count))
        entries = tuple(_read_entries(numbers, entry_count))
        if numbers.left:
            raise PayloadError("there are bytes behind the relocation")
        return cls(ranges, entries)

    def to_bytes(self) -> bytes:
        """Return the relocation as it stands in a head."""
        out = [varint(len(self.ranges)), varint(len(self.entries))]
        end = 0
        for start, stop in self.ranges:
            out += [varint(start - end), varint(stop - start)]
            end = stop
        before = (0, 0)
        for address, shift in self.entries:
            out += [varint(address - before[0]), svarint(shift - before[1])]
            before = (address, shift)
        return b"".join(out)

    def shift(self, address: int) -> int:
        """Return what is added to a pointer to `address`."""
        at = bisect_right(self._starts, address) - 1
        return self.entries[at][1] if at >= 0 and address < LIMIT else 0

    def relocate(self, base: bytes) -> bytes:
        """Return the relocated base."""
        return self.relocate_with(base, self.find_pairs(base))

    def find_pairs(self, base: bytes) -> list[Pair]:
        """Return the pairs of RISC-V instructions in all ranges, row by row."""
        return [
            pair for start, end in self._parts(len(base)) for pair in find_pairs(base, start, end)
        ]

    def relocate_with(self, base: bytes, pairs: Iterable[Pair]) -> bytes:
        """Return the relocated base, whose pairs `find_pairs` has found."""
        if not self.entries:
            return base
        relocated = self._relocate_words(base)
        for pair in pairs:
            shift = self.shift(pair.address)
            if shift:
                write_pair(relocated, pair, pair.address + shift)
        return bytes(relocated)

    @cached_property
    def _starts(self) -> list[int]:
        return [start for start, _ in self.entries]

    def _parts(self, size: int) -> Iterator[tuple[int, int]]:
        """Yield each range, cut where rows and the base end."""
        for start, end in self.ranges:
            for row in range(start // ROW_SIZE * ROW_SIZE, min(end, size), ROW_SIZE):
                yield max(row, start), min(row + ROW_SIZE, end, size)

    def _relocate_words(self, base: bytes) -> bytearray:
        relocated, first = bytearray(base), self.entries[0][0]
        for start, stop in self._outside(len(base)):
            words = words_of(base[start:stop])
            for index, word in enumerate(words):
                if first <= word < LIMIT:
                    words[index] = word + self.shift(word) & 0xFFFFFFFF
            relocated[start : start + _WORD * len(words)] = bytes_of(words)
        return relocated

    def _outside(self, size: int) -> Iterator[tuple[int, int]]:
        """Yield what is not in a range."""
        end = 0
        for start, stop in self.ranges:
            yield end, min(start, size)
            end = stop
        yield end, size


def words_of(data: bytes) -> array[int]:
    """Return the 32-bit words of `data`, from its first byte on; what is no whole word is left."""
    words = array("I", data[: len(data) // _WORD * _WORD])
    return _in_order(words)


def bytes_of(words: array[int]) -> bytes:
    """Return the bytes of 32-bit words; `words` is used up."""
    return _in_order(words).tobytes()


def _in_order(words: array[int]) -> array[int]:
    if sys.byteorder == "big":
        words.byteswap()
    return words


def _read_ranges(numbers: Numbers, count: int) -> Iterator[tuple[int, int]]:
    end = 0
    for _ in range(count):
        start = end + numbers.varint()
        end = start + numbers.varint()
        if start % _WORD or end % _WORD or end >= LIMIT:
            raise PayloadError("a range of the relocation is not one of the format")
        yield start, end


def _read_entries(numbers: Numbers, count: int) -> Iterator[tuple[int, int]]:
    gaps = [(numbers.varint(), numbers.svarint()) for _ in range(count)]
    if any(gap == 0 for gap, _ in gaps[1:]):
        raise PayloadError("two entries of the relocation have one start")
    starts = accumulate(gap for gap, _ in gaps)
    shifts = accumulate(change for _, change in gaps)
    for start, shift in zip(starts, shifts, strict=True):
        if start >= LIMIT or not -LIMIT < shift < LIMIT:
            raise PayloadError("an entry of the relocation is not one of the format")
        yield start, shift
