"""How long flash works: the chip's operations, counted, and the seconds that they take."""

import struct
from dataclasses import dataclass
from pathlib import Path

from device.virtual.fakes.meter import BLOCK_SIZE, ERASE, RECORD, RECORD_SIZE, pages


@dataclass(frozen=True)
class FlashTimes:
    """Seconds that a chip takes for each operation.

    By default what is called typical for Winbond's W25Q32JV to W25Q128JV, as their data sheets are
    cited (AC electrical characteristics: tSE, tBE2, tPP, which is 0.4 to 0.8 ms). At worst they
    take 0.4, 2 and 0.003.
    """

    sector_erase_s: float = 0.045
    block_erase_s: float = 0.150
    page_program_s: float = 0.0007

    def to_ns(self) -> list[int]:
        """The same in nanoseconds, in this order."""
        times = (self.sector_erase_s, self.block_erase_s, self.page_program_s)
        return [round(time_s * 10**9) for time_s in times]


TYPICAL = FlashTimes()


@dataclass(frozen=True)
class FlashWork:
    """How often flash did what: erases of 4 KiB, erases of 64 KiB, programs of 256-byte pages."""

    sector_erases: int = 0
    block_erases: int = 0
    page_programs: int = 0

    def seconds(self, times: FlashTimes = TYPICAL) -> float:
        """How long that takes; reading, and the bus, are not counted."""
        return (
            self.sector_erases * times.sector_erase_s
            + self.block_erases * times.block_erase_s
            + self.page_programs * times.page_program_s
        )

    def __sub__(self, earlier: "FlashWork") -> "FlashWork":
        """The work that was added since `earlier`."""
        return FlashWork(
            self.sector_erases - earlier.sector_erases,
            self.block_erases - earlier.block_erases,
            self.page_programs - earlier.page_programs,
        )


def count_work(records: bytes, start: int = 0, stop: int = 1 << 32) -> FlashWork:
    """The work that a meter recorded, of operations that begin at addresses from start to stop."""
    sectors = blocks = programmed = 0
    whole = len(records) // RECORD_SIZE * RECORD_SIZE
    for kind, address, size in struct.iter_unpack(RECORD, records[:whole]):
        if not start <= address < stop:
            continue
        if kind != ERASE:
            programmed += pages(address, size)
        elif size == BLOCK_SIZE:
            blocks += 1
        else:
            sectors += 1
    return FlashWork(sectors, blocks, programmed)


def read_work(path: Path, start: int = 0, stop: int = 1 << 32) -> FlashWork:
    """As `count_work`, of a meter's file; none where there is no file yet."""
    return count_work(path.read_bytes() if path.exists() else b"", start, stop)
