"""Publishers: processes that run one command of `slotcast` after the other, until they are killed.

Each has a working directory of its own, as a machine of its own would: slotcast.toml, the online
keys, and the memory in .slotcast, which a kill leaves as it is.
"""

from __future__ import annotations

import ctypes
import io
import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from multiprocessing.sharedctypes import RawArray, RawValue
from pathlib import Path
from traceback import format_exc
from typing import Any

from publisher import cli
from publisher.layout import is_published
from publisher.stores.s3 import S3Store
from tests.race.deeds import (
    ACKNOWLEDGED,
    CRASHED,
    LOST_RACE,
    NEWER,
    PUBLISHED_PARTLY,
    UNREACHABLE,
    judge,
)
from tests.race.ledger import Ledger
from tests.race.operations import Choice, Knowledge, Operation

FORK = multiprocessing.get_context("fork")  # what is imported once need not be imported again
MOST_TRIES = 8
LOOK_AGAIN = 0.3  # how often an operator looks at `slotcast status` before a command
HURRIED = 0.7  # how often one does not wait for a run that may have been killed
BETWEEN = "between commands"
NOTHING = "before the first write"
AFTER = "after "
WHOLE = "in a process of its own"


@dataclass(frozen=True)
class Desk:
    """Where one publisher works.

    Attributes:
        slot, slots: which of how many.
        folder: its working directory.
        is_whole: commands are whole processes, `python -m publisher`, and not calls after a fork.
        place: shared with who kills it: what its command had done by then.
        is_over: shared by all: whether the race has ended.
    """

    slot: int
    slots: int
    folder: Path
    is_whole: bool
    began_at: float
    place: Any
    is_over: Any


class Publisher:
    """The loop of one process; `life` counts those that sat at the desk before."""

    def __init__(self, desk: Desk, boards: Sequence[str], seed: int, life: int) -> None:
        self._desk = desk
        self._rng = random.Random(f"{seed}/{desk.slot}/{life}")
        self._choice = Choice(self._rng, boards, desk.slot, desk.slots, desk.folder)
        self._known = Knowledge()
        self._ledger = Ledger(desk.folder / f"publisher-{life}.jsonl")
        self._run = run_whole if desk.is_whole else run_here
        self._life, self._count = life, 0

    def work(self) -> None:
        """Work until the race is over."""
        while not self._desk.is_over.value:
            if not self._known.offered or self._rng.random() < LOOK_AGAIN:
                self._look()
            self._do(self._choice.draw(self._known, time.monotonic() - self._desk.began_at))

    def _look(self) -> None:
        code, out, _ = self._run(("status", "--json"))
        for offer in json.loads(out)["offers"] if code == 0 else ():
            self._known.note(offer["channel"], offer["board"], offer["version"])

    def _do(self, operation: Operation) -> None:
        """Carry an operation through as its operator would, or give it up."""
        more = ("--resume",) if self._rng.random() < HURRIED else ()
        for _ in range(MOST_TRIES):
            outcome = self._try(operation, more)
            more = ("--resume",) if outcome == NEWER else ()  # it has waited for the other one
            if not self._tries_again(outcome) or self._desk.is_over.value:
                return

    def _tries_again(self, outcome: str) -> bool:
        if outcome in (NEWER, UNREACHABLE):
            time.sleep(self._rng.uniform(0.1, 0.6))  # let the other one finish first
            return True
        return outcome == PUBLISHED_PARTLY or (outcome == LOST_RACE and self._rng.random() < 0.7)

    def _try(self, operation: Operation, more: Sequence[str]) -> str:
        argv = (*operation.argv, *more, "--json")
        self._count += 1
        deed = f"{self._desk.slot}.{self._life}.{self._count}"
        self._ledger.write("started", deed=deed, argv=argv, names=operation.names)
        self._desk.place.value = (WHOLE if self._desk.is_whole else NOTHING).encode()
        code, out, said = self._run(argv)
        outcome = judge(code, said)
        answer = json.loads(out) if outcome == ACKNOWLEDGED else None
        seen = newest_timestamp(self._desk.folder)
        fields = {"code": code, "answer": answer, "said": said, "timestamp": seen}
        self._ledger.write("ended", deed=deed, **fields)
        self._desk.place.value = BETWEEN.encode()
        return outcome


