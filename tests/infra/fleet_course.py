"""A run: boards poll through edges by their own schedules while a release and a new root come.

The edges' clock is set by this run. It jumps from poll to poll, so that hours pass in a minute; but
while a command publishes, it goes at the speed of real time, for that command and the server do.
Handshakes are not measured: boards share kept connections.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import random
import ssl
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

from device.slotcast.schedule import Schedule
from tests.infra.edge_process import Edges, Group, Tally, edges
from tests.infra.edge_rules import Rules
from tests.infra.fleet_board import Board, Fleet, Seen, read_timestamp
from tests.infra.fleet_link import Links
from tests.infra.fleet_product import CHANNEL, KIND, OLD, Product
from tests.infra.fleet_readers import Readers

_LINKS = 4  # connections to each edge
_LOOK_S = 0.02


@dataclass(frozen=True)
class Plan:
    """How fleets poll: each its own edges, all the same product.

    Attributes:
        poll_every_s: of each board's schedule.
        end_s: how long; release_at_s and root_at_s are within.
        period_s: over which the edges' copies of the pointer are of different age at first.
    """

    poll_every_s: int = 1800
    release_at_s: float = 600.0
    root_at_s: float = 2850.0
    end_s: float = 3600.0
    period_s: float = 60.0
    seed: int = 1


@dataclass(frozen=True)
class Crowd:
    """Boards that poll through edges of the same rules.

    Attributes:
        boards: how many, in equal shares on the edges.
        readers: how many of them python-tuf stands for as well.
    """

    title: str
    rules: Rules
    edges: int
    boards: int
    readers: int


@dataclass(frozen=True)
class Moments:
    """When the timestamps of the release, and of the new key, were about to be in the bucket.

    `version` is that of the release's.
    """

    released_at_s: float
    replaced_at_s: float
    version: int


@dataclass(frozen=True)
class Outcome:
    """What came of a crowd."""

    crowd: Crowd
    seen: Seen
    tally: Tally
    readers: Readers
    moments: Moments


def run(plan: Plan, crowds: Sequence[Crowd], product: Product, folder: Path) -> list[Outcome]:
    """Start the edges of a product that was founded, and let all crowds poll it."""
    groups = [Group(one.rules, one.edges) for one in crowds]
    with edges(groups, product.where()) as running:
        context = ssl.create_default_context(cadata=running.authority.certificate_pem.decode())
        course = _Course(plan, crowds, running, product)
        course.readers = [
            Readers(product.name, product.first_root(), folder / str(number), context)
            for number in range(len(crowds))
        ]
        moments = asyncio.run(course.run(context))
        tallies = running.tallies()
    seen = [fleet.seen for fleet in course.fleets]
    parts = zip(crowds, seen, tallies, course.readers, strict=True)
    return [Outcome(*part, moments) for part in parts]


class _Course:
    """One run under way."""

    readers: list[Readers]

    def __init__(
        self, plan: Plan, crowds: Sequence[Crowd], running: Edges, product: Product
    ) -> None:
        self.now_s = 0.0
        self._plan = plan
        self._crowds = crowds
        self._edges = running
        self._product = product
        version, keys, snapshot = read_timestamp(product.present())
        offer = f"{CHANNEL}/{KIND}"
        self.fleets = [Fleet(product.base, offer, keys, lambda: self.now_s) for _ in crowds]
        self._at_first = (version, snapshot)
        self._due: list[tuple[float, int, int]] = []
        rng = random.Random(plan.seed)
        self._boards = [self._gather(number, rng) for number in range(len(crowds))]
        heapq.heapify(self._due)

    async def run(self, context: ssl.SSLContext) -> Moments:
        """Go through all of it."""
        self._links = [
            [await Links.connect(port, context, _LINKS) for port in ports]
            for ports in self._edges.ports
        ]
        await self._warm_up()
        await self._skip(self._plan.release_at_s)
        released_at_s = await self._publish(self._product.release())
        version = read_timestamp(self._product.present())[0]
        await self._skip(self._plan.root_at_s)
        replaced_at_s = await self._publish(self._product.replace_key())
        await self._skip(self._plan.end_s)
        for links in itertools.chain(*self._links):
            links.close()
        return Moments(released_at_s, replaced_at_s, version)

    def _gather(self, crowd: int, rng: random.Random) -> list[tuple[Board, Schedule]]:
        """Make the boards of a crowd, with ids at random, and plan when each polls first."""
        plan, count = self._plan, self._crowds[crowd].edges
        config = SimpleNamespace(poll_every_s=plan.poll_every_s, window=None)
        config.settle_s = config.spread_s = 0
        boards = []
        for number in range(self._crowds[crowd].boards):
            device_id = f"{rng.getrandbits(48):012x}"
            board = Board(device_id, number % count, OLD)
            board.timestamp, board.snapshot = self._at_first
            schedule = Schedule(device_id, config, powered_on=False)
            boards.append((board, schedule))
            self._due.append((_next_s(schedule, -plan.poll_every_s / 2, plan), crowd, number))
        return boards

    async def _warm_up(self) -> None:
        """Let the edges' copies of the pointer be of different age."""
        for group in self._links:
            for number, links in enumerate(group):
                self._edges.set_clock(self._plan.period_s * (number / len(group) - 1))
                await links.get(f"{self._product.base}metadata/timestamp.json")

    async def _skip(self, until_s: float) -> None:
        """Let the time until then pass, a second at once."""
        while self.now_s < until_s:
            await self._step(min(self.now_s + 1, until_s))

    async def _publish(self, process: subprocess.Popen[str]) -> float:
        """Let real time pass until a command has ended.

        Returns:
            When the bucket's timestamp was last seen unchanged: no edge can have served the new one
            before.
        """
        before, from_s, began = self._product.pointer(), self.now_s, time.monotonic()
        unmoved_at_s, is_moved = from_s, False
        while process.poll() is None:
            await self._step(from_s + time.monotonic() - began)
            looked_at_s = from_s + time.monotonic() - began
            is_moved = is_moved or await asyncio.to_thread(self._product.pointer) != before
            unmoved_at_s = unmoved_at_s if is_moved else looked_at_s
            await asyncio.sleep(_LOOK_S)
        if process.returncode:
            raise RuntimeError(process.communicate()[0])
        return unmoved_at_s

    async def _step(self, now_s: float) -> None:
        """Set the clock, and let all poll that are due, at once."""
        self.now_s = now_s
        self._edges.set_clock(now_s)
        polls = []
        while self._due and self._due[0][0] <= now_s:
            due_s, crowd, number = heapq.heappop(self._due)
            _, schedule = self._boards[crowd][number]
            polls.append(self._poll(crowd, number))
            heapq.heappush(self._due, (_next_s(schedule, due_s, self._plan), crowd, number))
        await asyncio.gather(*polls)

    async def _poll(self, crowd: int, number: int) -> None:
        board, _ = self._boards[crowd][number]
        await self.fleets[crowd].poll(board, self._links[crowd][board.edge].get)
        if number < self._crowds[crowd].readers:
            port = self._edges.ports[crowd][board.edge]
            await asyncio.to_thread(self.readers[crowd].read, board.device_id, port)


def _next_s(schedule: Schedule, polled_s: float, plan: Plan) -> float:
    """Return when a board that polled at `polled_s` polls next; its uptime began half a period ago.

    So its first poll is at its phase of the first period.
    """
    uptime_s = int(polled_s + plan.poll_every_s / 2)
    schedule.polled(uptime_s)
    return polled_s + schedule.left_s(uptime_s)
