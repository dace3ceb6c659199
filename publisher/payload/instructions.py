"""The instructions of a delta's frames (manifests/payload.md): written and read."""

from __future__ import annotations

import re
from collections.abc import Callable

from publisher.errors import PayloadError
from publisher.payload.matching import Match
from publisher.payload.numbers import Numbers, svarint, varint
from publisher.payload.relocation import ROW_SIZE

_CHANGED = re.compile(rb"[^\0]")
_MAX_POSITION = 2**30


class Turns:
    """Counts how often reading turns to another row of the base, which a board then relocates."""

    def __init__(self) -> None:
        self.count = 0
        self._row = -1

    def read(self, start: int, end: int) -> None:
        """Count the turns that reading base[start:end] takes, which is not empty."""
        first, last = start // ROW_SIZE, (end - 1) // ROW_SIZE
        self.count += last - first + (first != self._row)
        self._row = last


class Writer:
    """Writes the instructions of one frame, whose first block begins at `start` in the image.

    Attributes:
        most_turns: of the blocks so far, those of the one that has most.
    """

    def __init__(self, start: int) -> None:
        self._out = bytearray()
        self._start = self._position = start
        self._copied = 0
        self._literals: bytearray | None = None  # those of the group, once its steps have ended
        self._is_begun = False
        self._turns = Turns()
        self.most_turns = 0

    def begin_block(self) -> None:
        """Count turns anew."""
        self._turns.count = 0

    def copy(self, match: Match) -> None:
        """Write what a match says, which is not empty."""
        self._seek(match.base_at)
        done = 0
        for changed in _CHANGED.finditer(match.differences):
            at = changed.start()
            self._out += varint(self._copied + at - done)
            self._out += changed[0]
            self._copied, done = 0, at + 1
        self._copied += len(match.differences) - done
        self._position += len(match.differences)
        self._turns.read(match.base_at, self._position)
        self.most_turns = max(self.most_turns, self._turns.count)

    def literal(self, data: bytes) -> None:
        """Write bytes that are like nothing in the base; there may be none."""
        if not data:
            return
        self._begin(self._position)
        if self._literals is None:
            self._literals = bytearray()
        self._literals += data

    def skip(self, length: int) -> None:
        """Go on behind a copy row of so many bytes."""
        self._position += length

    def finish(self) -> bytes:
        """Return the instructions, which end with the frame's last byte."""
        if self._literals is not None:
            self._out += varint(self._copied) + b"\0" + varint(len(self._literals))
            self._out += self._literals
        elif self._copied:
            self._out += varint(self._copied)
        return bytes(self._out)

    def _begin(self, position: int) -> None:
        if not self._is_begun:
            self._out += svarint(position - self._start)
            self._position, self._is_begun = position, True

    def _seek(self, position: int) -> None:
        self._begin(position)
        if self._literals is None and position == self._position:
            return
        literals = self._literals or b""
        self._out += varint(self._copied) + b"\0" + varint(len(literals)) + literals
        self._out += svarint(position - self._position)
        self._position, self._copied, self._literals = position, 0, None


class Reader:
    """Carries out the instructions of one frame over the relocated base, piece by piece.

    Args:
        stream: what the frame's deflate stream decodes to.
        base: the relocated base.
        start: offset in the image of the frame's first block.
        most_turns: of each block.
    """

    def __init__(self, stream: bytes, base: bytes, start: int, most_turns: int) -> None:
        self._numbers = Numbers(stream)
        self._base = base
        self._position = start
        self._seek()
        self._left = 0
        self._next: Callable[[], None] = self._read_copy
        self._take: Callable[[int], bytes] = self._from_base
        self._wrote = False
        self._turns, self._most_turns = Turns(), most_turns

    def take(self, length: int) -> bytes:
        """Return the next block, of `length` bytes; PayloadError where a rule is broken."""
        pieces = []
        self._turns.count = 0
        while length:
            while not self._left:
                self._next()
            piece = self._take(min(length, self._left))
            self._left -= len(piece)
            length -= len(piece)
            pieces.append(piece)
            self._wrote = True
        return b"".join(pieces)

    def skip(self, length: int) -> None:
        """Go on behind a copy row of so many bytes."""
        self._position += length

    def verify_end(self) -> None:
        """Raise PayloadError where instructions are left over."""
        if self._left or self._numbers.left:
            raise PayloadError("a frame has instructions for more than its blocks")

    def _read_copy(self) -> None:
        self._left = self._numbers.varint()
        self._take, self._next = self._from_base, self._read_change

    def _read_change(self) -> None:
        (change,) = self._numbers.take(1)
        if change:
            self._change, self._left = change, 1
            self._take, self._next = self._changed, self._read_copy
        else:
            self._left = self._numbers.varint()
            self._take, self._next = self._numbers.take, self._read_seek
            if not self._left:
                self._next()

    def _read_seek(self) -> None:
        if not self._wrote:
            raise PayloadError("a group of instructions writes nothing")
        self._wrote = False
        self._seek()
        self._read_copy()

    def _seek(self) -> None:
        self._position += self._numbers.svarint()
        if not 0 <= self._position < _MAX_POSITION:
            raise PayloadError("a delta has a position that the format does not have")

    def _from_base(self, length: int) -> bytes:
        end = self._position + length
        if end > len(self._base):
            raise PayloadError("a delta reads outside of its base")
        self._turns.read(self._position, end)
        if self._turns.count > self._most_turns:
            raise PayloadError("a delta turns to another row of its base too often")
        self._position = end
        return self._base[end - length : end]

    def _changed(self, _: int) -> bytes:
        return bytes([self._from_base(1)[0] + self._change & 0xFF])
