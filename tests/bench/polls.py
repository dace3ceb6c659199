"""What a poll costs: requests, bytes, boots and time, beside the article's way of updating."""

import random
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from article import Client
from relay import Relay
from tables import render
from workshop import Workshop

from device.virtual.table import ota_slots
from publisher.serve import Access
from publisher.simulate import Rig

COLUMNS = ("requests", "connections", "HTTP bytes", "TCP bytes", "boots", "seconds")
NOTES = """\
HTTP bytes: heads and bodies of answers, as the edge counts them. TCP bytes: both ways, TLS
included. The article's client is Python's http.client."""
UPDATE_NOTES = """\
An update ends when the board, rebooted, has confirmed and polled again; its waits pass a thousand
times faster than real ones."""
PARTS = ("metadata", "targets", "payloads")


@dataclass(frozen=True)
class Traffic:
    """What a poll cost; `boots` is 0 for the peer, which is no board."""

    requests: tuple[Access, ...]
    connections: int
    tcp_bytes: int
    boots: int
    seconds: float


class Bench:
    """A board and the peer's client, each poll of theirs through a relay of its own."""

    def __init__(self, rig: Rig, product: str) -> None:
        self._rig = rig
        self._product = product

    def board(self) -> Traffic:
        """Let the board poll, and update if there is something."""
        return self._measure(self._poll)

    def article_poll(self) -> Traffic:
        """Let the article's client ask for the version."""
        return self._measure(lambda port: self._article(port).poll())

    def article_update(self) -> Traffic:
        """Let the article's client update."""
        return self._measure(lambda port: self._article(port).update())

    def _article(self, port: int) -> Client:
        return Client(self._rig, self._product, port)

    def _poll(self, port: int) -> int:
        self._rig.board.world["hosts"] = {self._rig.host: ["127.0.0.1", port]}
        poll = self._rig.poll()
        assert poll.outcome.startswith("current"), poll.lines
        return len(poll.boots)

    def _measure(self, action: Callable[[int], object]) -> Traffic:
        edge = self._rig.edge
        requests, handshakes, began = len(edge.requests), edge.handshakes, time.monotonic()
        with Relay(edge.port) as relay:
            boots = action(relay.port)
            seconds = time.monotonic() - began
        return Traffic(
            tuple(edge.requests[requests:]),
            edge.handshakes - handshakes,
            relay.passed_bytes,
            boots if isinstance(boots, int) else 0,
            seconds,
        )


def table() -> str:
    """The figures of a run, for people."""
    with tempfile.TemporaryDirectory() as folder:
        workshop = Workshop(Path(folder))
        workshop.release("3.1.1")
        with workshop.rig("3.1.1") as rig:
            bench = Bench(rig, workshop.settings.product)
            return f"{polls(bench)}\n\n{updates(workshop, rig, bench)}"


def polls(bench: Bench) -> str:
    """Polls that find nothing newer."""
    rows = [
        row("first poll of a fresh board", bench.board()),
        row("idle poll", bench.board()),
        row("the article's: version.json", bench.article_poll()),
    ]
    return render(("What does a poll without news cost?", *COLUMNS), rows, NOTES)


def updates(workshop: Workshop, rig: Rig, bench: Bench) -> str:
    """Two releases: over a slot of noise, then over the release before the one that runs."""
    fill_slot(rig, 1)
    workshop.release("3.2.5")
    over_noise = bench.board()
    workshop.release("3.3.0")
    over_old = bench.board()
    rows = [
        row("the other slot holds noise", over_noise),
        *parts(over_noise.requests),
        row("it holds the release before the last", over_old),
        *parts(over_old.requests),
        row("the article's: version.json and .bin", bench.article_update()),
    ]
    return render(("What does a new release cost?", *COLUMNS), rows, UPDATE_NOTES)


def parts(requests: Iterable[Access]) -> list[tuple[str, ...]]:
    """Requests and bytes by kind; metadata that is asked for again is the reboot's."""
    kinds = {part: [] for part in (*PARTS, "again")}
    seen = set()
    for access in requests:
        part = access.path.split("/")[2]
        kinds["again" if part == "metadata" and access.path in seen else part].append(access)
        seen.add(access.path)
    titles = ("TUF metadata", "manifest", "payload", "the poll after the reboot")
    return [
        (f"  of it {title}", str(len(kind)), "", f"{sum(a.sent_bytes for a in kind):,}", "", "", "")
        for title, kind in zip(titles, kinds.values(), strict=True)
    ]


def row(title: str, traffic: Traffic) -> tuple[str, ...]:
    """One poll."""
    return (
        title,
        str(len(traffic.requests)),
        str(traffic.connections),
        f"{sum(access.sent_bytes for access in traffic.requests):,}",
        f"{traffic.tcp_bytes:,}",
        str(traffic.boots or "-"),
        f"{traffic.seconds:.1f}" if traffic.boots else "-",
    )


def fill_slot(rig: Rig, number: int) -> None:
    """Let an OTA slot hold noise, so that no block of an image stands there."""
    slot = ota_slots(rig.board.table)[number]
    with (rig.board.directory / "flash.bin").open("r+b") as flash:
        flash.seek(slot.offset)
        flash.write(random.Random(0).randbytes(slot.size))


if __name__ == "__main__":
    print(table())
