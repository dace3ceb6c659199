"""A virtual board that polls a hostile edge, each time from the same state of its flash."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from offer import Offer
from tls_server import HOST, HostileServer

import device
from device.virtual.board import Board
from device.virtual.programs import compile_mpy
from publisher.certificates import Authority, ServerCertificate

FOLDER = Path(device.__file__).parent
# In place of 10 s; a handshake takes 60 ms on an idle machine.
TIMEOUT_S = 0.4
ENOUGH_KIB = 256
TARGET = {"product": "sensor", "channel": "stable", "board": "sensor-r2", "chip": "esp32"}
_LIMIT_S = 60.0


@dataclass(frozen=True)
class Played:
    """What came of a poll.

    Attributes:
        reason: of the board's decision, in its own words.
        log: what the board printed, in all its boots.
        seconds: that the poll took, as the board feels them.
        bytes: taken from sockets, of TLS and all that is in it.
        idle: bytes of heap that code and objects take before the poll, without those of the
            fakes that make the board a virtual one.
        heap: most bytes of it that the poll had in use on top, around any call to the network.
        files: SHA-256 of each trusted file, by name.
        slots: both slots; otadata: its entries.
    """

    reason: str
    log: list[str]
    seconds: float
    bytes: int
    idle: int
    heap: int
    files: dict[str, str]
    slots: tuple[bytes, bytes]
    otadata: list[bytes]


class HostileBoard:
    """A board that runs 1.4.3 and knows nothing newer; use it as a context manager."""

    def __init__(self, offer: Offer) -> None:
        self.authority = Authority.create("hostile tests")
        self.certificate: ServerCertificate = self.authority.issue([HOST])
        self._offer = offer
        self._idle_bytes = 0
        self._stack = ExitStack()

    def __enter__(self) -> HostileBoard:
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="slotcast-")))
        self._board = Board.create(folder / "board")
        self.world = self._board.world
        self.world["speed"] = 1000.0
        self._board.flash_serial(self._offer.images["1.4.3"])
        (folder / "app").mkdir()
        (folder / "app" / "app.py").write_text(program())
        self._freeze("slotcast/", FOLDER / "slotcast", folder / "frozen")
        self._freeze("", folder / "app", folder / "frozen-app")
        self._board.code_in_flash = True  # as in a real build
        self._board.copy_in(self._files())
        self._rewind_here()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def learn(self, server: HostileServer) -> Played:
        """Let the board poll, and let every later poll begin with what it knows then."""
        with server:
            played = self.play({HOST: ["127.0.0.1", server.port]})
        self._rewind_here()
        self._idle_bytes = played.idle
        return played

    def play(self, hosts: Mapping[str, list], heap_kib: int = ENOUGH_KIB) -> Played:
        """Poll once.

        Args:
            hosts: name -> [address, port], where the board's connections go.
            heap_kib: of heap that the poll gets, on top of what the board takes before it.
        """
        for path, data in self._state.items():
            path.write_bytes(data)
        self._board.world["hosts"] = dict(hosts)
        self._board.heap_kib = -(-self._idle_bytes // 1024) + heap_kib
        boots = self._board.run(lambda line: line.startswith("{"), _LIMIT_S)
        return self._played([line for boot in boots for line in boot.lines])

    def _played(self, lines: list[str]) -> Played:
        assert lines[-1].startswith("{"), "\n".join(lines)
        measured = json.loads(lines[-1])
        measured["idle"] -= self._board.prelude_heap()
        otadata = [entry.to_bytes() for entry in self._board.otadata()]
        slots = (self._board.slot_bytes(0), self._board.slot_bytes(1))
        return Played(log=lines[:-1], slots=slots, otadata=otadata, **measured)

    def _freeze(self, above: str, sources: Path, compiled: Path) -> None:
        compile_mpy(sources, compiled)
        modules = compiled.glob("*.mpy")
        self._board.freeze({above + path.name: path.read_bytes() for path in modules})

    def _rewind_here(self) -> None:
        files = ("flash.bin", "state.bin")
        self._state = {
            path: path.read_bytes() for path in map(self._board.directory.joinpath, files)
        }

    def _files(self) -> dict[str, bytes]:
        return {
            "/main.py": b"import gc; gc.threshold(8192); import app",  # as boot.py has it
            "/etc/slotcast/ota.json": json.dumps(self._ota()).encode(),
            "/etc/slotcast/ca.der": self.authority.certificate_der,
            "/etc/slotcast/metadata/root.json": self._offer.files["sensor/metadata/1.root.json"],
        }

    def _ota(self) -> dict[str, object]:
        built_at = self._offer.timestamp.unrecognized_fields["x-slotcast-signed-at"]
        edge = {"base_urls": [f"https://{HOST}/sensor/"], "trust_anchors": ["ca.der"], "pins": []}
        return TARGET | edge | {"built_at": built_at, "settle_s": 0, "poll_every_s": 3600}


def program() -> str:
    """The board's application."""
    text = (Path(__file__).parent / "main_on_board.py").read_text()
    line = "TIMEOUT_MS = 10000"
    assert text.count(line) == 1
    return text.replace(line, f"TIMEOUT_MS = {TIMEOUT_S * 1000:.0f}")
