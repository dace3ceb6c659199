"""A journal of what changes flash, operation by operation, so that any instant can be rebuilt.

Records are appended to a file: kind, address and length (0 where there is none), then the data.
Both sides of the board write it, each record in one unbuffered write, so that a killed process
leaves whole records in the order of the operations. Plain Python for both interpreters.
"""

import struct

try:
    from typing import BinaryIO
except ImportError:  # MicroPython: annotations are not evaluated
    pass

ERASE = 0x45  # one sector; no data
PROGRAM = 0x50  # the bytes that were asked for: flash keeps the zeros that it has
MORE = 0x4D  # more of the same program: records are short, for a board's heap is
MARK = 0x54  # text, at no address

HEAD = "<BII"  # kind, address, bytes of data
HEAD_SIZE = 9
PIECE_SIZE = 256  # the most data that a record has


class Journal:
    """Appends records to an open, unbuffered binary file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._record = memoryview(bytearray(HEAD_SIZE + PIECE_SIZE))

    def erase(self, address: int) -> None:
        """The sector that begins at `address` is about to be erased."""
        self._put(ERASE, address, b"")

    def program(self, address: int, data: bytes) -> None:
        """`data` is about to be programmed from `address` on."""
        view = memoryview(data)
        for at in range(0, len(view), PIECE_SIZE):
            self._put(MORE if at else PROGRAM, address + at, view[at : at + PIECE_SIZE])

    def mark(self, text: str) -> None:
        """Say where in its life the board is, in at most PIECE_SIZE bytes."""
        self._put(MARK, 0, text.encode()[:PIECE_SIZE])

    def _put(self, kind: int, address: int, data: bytes | memoryview) -> None:
        end = HEAD_SIZE + len(data)
        struct.pack_into(HEAD, self._record, 0, kind, address, len(data))
        self._record[HEAD_SIZE:end] = data
        self._file.write(self._record[:end])
