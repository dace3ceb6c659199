"""The tour: real firmware travels from a publisher to a virtual board. `run.py --firmware DIR`.

Every step says what it expects; the tour stops with exit code 1 at the first that goes otherwise.
Nothing is left running, and nothing is written outside a temporary folder.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from publisher.certificates import Authority
from publisher.commands import Table
from publisher.console import plain_lines
from publisher.errors import PublisherError, StoreError
from publisher.image import Image, read_image
from publisher.serve import Edge
from publisher.settings import load_settings
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
FILES = {
    "3.1.1": "micrOS-esp32-1.28.0-3.1.1-0.bin",
    "3.2.5": "micrOS-esp32-1.28.0-3.2.5-0.bin",
    "3.3.0": "micrOS-esp32-1.28.0-3.3.0-0.bin",
    "3.3.1": "esp32-20251209-v1.27.0.bin",
    "3.3.2": "tinypico-20251209-v1.27.0.bin",
}
ABOUT = """\
Slotcast, from a publisher to a board. The firmware files are real (micrOS and stock MicroPython for
ESP32). The board is virtual: its flash, its bootloader's rules, TLS and Slotcast's own code are
real, and MicroPython's unix port stands for the chip. "boot 2 |" marks what the board logs in its
second boot of a step; seconds are those of the whole step on this machine.
"""
# Steps of a poll that the cost line tells better, or that are the same each time.
NOT_SHOWN = ("settle: ", "time: ", "connect: ", "traffic: ")
HEADER = ("step", "what", "outcome", "requests", "bytes", "seconds")
NUMBERS = ("step", "requests", "bytes", "seconds")

# The image of a version, read from its file.
Images = Callable[[str], Image]


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


@dataclass(frozen=True)
class Row:
    """A step as the table at the end shows it; `poll` is None where no board took part."""

    headline: str
    outcome: str
    poll: Poll | None
    seconds: float

    def cells(self) -> tuple[str, ...]:
        """What stands in the columns behind the step's number."""
        poll = self.poll
        travelled = (str(len(poll.requests)), f"{poll.sent_bytes:,}") if poll else ("-", "-")
        return (self.headline, self.outcome, *travelled, f"{self.seconds:.1f}")


