"""One run of MicroPython as the board's CPU: its lines, its watchdog, its end."""

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from device.virtual.errors import VirtualBoardError
from device.virtual.programs import find_micropython
from device.virtual.rom import room_for

_POLL_S = 0.02


@dataclass(frozen=True)
class Program:
    """What to run: a module of the fakes with its arguments, and with how many bytes of heap.

    Attributes:
        rom: file with a ROMFS image that holds the fakes and the frozen modules; None: they are
            loaded into the heap.
    """

    cache: Path
    module: str
    arguments: Sequence[str]
    heap_bytes: int = 2 * 1024 * 1024
    rom: Path | None = None


class Process:
    """A running MicroPython in a process group of its own; leaving the context kills all of it."""

    def __init__(self, program: Program) -> None:
        command = [find_micropython(), "-X", f"heapsize={program.heap_bytes}", "-m"]
        room = room_for(program.rom) if program.rom else {}
        self._process = subprocess.Popen(
            [*command, *_what_to_run(program)],
            cwd=program.cache,
            env={**room, **os.environ, "MICROPYPATH": str(program.cache), "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        assert self._process.stdout
        self._out = self._process.stdout
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._out, selectors.EVENT_READ)
        self._rest = b""

    def __enter__(self) -> "Process":
        """The process, running."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Kill what still runs."""
        self.kill()
        self._selector.close()
        self._out.close()

    def kill(self) -> None:
        """Stop the CPU between two instructions."""
        if self._process.returncode is None:  # not reaped, so the number is still its own
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def wait(self) -> int:
        """Wait for a process that has closed its output; its exit code."""
        return self._process.wait()

    def lines(self) -> list[str] | None:
        """Lines printed since the last call, waiting a moment for some; None after the last."""
        if not self._selector.select(_POLL_S):
            return []
        data = os.read(self._out.fileno(), 65536)
        if not data:
            last, self._rest = self._rest, b""
            return [last.decode(errors="replace")] if last else None
        *whole, self._rest = (self._rest + data).split(b"\n")
        return [line.rstrip(b"\r").decode(errors="replace") for line in whole]


@dataclass
class Watch:
    """What ends a run early, and who hears of its lines."""

    deadline: float  # of time.monotonic()
    until: Callable[[str], bool] | None = None
    on_line: Callable[[int, str], None] | None = None


def _what_to_run(program: Program) -> list[str]:
    """The module behind `-m`, and its arguments."""
    if program.rom:
        return ["fakes.rom", str(program.rom), program.module, *program.arguments]
    return [f"fakes.{program.module}", *program.arguments]


def follow(
    process: Process, number: int, watch: Watch, wdt_expired: Callable[[], bool]
) -> tuple[list[str], str]:
    """Read a boot's lines until it ends: (lines, why).

    Why is "" when the process ended by itself, "until", "timeout" or "wdt" when it was killed.
    """
    heard: list[str] = []
    while (lines := process.lines()) is not None:
        for line in lines:
            heard.append(line)
            if watch.on_line:
                watch.on_line(number, line)
            if watch.until and watch.until(line):
                return heard, "until"
        if wdt_expired():
            return heard, "wdt"
        if time.monotonic() > watch.deadline:
            return heard, "timeout"
    return heard, ""


def run_to_end(program: Program) -> None:
    """Run a program until it ends by itself.

    Raises:
        VirtualBoardError: it failed; the message is what it printed.
    """
    with Process(program) as process:
        lines, why = follow(process, 0, Watch(deadline=time.monotonic() + 60), lambda: False)
        if why or process.wait() != 0:
            raise VirtualBoardError("\n".join(lines))
