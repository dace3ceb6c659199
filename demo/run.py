"""The tour: real firmware travels from a publisher to a virtual board. `run.py --firmware DIR`.

Every step says what it expects; the tour stops with exit code 1 at the first that goes otherwise.
Nothing is left running, and nothing is written outside a temporary folder.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from publisher.certificates import Authority
from publisher.errors import PublisherError, StoreError
from publisher.image import read_image
from publisher.settings import Settings, load_settings
from publisher.simulate import Order, Poll, Rig
from publisher.stores import open_store
from publisher.stores.base import Object, Store, Stored

BOARD = "sensor-r2"
CHANNEL = "stable"
INIT = (
    *("init", "sensor", "--root-keys", "3", "--threshold", "2", "--insecure-no-passphrase"),
    *("--board", BOARD, "--chip", "esp32", "--slot-size", "0x1E0000"),
    *("--base-url", "https://updates.example.com/"),
)


class DemoError(Exception):
    """A step did not go as it must."""


class Altered(Store):
    """An edge's store that returns objects with one byte changed.

    Args:
        origin: the true store.
        is_meant: which keys are altered.
        at: which byte; negative counts from the end.
    """

    def __init__(self, origin: Store, is_meant: Callable[[str], bool], at: int) -> None:
        self._origin = origin
        self._is_meant = is_meant
        self._at = at

    def read(self, key: str) -> Stored | None:
        """The object, altered if it is meant."""
        stored = self._origin.read(key)
        if stored is None or not self._is_meant(key):
            return stored
        data = bytearray(stored.data)
        data[self._at] ^= 1
        return replace(stored, data=bytes(data))

    def list(self, prefix: str = "") -> Iterator[str]:
        """The origin's keys."""
        return self._origin.list(prefix)

    def create(self, item: Object) -> bool:
        """Refuse: an edge takes no writes."""
        raise StoreError("an edge takes no writes")

    def replace(self, item: Object, etag: str | None) -> None:
        """Refuse: an edge takes no writes."""
        raise StoreError("an edge takes no writes")


class Tour:
    """Prints a line a step and holds what the steps share."""

    def __init__(self, firmware: Path, folder: Path) -> None:
        self._firmware = firmware
        self._folder = folder

    def file(self, name: str) -> Path:
        """A firmware file of the wheel."""
        return self._firmware / name

    def slotcast(self, *arguments: str) -> str:
        """Run the command as a user does; its standard output."""
        began = time.monotonic()
        program = Path(sys.executable).with_name("slotcast")
        done = subprocess.run(
            [program, *arguments],
            cwd=self._folder,
            capture_output=True,
            text=True,
            env={**os.environ, "NO_COLOR": "1"},
        )
        say(f"$ slotcast {' '.join(arguments)}   ({time.monotonic() - began:.1f} s)")
        if done.returncode:
            raise DemoError(done.stderr)
        return done.stdout

    def release(self, name: str, version: str) -> str:
        """Publish a file; returns the digest of its image."""
        file = self.file(name)
        where = ("--channel", CHANNEL, "--board", BOARD)
        self.slotcast("release", str(file), "--version", version, *where)
        return read_image(file.read_bytes(), file.name).image_digest

    def settings(self) -> Settings:
        """What init wrote."""
        return load_settings(self._folder / "slotcast.toml")


def say(text: str = "") -> None:
    """Print at once."""
    print(text, flush=True)


def show(what: str, poll: Poll) -> None:
    """Print what a poll came to and what it cost."""
    steps = [line[9:] for line in poll.lines if line.startswith("slotcast ")]
    for step in steps:
        if not step.startswith(("connect", "time", "settle")):
            say(f"    {step}")
    say(
        f"  {what}: {len(poll.requests)} requests, {poll.sent_bytes:,} bytes, "
        f"{poll.connections} connections, {len(poll.boots)} boots, {poll.seconds:.1f} s"
    )
    say()


def expect(poll: Poll, outcome: str, rig: Rig, digest: str) -> None:
    """Stop the tour unless the board's last word and its running image are these."""
    if not poll.outcome.startswith(outcome):
        raise DemoError(f"expected {outcome!r}, the board said {poll.outcome!r}")
    running = poll.boots[-1].image_digest
    if running != digest:
        raise DemoError(f"the board runs {running}, expected {digest}")