class Tour:
    """Tells the steps, runs commands and polls in them, and remembers what each came to.

    Args:
        folder: where the product is founded; the firmware files are in `firmware` below it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rows: list[Row] = []

    @contextmanager
    def step(self, headline: str, *remarks: str) -> Iterator[Step]:
        """One numbered step, which ends with its cost."""
        say(f"{len(self._rows) + 1}. {headline}")
        for remark in remarks:
            say(remark, "   ")
        step, began = Step(self._folder), time.monotonic()
        yield step
        row = Row(headline, step.outcome, step.poll, time.monotonic() - began)
        self._rows.append(row)
        say(f"-> {row.outcome}", "   ")
        say(f"cost: {_cost(row)}\n", "   ")

    def show_table(self) -> None:
        """Print all steps so far."""
        rows = [(str(number), *row.cells()) for number, row in enumerate(self._rows, 1)]
        for line in plain_lines(Table(HEADER, rows, right=NUMBERS)):
            say(line)


class Step:
    """What happens in one step.

    Attributes:
        outcome: what it came to, in words.
        poll: what the board did in it, if it took part.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.outcome = ""
        self.poll: Poll | None = None

    def slotcast(self, *arguments: str) -> None:
        """Run the command as a user does, and show what it answers."""
        program = Path(sys.executable).with_name("slotcast")
        say(f"$ {wrapped_command(['slotcast', *arguments])}", "   ")
        done = subprocess.run(
            [program, *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            env={**os.environ, "NO_COLOR": "1"},
        )
        if done.returncode:
            raise DemoError(done.stderr)
        for line in done.stdout.splitlines():
            say(wrapped(line), "     ")

    def release(self, version: str) -> None:
        """Publish the firmware file of a version."""
        where = ("--channel", CHANNEL, "--board", BOARD)
        self.slotcast("release", f"firmware/{FILES[version]}", "--version", version, *where)
        self.outcome = f"{version} is published"

    def let_poll(self, rig: Rig, last_words: str, digest: str, outcome: str) -> None:
        """Power the board on until its poll ends, and show what it logs.

        Args:
            last_words: how its last decision must begin.
            digest: of the image that must run then.
            outcome: what that means.

        Raises DemoError when it ends otherwise.
        """
        self.poll = poll = rig.poll()
        for number, boot in enumerate(poll.boots, 1):
            for line in boot.lines:
                step = line.removeprefix("slotcast ")
                if step != line and not step.startswith(NOT_SHOWN):
                    say(wrapped(f"boot {number} | {step}"), "     ")
        if not poll.outcome.startswith(last_words):
            raise DemoError(f"expected {last_words!r}, the board said {poll.outcome!r}")
        running = poll.boots[-1].image_digest
        if running != digest:
            raise DemoError(f"the board runs {running}, expected {digest}")
        self.outcome = outcome


def say(text: str = "", indent: str = "") -> None:
    """Print at once."""
    print(textwrap.indent(text, indent), flush=True)


def wrapped(text: str) -> str:
    """Break a long line between words."""
    return "\n".join(textwrap.wrap(text, 96, subsequent_indent="    ", break_long_words=False))


def wrapped_command(words: list[str]) -> str:
    """Break a long command line so that it can be pasted; an option stays with its value."""
    text = re.sub(r"(--\S+) (?=[^-])", "\\1\0", shlex.join(words))
    wrapping = textwrap.TextWrapper(88, subsequent_indent="    ", break_on_hyphens=False)
    return " \\\n".join(wrapping.wrap(text)).replace("\0", " ")


def _cost(row: Row) -> str:
    if row.poll is None:
        return f"{row.seconds:.1f} s"
    poll = row.poll
    counted = (
        (len(poll.requests), "request"),
        (poll.sent_bytes, "byte"),
        (poll.connections, "connection"),
        (len(poll.boots), "boot"),
    )
    texts = [f"{count:,} {what}{'' if count == 1 else 's'}" for count, what in counted]
    return f"{', '.join(texts)}, {row.seconds:.1f} s"


def found(tour: Tour) -> None:
    """A product with its keys, and its first release."""
    with tour.step(
        "Found a product, publish 3.1.1",
        "In slotcast.toml, deltas = 1: the one board runs the last release, and no other.",
    ) as step:
        step.slotcast(*INIT)
        one_delta(step.folder / "slotcast.toml")
        step.release("3.1.1")


def one_delta(path: Path) -> None:
    """Have releases carry a delta from the last one only, as the one board runs nothing else."""
    text = path.read_text()
    if "\ndeltas = 3\n" not in text:
        raise DemoError("slotcast.toml has other deltas than were expected")
    path.write_text(text.replace("\ndeltas = 3\n", "\ndeltas = 1\n"))


def idle_polls(tour: Tour, rig: Rig, factory: Image) -> None:
    """The board finds what it runs, twice."""
    runs = ("current: runs 3.1.1", factory.image_digest, "nothing newer than 3.1.1")
    with tour.step(
        "The first poll", "The board left the factory with 3.1.1. It fetches all metadata."
    ) as step:
        step.let_poll(rig, *runs)
    with tour.step(
        "An idle poll", "What each further poll costs as long as nothing is new."
    ) as step:
        step.let_poll(rig, *runs)


def updates(tour: Tour, rig: Rig, image: Images) -> None:
    """Two releases, each installed and confirmed."""
    for version, remark in (
        ("3.2.5", "By a delta, into the other slot; booted on trial, healthy, and so kept."),
        ("3.3.0", "The slot still holds 3.1.1: sectors that are the same in both stay."),
    ):
        with tour.step(f"Update to {version}", remark) as step:
            step.release(version)
            digest = image(version).image_digest
            step.let_poll(rig, f"current: runs {version}", digest, f"{version} runs and is kept")
            if not step.poll or not any("confirm: " in line for line in step.poll.lines):
                raise DemoError("the update was not confirmed")


def sick_release(tour: Tour, rig: Rig, image: Images) -> None:
    """A release whose radio never comes up is rolled back, and not tried again."""
    sick, good = image("3.3.1").image_digest, image("3.3.0").image_digest
    with tour.step(
        "A release that is signed and sick",
        "With 3.3.1 Wi-Fi never comes up, which is the board's health check.",
    ) as step:
        step.release("3.3.1")
        rig.board.world.sicken(sick, wifi=False)
        step.let_poll(rig, "refuse: 3.3.1 was rolled back", good, "rolled back, 3.3.0 runs")
        if not step.poll or sick not in [boot.image_digest for boot in step.poll.boots]:
            raise DemoError("the sick release was never tried")


def hostile_edges(tour: Tour, rig: Rig, store: Store, image: Images) -> None:
    """Altered metadata, a wrong certificate and an altered payload are refused, nothing armed."""
    altered_targets = Altered(store, lambda key: key.endswith(".targets.json"), at=100)
    altered_payload = Altered(store, lambda key: key.endswith(".slc"), at=-100000)
    impostor = Authority.create("Impostor")
    with tour.step("Publish 3.3.2, for the attacks") as step:
        step.release("3.3.2")
    for what, edge, error in (
        ("a byte of metadata changed", rig.open_edge(altered_targets), "RepositoryError"),
        ("another's certificate", rig.open_edge(store, impostor), "CertificateError"),
        ("a byte of the payload changed", rig.open_edge(altered_payload), "PayloadError"),
    ):
        attack(tour, rig, what, edge, error, image("3.3.0"))


def attack(tour: Tour, rig: Rig, what: str, edge: Edge, error: str, good: Image) -> None:
    """The board polls an edge that lies, and nothing of the boot choice changes."""
    before, honest = boot_choice(rig), rig.edge
    with tour.step(f"Attack: {what}") as step:
        rig.connect(edge)
        step.let_poll(rig, error, good.image_digest, "refused, 3.3.0 runs")
        rig.connect(honest)
        if boot_choice(rig) != before:
            raise DemoError("something was armed")


def honest_edge(tour: Tour, rig: Rig, image: Images) -> None:
    """After the attacks the release installs, from where the last one was stopped."""
    digest = image("3.3.2").image_digest
    with tour.step(
        "The true edge again",
        "What was verified and written during the attack is not fetched anew.",
    ) as step:
        step.let_poll(rig, "current: runs 3.3.2", digest, "3.3.2 runs and is kept")


def check(tour: Tour) -> None:
    """A reviewer's part: no board, no key."""
    with tour.step(
        "Verify all that is published",
        "From the root's fingerprint down to each block; no key is needed.",
    ) as step:
        step.slotcast("verify", "--brief")
        step.outcome = "the whole chain verifies"


def boot_choice(rig: Rig) -> list[tuple[int, int]]:
    """Sequence and state of both otadata entries."""
    return [(entry.seq, entry.state) for entry in rig.board.otadata()]


def run(firmware: Path, folder: Path) -> None:
    """All steps in order."""

    def image(version: str) -> Image:
        name = FILES[version]
        return read_image((firmware / name).read_bytes(), name)

    (folder / "firmware").symlink_to(firmware)
    say(ABOUT)
    tour, factory = Tour(folder), image("3.1.1")
    found(tour)
    settings = load_settings(folder / "slotcast.toml")
    store = open_store(settings)
    with Rig(settings, store, Order(CHANNEL, BOARD, factory)) as rig:
        idle_polls(tour, rig, factory)
        updates(tour, rig, image)
        sick_release(tour, rig, image)
        hostile_edges(tour, rig, store, image)
        honest_edge(tour, rig, image)
    check(tour)
    tour.show_table()
    say("\nAll steps went as they must.")


def main() -> int:
    """Run the tour in a temporary folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--firmware", type=Path, required=True, help="folder of firmware files")
    firmware = parser.parse_args().firmware.absolute()
    with tempfile.TemporaryDirectory(prefix="slotcast-demo-") as folder:
        try:
            run(firmware, Path(folder))
        except (DemoError, PublisherError) as error:
            say(f"\nDemo failed: {error}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
