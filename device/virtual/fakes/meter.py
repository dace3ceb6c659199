"""What the flash chip was asked to do, in the operations that take its time.

Records are appended to a file: kind, address and bytes of each operation. Both sides of the board
write it, each record in one unbuffered write. Plain Python for both interpreters.
"""

import struct

try:
    from collections.abc import Callable, Sequence
    from typing import BinaryIO
except ImportError:  # MicroPython: annotations are not evaluated
    pass

ERASE = 0x45  # of SECTOR_SIZE or BLOCK_SIZE bytes
PROGRAM = 0x50

RECORD = "<BII"  # kind, address, bytes
RECORD_SIZE = 9

SECTOR_SIZE = 4096
BLOCK_SIZE = 65536
PAGE_SIZE = 256


def pages(address: int, size: int) -> int:
    """How many pages a program of `size` bytes from `address` on touches."""
    return -(-(address + size) // PAGE_SIZE) - address // PAGE_SIZE if size else 0


class Meter:
    """Appends records to an open, unbuffered binary file.

    Args:
        file: to append to.
        times_ns: what erasing a sector, erasing a block and programming a page takes, or None.
        pass_ns: called with what an operation takes, if `times_ns` says it.
    """

    def __init__(
        self,
        file: BinaryIO,
        times_ns: Sequence[int] | None = None,
        pass_ns: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._file = file
        self._times_ns = times_ns
        self._pass_ns = pass_ns
        self._record = bytearray(RECORD_SIZE)

    def erase(self, address: int, size: int) -> None:
        """Whole sectors are erased, by ESP-IDF in blocks where one begins and is erased whole.

        Source: esp_flash_erase_region (spi_flash/esp_flash_api.c).
        """
        end = address + size
        while address < end:
            is_block = address % BLOCK_SIZE == 0 and end - address >= BLOCK_SIZE
            unit = BLOCK_SIZE if is_block else SECTOR_SIZE
            self._put(ERASE, address, unit)
            if self._times_ns:
                self._pass_ns(self._times_ns[is_block])
            address += unit

    def program(self, address: int, size: int) -> None:
        """Bytes are programmed."""
        self._put(PROGRAM, address, size)
        if self._times_ns:
            self._pass_ns(self._times_ns[2] * pages(address, size))

    def _put(self, kind: int, address: int, size: int) -> None:
        struct.pack_into(RECORD, self._record, 0, kind, address, size)
        self._file.write(self._record)
