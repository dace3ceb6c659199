"""The one chip that this process is: what the fake modules share.

The real modules share registers; these share `chip`, which the prelude sets before any of them is
imported.
"""

import gc

from fakes.clock import Clock
from fakes.flash import Flash
from fakes.host import Host
from fakes.meter import Meter
from fakes.state import PANIC, PEAK_HEAP, RUNNING, WDT


class Chip:
    """Host, clock and flash of this boot, and the ways in which a chip fails."""

    def __init__(self, boot_file: str) -> None:
        self.host = Host(boot_file)
        self.clock = Clock(self.host.state, self.host.boot["speed"], self._orphaned)
        file = self.host.open(self.host.boot["flash"], "r+b")
        self.flash = Flash(file, self._journal(), self._meter())
        self._measure = self.host.boot["measure_heap"]
        self._peak = 0

    def _orphaned(self) -> None:
        self.host.end(RUNNING)

    def _journal(self) -> object:
        if not self.host.boot["journal"]:
            return None
        from fakes.journal import Journal

        return Journal(self.host.open(self.host.boot["journal"], "ab"))

    def _meter(self) -> object:
        if not self.host.boot["operations"]:
            return None
        file = self.host.open(self.host.boot["operations"], "ab")
        return Meter(file, self.host.boot["flash_times_ns"], self.clock.skip_ns)

    def panic(self, text: str) -> None:
        """Print what ESP-IDF's panic handler prints, and reset."""
        print("\n%s\n\nBacktrace: 0x40082a3d:0x3ffb1c00\n\nRebooting..." % text)
        self.host.end(PANIC)

    def bite(self) -> None:
        """The task watchdog fires."""
        print("E (task_wdt): Task watchdog got triggered. Aborting.\n\nRebooting...")
        self.host.end(WDT)

    def sample_heap(self) -> None:
        """Note the live heap, if the world wants it measured; called where buffers are in use."""
        if not self._measure:
            return
        gc.collect()
        if gc.mem_alloc() > self._peak:
            self._peak = gc.mem_alloc()
            self.host.state.put(PEAK_HEAP, self._peak)


chip = None


def power_up(boot_file: str) -> Chip:
    """Make this process the chip that `boot_file` describes."""
    global chip
    chip = Chip(boot_file)
    return chip
