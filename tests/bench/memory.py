"""How much heap the board needs, by measuring what is live and by trial."""

import tempfile
from pathlib import Path

from heap import smallest_heap_kib
from tables import render
from workshop import VERSIONS, Workshop

import device
from device.virtual.errors import VirtualBoardError
from publisher.errors import PublisherError
from publisher.simulate import Poll, Rig

STEP_KIB, TOO_SMALL_KIB, ENOUGH_KIB = 4, 32, 320
OLD, NEW = VERSIONS[0], VERSIONS[1]
TRIES = 3  # near the limit, how the heap is cut up decides, and that differs from run to run
HEADER = ("How much heap does the board need?", "peak live", "smallest that passes")
NOTES = """\
Slotcast is loaded from .mpy, and minimal.py compiled on the board. Objects are of 64 bits; on a
chip about half as large. TLS and native code (SHA-512 in viper) are outside the heap. A frozen
build keeps code in flash: of what the modules take, only objects (functions, classes, names) stay
in RAM. Live heap is sampled at flash writes, sleeps and connections: more may live in between.
The smallest heap is found by halving, down to 4 KiB; to pass is to pass three times running."""
# Runs on the board; prints the bytes of heap that stay in use after importing modules.
IMPORTS = """
import gc
gc.collect()
before = gc.mem_alloc()
for name in %r:
    __import__(name)
gc.collect()
print(gc.mem_alloc() - before)
"""


class Trials:
    """A board that polls again and again from the same state of its flash."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._flash = rig.board.directory / "flash.bin"
        self.rewind_here()

    def rewind_here(self) -> None:
        """Let further trials begin with what flash holds now."""
        self._state = self._flash.read_bytes()

    def poll(self, heap_kib: int = ENOUGH_KIB, measure: bool = False) -> Poll:
        """Poll once with so much heap; PublisherError when the board does not come to an end."""
        self._flash.write_bytes(self._state)
        self._rig.board.heap_kib = heap_kib
        self._rig.board.world["measure_heap"] = measure
        return self._rig.poll()

    def passes(self, heap_kib: int) -> bool:
        """Whether every poll with so much heap ends with the new release running."""
        wanted = f"current: runs {NEW} already"
        try:
            return all(self.poll(heap_kib).outcome == wanted for _ in range(TRIES))
        except (PublisherError, VirtualBoardError):  # it ran out before Slotcast could say so
            return False

    def imports_kib(self, names: list[str]) -> float:
        """KiB that modules take."""
        self._rig.board.heap_kib = 2 * ENOUGH_KIB  # all at once, as they never are
        self._rig.board.copy_in({"/main.py": (IMPORTS % names).encode()})
        return int(self._rig.board.run()[-1].lines[-1]) / 1024


def table() -> str:
    """The figures of a run, for people."""
    with tempfile.TemporaryDirectory() as folder:
        workshop = Workshop(Path(folder))
        workshop.release(NEW)
        with workshop.rig(OLD) as rig:
            return render(HEADER, rows(Trials(rig)), NOTES)


def rows(trials: Trials) -> list[tuple[str, str, str]]:
    """A whole update, then an idle poll, then the modules."""
    update = [kib(boot.peak_heap_bytes / 1024) for boot in trials.poll(measure=True).boots]
    update_heap = smallest_heap_kib(trials.passes, TOO_SMALL_KIB, ENOUGH_KIB, STEP_KIB)
    trials.poll()
    trials.rewind_here()
    idle = kib(trials.poll(measure=True).boots[0].peak_heap_bytes / 1024)
    idle_heap = smallest_heap_kib(trials.passes, TOO_SMALL_KIB, ENOUGH_KIB, STEP_KIB)
    modules = [f"slotcast.{path.stem}" for path in device_modules()]
    loaded = kib(trials.imports_kib(modules))
    return [
        ("idle poll", idle, kib(idle_heap)),
        ("update, whole", "", kib(update_heap)),
        ("  poll, install, arm", update[0], ""),
        ("  after the reboot: confirm, idle poll", update[1], ""),
        (f"of all these, Slotcast's {len(modules)} modules", loaded, ""),
    ]


def kib(value: float) -> str:
    return f"{value:.0f} KiB"


def device_modules() -> list[Path]:
    """Slotcast on the board, but for the package's own file."""
    folder = Path(device.__file__).parent / "slotcast"
    return sorted(path for path in folder.glob("*.py") if path.stem != "__init__")


if __name__ == "__main__":
    print(table())