class Crew:
    """All publishers, each replaced by a new one as soon as it is killed.

    Args:
        desks: where they work.
        boards: the kinds of boards that each cares for.
        seed: of all that they draw.
    """

    def __init__(self, desks: Sequence[Desk], boards: Sequence[Sequence[str]], seed: int) -> None:
        self._desks, self._boards, self._seed = desks, boards, seed
        self._lives = [0] * len(desks)
        self._processes = [self._start(slot) for slot in range(len(desks))]
        self.killed: list[str] = []

    def kill(self, slot: int) -> None:
        """Kill one with SIGKILL, and all that it has started; another one takes its place."""
        process = self._processes[slot]
        os.killpg(process.pid, signal.SIGKILL)
        process.join()
        self.killed.append(self.places()[slot])
        self._processes[slot] = self._start(slot)

    def places(self) -> list[str]:
        """Return what each has done by now, in words."""
        return [desk.place.value.decode() for desk in self._desks]

    def finish(self, timeout_s: float) -> None:
        """Let all end what they are doing; AssertionError where one does not, or has died."""
        for process in self._processes:
            process.join(timeout_s)
        codes = [process.exitcode for process in self._processes]
        for process in self._processes:
            if process.is_alive():
                os.killpg(process.pid, signal.SIGKILL)
        assert not any(codes), f"publishers ended with {codes}"

    def _start(self, slot: int) -> Any:
        desk, life = self._desks[slot], self._lives[slot]
        self._lives[slot] += 1
        desk.place.value = BETWEEN.encode()
        is_ready = RawValue(ctypes.c_bool, False)
        arguments = (desk, self._boards[slot], self._seed, life, is_ready)
        process = FORK.Process(target=_sit_down, args=arguments)
        process.start()
        while not is_ready.value:  # until it leads a group that can be killed
            time.sleep(0.002)
        return process


def new_desk(slot: int, slots: int, folder: Path, is_whole: bool, shared: Any) -> Desk:
    """Return a desk; `shared` is what new_end returned."""
    place = RawArray(ctypes.c_char, 64)
    return Desk(slot, slots, folder, is_whole, time.monotonic(), place, shared)


def new_end() -> Any:
    """Return a flag that processes share: whether the race is over. It has no lock to die with."""
    return RawValue(ctypes.c_bool, False)


def run_here(argv: Sequence[str]) -> tuple[int, str, str]:
    """Run a command in this process: exit code, stdout, stderr."""
    out, said = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(said):
        try:
            code = cli.main(argv)
        except Exception:
            code = 1
            said.write(format_exc())
        except SystemExit as error:
            code = 1
            said.write(f"Traceback: usage error {error.code} of {argv}")
    return code, out.getvalue(), said.getvalue()


def run_whole(argv: Sequence[str]) -> tuple[int, str, str]:
    """Run a command as a process of its own: exit code, stdout, stderr."""
    command = [sys.executable, "-m", "publisher", *argv]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = f"Traceback: {CRASHED}\n" if done.returncode not in (0, 1) else ""
    return done.returncode, done.stdout, done.stderr + said


def newest_timestamp(folder: Path) -> int:
    """Return the timestamp's version that the machine remembers: after a write, the one written."""
    path = folder / ".slotcast" / "seen.json"
    return int(json.loads(path.read_bytes())["versions"]["timestamp"]) if path.exists() else 0


def _sit_down(desk: Desk, boards: Sequence[str], seed: int, life: int, is_ready: Any) -> None:
    os.setpgid(0, 0)
    is_ready.value = True
    os.chdir(desk.folder)
    for method in ("create", "replace"):
        setattr(S3Store, method, _noting(getattr(S3Store, method), desk.place))
    Publisher(desk, boards, seed, life).work()


def _noting(write: Callable[..., Any], place: Any) -> Callable[..., Any]:
    """Return a store's method that notes in shared memory what it has written."""

    def noting(store: S3Store, item: Any, *more: Any) -> Any:
        done = write(store, item, *more)
        place.value = f"{AFTER}{kind_of(item.key)}".encode()
        return done

    return noting


def kind_of(key: str) -> str:
    """Return the kind of file that a key is for, in a word."""
    if not is_published(key):
        return "another file"
    folder, name = key.split("/")[1], key.rsplit("/", 1)[1]
    if folder in ("payloads", "images"):
        return folder.removesuffix("s")
    if folder == "targets":
        return "manifest"
    return name if name == "version.json" else name.removesuffix(".json").split(".")[-1]
