"""Benches on which boards live on after a power cut: each a virtual board and edges of its own."""

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar

from device.virtual.board import Board
from device.virtual.boot import Boot
from publisher.serve import Access, Edge
from tests.powercut.recording import END, HEAP_KIB, Recording

HOST = "updates.test"
_TIMEOUT_S = 120.0
_Job = TypeVar("_Job")
_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class Life:
    """What a board did from power-on until it had nothing more to do.

    Attributes:
        boots: each boot, with the lines that it printed.
        requests: what it asked its edge for.
        flash: all of flash at the end.
    """

    boots: tuple[Boot, ...]
    requests: tuple[Access, ...]
    flash: bytes

    @property
    def end(self) -> str:
        """The last decision, with its reason; what it said last, where it came to none."""
        lines = [line for boot in self.boots for line in boot.lines]
        return lines[-1].removeprefix(END) if lines else "nothing"

    @property
    def sent_bytes(self) -> int:
        """Bytes of HTTP, heads and bodies, that its edge sent."""
        return sum(access.sent_bytes for access in self.requests)

    @property
    def ranges(self) -> tuple[tuple[str, str], ...]:
        """Path and range of each request, in order."""
        return tuple((access.path, access.range) for access in self.requests)

    def tried(self, digest: str) -> int:
        """How often the image with this digest was started."""
        return [boot.image_digest for boot in self.boots].count(digest)


class Bench:
    """One board to which any flash can be given.

    Args:
        recording: gives the board.
        folder: for the board's files.
        edges: where the newest metadata is served, and where the metadata before the update is.
    """

    def __init__(self, recording: Recording, folder: Path, edges: tuple[Edge, Edge]) -> None:
        shutil.copytree(recording.board, folder)
        self._folder = folder
        self._edge, self._old_edge = edges
        self.board = Board(folder)
        self.board.heap_kib = HEAP_KIB
        self.journal = folder / "journal.bin"

    def live(
        self,
        flash: bytes,
        is_edge_old: bool = False,
        is_journalled: bool = False,
        on_line: Callable[[int, str], None] | None = None,
    ) -> Life:
        """Power the board on with this flash; it keeps nothing else of the life before.

        Args:
            is_edge_old: serve what was published before the update.
            is_journalled: write `journal` anew.
        """
        (self._folder / "flash.bin").write_bytes(flash)
        self.journal.unlink(missing_ok=True)
        edge = self._old_edge if is_edge_old else self._edge
        self.board.world["hosts"] = {HOST: ["127.0.0.1", edge.port]}
        self.board.world["journal"] = str(self.journal) if is_journalled else ""
        first = len(edge.requests)
        self.board.power_cycle()
        boots = self.board.run(lambda line: line.startswith(END), _TIMEOUT_S, on_line)
        after = (self._folder / "flash.bin").read_bytes()
        return Life(tuple(boots), tuple(edge.requests[first:]), after)


class Workshop:
    """Some benches that work at the same time; `open_workshop` makes one."""

    def __init__(self, benches: list[Bench]) -> None:
        self._count = len(benches)
        self._free: SimpleQueue[Bench] = SimpleQueue()
        for bench in benches:
            self._free.put(bench)

    @contextmanager
    def bench(self) -> Iterator[Bench]:
        """A bench that nobody else uses for as long as the context lasts."""
        bench = self._free.get()
        try:
            yield bench
        finally:
            self._free.put(bench)

    def each(
        self, jobs: Iterable[_Job], work: Callable[[Bench, _Job], _Answer]
    ) -> Iterator[_Answer]:
        """The answers of work(bench, job), in the order of the jobs."""

        def one(job: _Job) -> _Answer:
            with self.bench() as bench:
                return work(bench, job)

        with ThreadPoolExecutor(self._count) as pool:
            yield from pool.map(one, jobs)


@contextmanager
def open_workshop(recording: Recording, count: int) -> Iterator[Workshop]:
    """Set up benches; they and their edges are gone after the context."""
    certificate = recording.certificate()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="powercut-")))

        def edges() -> tuple[Edge, Edge]:
            stores = (recording.store, recording.old_store)
            return tuple(stack.enter_context(Edge(store, certificate)) for store in stores)

        numbers = range(count)
        yield Workshop([Bench(recording, folder / str(number), edges()) for number in numbers])
