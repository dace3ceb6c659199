"""The journal of flash operations, read back (device/virtual/fakes/journal.py writes it)."""

import struct
from dataclasses import dataclass
from pathlib import Path

from device.virtual.fakes.journal import ERASE, HEAD, HEAD_SIZE, MARK, MORE
from device.virtual.flash import SECTOR_SIZE


@dataclass(frozen=True)
class Operation:
    """One change of flash.

    Attributes:
        address: in bytes from the start of the chip.
        data: what was asked to be programmed; None: a sector was erased.
    """

    address: int
    data: bytes | None

    @property
    def size(self) -> int:
        """Bytes that it touches."""
        return SECTOR_SIZE if self.data is None else len(self.data)

    def result(self, held: bytes) -> bytes:
        """What stands there afterwards; `held` stood there before."""
        if self.data is None:
            return b"\xff" * SECTOR_SIZE
        return masked(held, self.data)

    def apply(self, flash: bytearray) -> None:
        """Do it."""
        end = self.address + self.size
        flash[self.address : end] = self.result(bytes(flash[self.address : end]))


@dataclass(frozen=True)
class Mark:
    """Where in its life the board is: `before` is the number of the operation that comes next."""

    before: int
    text: str


def read_journal(path: Path) -> tuple[list[Operation], list[Mark]]:
    """All operations and marks of a journal, in their order; a torn record ends it."""
    raw, at = path.read_bytes(), 0
    operations: list[Operation] = []
    marks: list[Mark] = []
    while at + HEAD_SIZE <= len(raw):
        kind, address, length = struct.unpack_from(HEAD, raw, at)
        data = raw[at + HEAD_SIZE : at + HEAD_SIZE + length]
        if len(data) < length:
            break
        at += HEAD_SIZE + length
        if kind == MARK:
            marks.append(Mark(len(operations), data.decode()))
        elif kind == MORE:
            begun = operations[-1]
            operations[-1] = Operation(begun.address, (begun.data or b"") + data)
        else:
            operations.append(Operation(address, None if kind == ERASE else data))
    return operations, marks


def masked(held: bytes, data: bytes) -> bytes:
    """Flash that held `held` after `data` was programmed: bits are only cleared."""
    both = int.from_bytes(held, "little") & int.from_bytes(data, "little")
    return both.to_bytes(len(held), "little")