def updates(tour: Tour, rig: Rig) -> str:
    """Two releases, each installed and confirmed; returns the digest of the second."""
    digest = ""
    for version in ("3.2.5", "3.3.0"):
        digest = tour.release(f"micrOS-esp32-1.28.0-{version}-0.bin", version)
        poll = rig.poll()
        show(f"update to {version}", poll)
        expect(poll, f"current: runs {version}", rig, digest)
        if not any("confirm: " in line for line in poll.lines):
            raise DemoError("the update was not confirmed")
    return digest


def sick_release(tour: Tour, rig: Rig, good: str) -> None:
    """A release whose radio never comes up is rolled back, and not tried again."""
    digest = tour.release("esp32-20251209-v1.27.0.bin", "3.3.1")
    rig.board.world.sicken(digest, wifi=False)
    poll = rig.poll()
    show("a release that never becomes healthy", poll)
    expect(poll, "refuse: 3.3.1 was rolled back", rig, good)
    if digest not in [boot.image_digest for boot in poll.boots]:
        raise DemoError("the sick release was never tried")


def hostile_edges(tour: Tour, rig: Rig, store: Store, good: str) -> None:
    """Altered metadata, a wrong certificate and an altered payload are refused, nothing armed."""
    digest = tour.release("tinypico-20251209-v1.27.0.bin", "3.3.2")
    honest, before = rig.edge, boot_choice(rig)
    altered_targets = Altered(store, lambda key: key.endswith(".targets.json"), at=100)
    altered_payload = Altered(store, lambda key: key.endswith(".slc"), at=-100000)
    impostor = Authority.create("Impostor")
    for what, edge, outcome in (
        ("metadata altered on the edge", rig.open_edge(altered_targets), "RepositoryError"),
        ("an edge with another's certificate", rig.open_edge(store, impostor), "DownloadError"),
        ("payload altered on the edge", rig.open_edge(altered_payload), "PayloadError"),
    ):
        rig.connect(edge)
        poll = rig.poll()
        show(what, poll)
        expect(poll, outcome, rig, good)
        if boot_choice(rig) != before:
            raise DemoError("something was armed")
    rig.connect(honest)
    poll = rig.poll()
    show("the honest edge again", poll)
    expect(poll, "current: runs 3.3.2", rig, digest)


def boot_choice(rig: Rig) -> list[tuple[int, int]]:
    """Sequence and state of both otadata entries."""
    return [(entry.seq, entry.state) for entry in rig.board.otadata()]


def tour(firmware: Path, folder: Path) -> None:
    """All steps in order."""
    steps = Tour(firmware, folder)
    say("Slotcast demo: real MicroPython firmware (micrOS) for ESP32, to a virtual board\n")
    steps.slotcast(*INIT)
    first = steps.release("micrOS-esp32-1.28.0-3.1.1-0.bin", "3.1.1")
    settings = steps.settings()
    store = open_store(settings)
    factory = read_image(steps.file("micrOS-esp32-1.28.0-3.1.1-0.bin").read_bytes(), "3.1.1")
    with Rig(settings, store, Order(CHANNEL, BOARD, factory)) as rig:
        poll = rig.poll()
        show("first poll, nothing newer", poll)
        expect(poll, "current: runs 3.1.1", rig, first)
        poll = rig.poll()
        show("idle poll", poll)
        expect(poll, "current: runs 3.1.1", rig, first)
        good = updates(steps, rig)
        sick_release(steps, rig, good)
        hostile_edges(steps, rig, store, good)
    say(steps.slotcast("verify"))
    say("All steps went as they must.")


def main() -> int:
    """Run the tour in a temporary folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--firmware", type=Path, required=True, help="folder of firmware files")
    firmware = parser.parse_args().firmware.absolute()
    with tempfile.TemporaryDirectory(prefix="slotcast-demo-") as folder:
        try:
            tour(firmware, Path(folder))
        except (DemoError, PublisherError) as error:
            say(f"\nDemo failed: {error}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
