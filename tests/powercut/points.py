"""Points at which the power is cut: before, inside and after each operation on flash.

A point has a name by which it can be run again: `955e3` is operation 955, an erase, after 3 of its
16 pages; `955w0` the same erase when it was too short, so that some bits are set and some not;
`956p17` operation 956, a program, after 17 bytes. What comes after an operation is the same as what
comes before the next one, so each has its points up to its last byte, and the end has one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from device.virtual.flash import SECTOR_SIZE
from device.virtual.table import DEFAULT_TABLE
from tests.powercut.journal import Operation, masked

ERASED, WEAK, PROGRAMMED = "e", "w", "p"
_PAGE_SIZE = 256
_PAGES = SECTOR_SIZE // _PAGE_SIZE
WEAK_ERASES = 2


@dataclass(frozen=True, order=True)
class Point:
    """One cut: the operation's number, how it was cut, and where."""

    number: int
    kind: str
    at: int

    def __str__(self) -> str:
        return f"{self.number}{self.kind}{self.at}"

    @classmethod
    def parse(cls, name: str) -> "Point":
        """The point of that name; ValueError if it is none."""
        found = re.fullmatch(r"(\d+)([ewp])(\d+)", name)
        if not found:
            raise ValueError(f"{name} names no point; 956p17 does")
        return cls(int(found[1]), found[2], int(found[3]))


@dataclass(frozen=True)
class Span:
    """Points start..stop-1 of one operation and kind."""

    number: int
    kind: str
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start

    def point(self, index: int) -> Point:
        """The point at an index below len()."""
        return Point(self.number, self.kind, self.start + index)


def spans(number: int, operation: Operation) -> list[Span]:
    """All points of an operation."""
    if operation.data is None:
        return [Span(number, ERASED, 0, _PAGES), Span(number, WEAK, 0, WEAK_ERASES)]
    return [Span(number, PROGRAMMED, 0, len(operation.data))]


def cut(operation: Operation, held: bytes, point: Point) -> bytes:
    """What a cut leaves where an operation worked; `held` stood there before.

    Raises ValueError for a point of another kind of operation.
    """
    if (operation.data is None) == (point.kind == PROGRAMMED):
        raise ValueError(f"operation {point.number} has no point {point}")
    if operation.data is not None:
        return masked(held[: point.at], operation.data[: point.at]) + held[point.at :]
    if point.kind == ERASED:
        blank = point.at * _PAGE_SIZE
        return b"\xff" * blank + held[blank:]
    noise = Random(str(point)).randbytes(len(held))
    both = int.from_bytes(held, "little") | int.from_bytes(noise, "little")
    return both.to_bytes(len(held), "little")


def flash_at(base: bytes, operations: list[Operation], point: Point) -> bytes:
    """All of flash as a cut leaves it."""
    flash = bytearray(flash_before(base, operations, point.number))
    if point.number < len(operations):
        operation = operations[point.number]
        place = slice(operation.address, operation.address + operation.size)
        flash[place] = cut(operation, bytes(flash[place]), point)
    return bytes(flash)


def flash_before(base: bytes, operations: list[Operation], number: int) -> bytes:
    """All of flash before an operation, or after all of them."""
    flash = bytearray(base)
    for operation in operations[:number]:
        operation.apply(flash)
    return bytes(flash)


def all_points(operations: list[Operation]) -> Iterator[Span]:
    """Every point of a journal, the last one after everything."""
    for number, operation in enumerate(operations):
        yield from spans(number, operation)
    yield Span(len(operations), PROGRAMMED, 0, 1)


def region(operation: Operation) -> str:
    """Label of the partition that an operation changes."""
    at = operation.address
    return next(p.label for p in DEFAULT_TABLE if p.offset <= at < p.offset + p.size)
