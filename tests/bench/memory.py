"""How much heap the board needs, by measuring what is live and by trial."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from delta_pairs import VERSIONS
from frozen import freeze_application
from heap import smallest_heap_kib
from tables import render
from workshop import Workshop

import device
from device.virtual.errors import VirtualBoardError
from publisher.errors import PublisherError
from publisher.simulate import Poll, Rig

STEP_KIB, TOO_SMALL_KIB, ENOUGH_KIB = 2, 32, 384
OLD, NEW = VERSIONS[0], VERSIONS[1]
TRIES = 3  # near the limit, how the heap is cut up decides, and that differs from run to run
LITTLE = 13312  # bytes: payload_memory of a board that has not much
HEADER = ("How much heap does the board need?", "live", "needed", "frozen: live", "needed")
NOTES = """\
KiB. Left, Slotcast is loaded from .mpy into the heap, and minimal.py is compiled on the board, as
boot.py always is; right, both run from flash by ROMFS, as frozen code does; of what that leaves in
the heap, 14 KiB are constants and their tables, which a frozen build has in flash too. Objects are
of 64 bits; on a chip about half as large. TLS and native code are outside the heap. What is live is
sampled at flash writes, sleeps and connections: more may be in between. What is needed is found by
halving, down to 2 KiB; to pass is to pass three times running."""
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


@dataclass(frozen=True)
class Case:
    """An update: the releases that are published, the last to be taken; 0 is the default memory."""

    name: str
    releases: tuple[str, ...]
    payload_memory: int = 0


CASES = (
    Case("update by the full payload", (NEW,)),
    Case("update by a delta", (OLD, NEW)),
    Case(f"the same, payload_memory = {LITTLE}", (OLD, NEW), LITTLE),
)


class Trials:
    """A board that polls again and again from the same state of its flash."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._flash = rig.board.directory / "flash.bin"
        self.rewind_here()

    def rewind_here(self) -> None:
        """Let further trials begin with what flash holds now."""
        self._state = self._flash.read_bytes()

    def put_code(self, in_flash: bool) -> None:
        """Have Slotcast run from flash, and the application with it; or neither, as at first."""
        self._flash.write_bytes(self._state)
        self._rig.board.code_in_flash = in_flash
        if in_flash:
            freeze_application(self._rig.board)
        self.rewind_here()

    def poll(self, heap_kib: int = ENOUGH_KIB, measure: bool = False) -> Poll:
        """Poll once with so much heap; PublisherError when the board does not come to an end."""
        self._flash.write_bytes(self._state)
        self._rig.board.heap_kib = heap_kib
        self._rig.board.world["measure_heap"] = measure
        return self._rig.poll()

    def passes(self, heap_kib: int) -> bool:
        """Whether every poll with so much heap ends with the new release running, as it should."""
        try:
            return all(arrives(self.poll(heap_kib)) for _ in range(TRIES))
        except (PublisherError, VirtualBoardError):  # it ran out before Slotcast could say so
            return False

    def figures(self) -> tuple[str, str]:
        """Most live heap of the first boot of a poll, and the least with which polls pass."""
        live = self.poll(measure=True).boots[0].peak_heap_bytes / 1024
        needed = smallest_heap_kib(self.passes, TOO_SMALL_KIB, ENOUGH_KIB, STEP_KIB)
        return f"{live:.0f}", str(needed)

    def imports_kib(self, names: list[str]) -> str:
        """KiB that modules take."""
        self._rig.board.heap_kib = 2 * ENOUGH_KIB  # all at once, as they never are
        self._rig.board.copy_in({"/main.py": (IMPORTS % names).encode()})
        return f"{int(self._rig.board.run()[-1].lines[-1]) / 1024:.0f}"


def table() -> str:
    """The figures of a run, for people."""
    rows = [(case.name, *update_figures(case)) for case in CASES]
    idle, modules = after_update(CASES[0])
    names = f"of all these, Slotcast's {len(device_modules())} modules"
    return render(HEADER, [("idle poll", *idle), *rows, (names, *modules)], NOTES)


@contextmanager
def board_for(case: Case) -> Iterator[Rig]:
    """A board that left the factory with OLD, and the releases of a case."""
    with tempfile.TemporaryDirectory() as folder:
        workshop = Workshop(Path(folder))
        if case.payload_memory:
            limit_memory(Path(folder) / "slotcast.toml", case.payload_memory)
        for version in case.releases:
            workshop.release(version)
        with workshop.rig(OLD) as rig:
            yield rig


def arrives(poll: Poll) -> bool:
    """Whether a poll ends with the new release, and not by the full payload after a delta's."""
    fell_back = any("the delta is given up" in line for line in poll.lines)
    return poll.outcome == f"current: runs {NEW} already" and not fell_back


def limit_memory(settings: Path, payload_memory: int) -> None:
    """Set payload_memory of the one board in slotcast.toml."""
    text = settings.read_text()
    line = 'chip = "esp32"\n'
    assert text.count("\n" + line) == 1
    settings.write_text(text.replace("\n" + line, f"\n{line}payload_memory = {payload_memory}\n"))


def update_figures(case: Case) -> list[str]:
    """Live and needed heap, with the code in it and without."""
    with board_for(case) as rig:
        trials, found = Trials(rig), []
        for is_in_flash in (False, True):
            trials.put_code(is_in_flash)
            found += trials.figures()
        return found


def after_update(case: Case) -> tuple[list[str], list[str]]:
    """The same of an idle poll; and what the modules take, for there is no more to know of them."""
    idle: list[str] = []
    modules: list[str] = []
    names = [f"slotcast.{path.stem}" for path in device_modules()]
    with board_for(case) as rig:
        trials = Trials(rig)
        trials.poll()
        trials.rewind_here()
        for is_in_flash in (False, True):
            trials.put_code(is_in_flash)
            idle += trials.figures()
        for is_in_flash in (False, True):
            rig.board.code_in_flash = is_in_flash
            modules += (trials.imports_kib(names), "")
    return idle, modules


def device_modules() -> list[Path]:
    """Slotcast on the board, but for the package's own file."""
    folder = Path(device.__file__).parent / "slotcast"
    return sorted(path for path in folder.glob("*.py") if path.stem != "__init__")


if __name__ == "__main__":
    print(table())
