"""Boards out in the weather: one product, one release, and a fresh board for each session."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from faults import Injected, Weather
from proxy import Proxy
from stormy_edge import StormyEdge

from device.virtual.board import Board
from device.virtual.fakes import otadata
from device.virtual.images import build_image
from device.virtual.table import ota_slots
from publisher import cli
from publisher.image import Image, read_image
from publisher.settings import load_settings
from publisher.simulate import Order, Rig
from publisher.stores import open_store

OLD, NEW = "3.1.1", "3.2.5"
SECTOR_BYTES = 4096
# Waiting passes so much faster; where it is for the network, so much.
_SPEED = 200.0
_NETWORK_SPEED = 10.0
_LIMIT_S = 180.0
# Signatures are not what is tried here, and they take a board most of its time.
_INIT = (
    *("init", "sensor", "--root-keys", "1", "--threshold", "1", "--insecure-no-passphrase"),
    *("--base-url", "https://updates.test/"),
    *("--board", "sensor-r2", "--chip", "esp32", "--slot-size", "0x1E0000"),
)
_MAX_POLLS = 20
_HEAP_KIB = 144  # enough: how little will do is for tests/bench/memory.py to say
_LOAD_ADDRESS = 0x3F400020
_BEFORE_SEGMENT_BYTES = 0x20
_POLL, _WROTE = "weather poll", "weather wrote "


@dataclass(frozen=True)
class Line:
    """What a board printed, and when, in seconds of time.monotonic()."""

    text: str
    time_s: float


@dataclass(frozen=True)
class Played:
    """A session from power-on until the board ran the release and had confirmed it, or did not.

    Attributes:
        polls: that it took to install the release; the one that finds it current is not counted.
        arrived: the new release runs and is confirmed, and the old one is still whole.
        bad_sectors: sectors written that are not the release's, as esp32.Partition saw them.
        delivered_bytes: to the board, TLS and all that is in it.
    """

    session: int
    polls: int
    arrived: bool
    bad_sectors: int
    written_sectors: int
    delivered_bytes: int
    seconds: float
    injected: list[Injected]
    lines: list[Line]


class Field:
    """Makes boards that run OLD and are offered NEW; use it as a context manager.

    Args:
        firmware: the folder of real firmware files.
        image_bytes: about so much of the firmware is in an image; None for all of it.
        program: main.py of the boards.
    """

    def __init__(
        self, firmware: Path, image_bytes: int | None = None, program: bytes = b""
    ) -> None:
        self._firmware = firmware
        self._image_bytes = image_bytes
        self._program = program or Path(__file__).with_name("main_on_board.py").read_bytes()
        self._stack = ExitStack()

    def __enter__(self) -> Field:
        with self._stack:
            self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
            self._publish()
            self._make_template()
            self._stack = self._stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def play(self, session: int, weather: Weather) -> Played:
        """Put a fresh board out and let it poll until it has arrived."""
        folder = self._folder / f"board-{session}-{threading.get_ident()}"
        shutil.copytree(self._template, folder)
        try:
            with (
                StormyEdge(self._store, self._certificate, weather) as edge,
                Proxy(edge.port, weather) as proxy,
            ):
                board = Board(folder)
                board.world["hosts"] = {self._host: ["127.0.0.1", proxy.port]}
                return self._run(session, board, weather)
        finally:
            shutil.rmtree(folder)

    def play_all(
        self, numbers: Iterable[int], weather: Callable[[int], Weather], jobs: int
    ) -> Iterator[Played]:
        """Play sessions, `jobs` at a time, each in the weather of its number."""
        with ThreadPoolExecutor(jobs) as pool:
            yield from pool.map(lambda number: self.play(number, weather(number)), numbers)

    def _run(self, session: int, board: Board, weather: Weather) -> Played:
        lines: list[Line] = []
        began = time.monotonic()

        def is_over(text: str) -> bool:
            polls = sum(line.text == _POLL for line in lines)
            return text == f"slotcast decide: current: runs {NEW} already" or polls > _MAX_POLLS

        board.heap_kib = _HEAP_KIB
        board.power_cycle()

        def hear(_: int, text: str) -> None:
            lines.append(Line(text, time.monotonic()))

        board.run(is_over, _LIMIT_S, hear)
        wrote = [line.text.removeprefix(_WROTE) for line in lines if line.text.startswith(_WROTE)]
        return Played(
            session=session,
            polls=sum(line.text == _POLL for line in lines) - 1,
            arrived=self._has_arrived(board),
            bad_sectors=sum(text not in self._goal for text in wrote),
            written_sectors=len(wrote),
            delivered_bytes=weather.delivered_bytes,
            seconds=time.monotonic() - began,
            injected=weather.injected,
            lines=lines,
        )

    def _has_arrived(self, board: Board) -> bool:
        old, new = board.slot_bytes(0), board.slot_bytes(1)
        entries = board.otadata()
        runs = entries[otadata.active_index(entries)]
        return (
            old.startswith(self._images[OLD].data)
            and new.startswith(self._images[NEW].data)
            and otadata.slot_of(runs, len(ota_slots(board.table))) == 1
            and runs.state == otadata.VALID
        )

    def _publish(self) -> None:
        self._images = {version: self._image(version) for version in (OLD, NEW)}
        new, settings = self._folder / "new.bin", self._folder / "slotcast.toml"
        new.write_bytes(self._images[NEW].data)
        where = ("--channel", "stable", "--board", "sensor-r2", "--settings", str(settings))
        _slotcast(*_INIT, "--settings", str(settings))
        _slotcast("release", str(new), "--version", NEW, *where)
        self._settings = load_settings(settings)
        self._goal = _sectors(self._images[NEW].data)

    def _image(self, version: str) -> Image:
        """Real firmware, or what its beginning holds as an image of its own."""
        file = self._firmware / f"micrOS-esp32-1.28.0-{version}-0.bin"
        image = read_image(file.read_bytes(), version)
        if self._image_bytes is None:
            return image
        content = image.data[_BEFORE_SEGMENT_BYTES:][: self._image_bytes]
        return read_image(build_image("esp32", _LOAD_ADDRESS, content), version)

    def _make_template(self) -> None:
        order = Order("stable", "sensor-r2", self._images[OLD])
        self._store = open_store(self._settings)
        rig = self._stack.enter_context(Rig(self._settings, self._store, order))
        self._host = rig.host
        self._certificate = rig.authority.issue([rig.host])
        rig.board.code_in_flash = True  # as in a real build
        rig.board.world["speed"] = _SPEED
        rig.board.world["network_speed"] = _NETWORK_SPEED
        rig.board.copy_in({"/main.py": self._program})
        self._template = rig.board.directory


def _slotcast(*arguments: str) -> None:
    """Run a command of the publisher; what it prints is of no interest here."""
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        assert cli.main(list(arguments)) == 0


def _sectors(image: bytes) -> set[str]:
    """Lines of main_on_board.py for the sectors of an image in the second slot."""
    padded = image + b"\xff" * (-len(image) % SECTOR_BYTES)
    digests = (
        hashlib.sha256(padded[at : at + SECTOR_BYTES]).hexdigest()
        for at in range(0, len(padded), SECTOR_BYTES)
    )
    return {f"app1 {number} {digest}" for number, digest in enumerate(digests)}
