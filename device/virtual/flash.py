"""The flash of the virtual board: a file with the semantics of NOR flash."""

from pathlib import Path
from typing import BinaryIO

from device.virtual.fakes.journal import Journal
from device.virtual.fakes.meter import SECTOR_SIZE, Meter

DEFAULT_SIZE = 4 * 1024 * 1024

_BLANK_MIB = b"\xff" * 0x100000


class Flash:
    """Reading, erasing and programming; addresses in bytes from the start of the chip.

    Args:
        file: an open binary file (or io.BytesIO) as large as the flash, unbuffered.
        journal: is told of each operation before it begins, if there is one.
        meter: counts the operations of the chip, if there is one.
    """

    def __init__(
        self, file: BinaryIO, journal: Journal | None = None, meter: Meter | None = None
    ) -> None:
        self._file = file
        self._meter = meter
        self._journal = journal

    def read(self, address: int, size: int) -> bytes:
        """Bytes from `address`."""
        self._file.seek(address)
        return self._file.read(size)

    def erase(self, address: int, size: int = SECTOR_SIZE) -> None:
        """Set whole sectors to 0xFF; ValueError unless both are multiples of SECTOR_SIZE."""
        if address % SECTOR_SIZE or size % SECTOR_SIZE:
            raise ValueError("flash is erased by whole sectors")
        if self._meter:
            self._meter.erase(address, size)
        if self._journal:
            for sector in range(address, address + size, SECTOR_SIZE):
                self._journal.erase(sector)
        self._put(address, b"\xff" * size)

    def program(self, address: int, data: bytes) -> None:
        """Clear bits as `data` says; a bit that is 0 stays 0."""
        if self._journal:
            self._journal.program(address, data)
        if self._meter:
            self._meter.program(address, len(data))
        held = int.from_bytes(self.read(address, len(data)), "little")
        both = held & int.from_bytes(data, "little")
        self._put(address, both.to_bytes(len(data), "little"))

    def rewrite(self, address: int, data: bytes) -> None:
        """Erase the sectors that `data` takes and program it, as a serial flasher does."""
        self.erase(address, -(-len(data) // SECTOR_SIZE) * SECTOR_SIZE)
        self.program(address, data)

    def _put(self, address: int, data: bytes) -> None:
        # All that changes flash on this side passes here.
        self._file.seek(address)
        self._file.write(data)


def create_flash(path: Path, size: int = DEFAULT_SIZE) -> None:
    """Make a blank flash file of `size` bytes, a multiple of 1 MiB."""
    if size % len(_BLANK_MIB):
        raise ValueError("flash comes in whole MiB")
    path.write_bytes(_BLANK_MIB * (size // len(_BLANK_MIB)))
