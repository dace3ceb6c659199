"""What the bootloader starts after each cut, proven for every point.

The bootloader's model reads what it reads: while no byte of that has changed it starts the same
image, so it runs anew only where an operation works on what it read last, and then at every point.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO

from device.virtual.bootloader import Bootloader
from device.virtual.flash import Flash
from device.virtual.table import DEFAULT_TABLE
from tests.powercut.journal import Operation
from tests.powercut.points import PROGRAMMED, Span, cut, spans


class _WatchedFlash(Flash):
    """A flash in memory that remembers which sectors were read."""

    def __init__(self, data: bytes) -> None:
        super().__init__(BytesIO(data))
        self.sectors: set[int] = set()

    def read(self, address: int, size: int) -> bytes:
        self.sectors.update(range(address >> 12, (address + max(size, 1) - 1 >> 12) + 1))
        return super().read(address, size)


@dataclass
class Starts:
    """What the points of a journal start.

    Attributes:
        points: how many there are.
        started: digest of an image (hex) -> points after which it starts; "" for none.
        runs: how often the model ran.
        bad: the points after which something else than an allowed image starts.
    """

    points: int = 0
    runs: int = 0
    started: dict[str, int] = field(default_factory=dict)
    bad: list[Span] = field(default_factory=list)


class _Walk:
    """Goes from operation to operation, and knows what the flash before each of them starts."""

    def __init__(self, base: bytes, is_allowed: Callable[[str], bool]) -> None:
        self.starts = Starts()
        self._flash = bytearray(base)
        self._is_allowed = is_allowed
        self._digest, self._sectors = self._start()

    def pass_by(self, number: int, operation: Operation) -> None:
        """Count what each point of an operation starts, and do it."""
        place = slice(operation.address, operation.address + operation.size)
        held = bytes(self._flash[place])
        # Programs stay within a sector, as everything here writes.
        if operation.address >> 12 not in self._sectors:
            for span in spans(number, operation):
                self.count(span, self._digest)
            self._flash[place] = operation.result(held)
            return
        self._try_each(number, operation, held, place)
        self._flash[place] = operation.result(held)
        self._digest, self._sectors = self._start()

    def _try_each(self, number: int, operation: Operation, held: bytes, place: slice) -> None:
        known: dict[bytes, str] = {}
        for span in spans(number, operation):
            for index in range(len(span)):
                point = span.point(index)
                content = cut(operation, held, point)
                if content not in known:
                    self._flash[place] = content
                    known[content], _ = self._start()
                self.count(Span(number, point.kind, point.at, point.at + 1), known[content])

    def count(self, span: Span, digest: str | None = None) -> None:
        """Count points that start an image; by default, what the flash as it is now starts."""
        digest, starts = self._digest if digest is None else digest, self.starts
        starts.points += len(span)
        starts.started[digest] = starts.started.get(digest, 0) + len(span)
        if not self._is_allowed(digest):
            starts.bad.append(span)

    def _start(self) -> tuple[str, set[int]]:
        self.starts.runs += 1
        return _start(bytes(self._flash))


def start_everywhere(
    base: bytes, operations: list[Operation], is_allowed: Callable[[str], bool]
) -> Starts:
    """Start the board at every point of a journal."""
    walk = _Walk(base, is_allowed)
    for number, operation in enumerate(operations):
        walk.pass_by(number, operation)
    walk.count(Span(len(operations), PROGRAMMED, 0, 1))
    return walk.starts


def start(flash: bytes) -> str:
    """Digest of the image that starts, "" for none."""
    return _start(flash)[0]


def known_images(images: Mapping[str, bytes]) -> Callable[[str], bool]:
    """Whether a digest is that of one of these images; they are given by name."""
    digests = {data[-32:].hex() for data in images.values()}
    return digests.__contains__


def _start(data: bytes) -> tuple[str, set[int]]:
    """Digest of the image that starts, and the numbers of the sectors that were read for it."""
    flash = _WatchedFlash(data)
    started = Bootloader(flash, DEFAULT_TABLE, "esp32").start()
    return started.image.digest.hex() if started else "", flash.sectors
