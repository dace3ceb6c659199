"""Edges in a process of their own, in front of a bucket; who started them sets their clock."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from publisher.certificates import Authority, ServerCertificate
from tests.infra.edge_cache import Cache
from tests.infra.edge_origin import Bucket, Counted, Where, kind_of
from tests.infra.edge_rules import Rules
from tests.infra.edge_server import Edge, Line, in_threads, through, tls_context

HOST = "updates.test"
_FORK = multiprocessing.get_context("fork")  # what is imported once need not be imported again
_STOP_S = 30


@dataclass
class Tally:
    """What a group was asked, and asked itself.

    Attributes:
        answered: requests by edge, kind and x-edge-result-type.
        origin: requests to the bucket, by kind and status.
        at_shield: requests to the Origin Shield.
        sent_bytes: of HTTP, to viewers.
        queries: requests with a query string in the log.
    """

    answered: Counter[tuple[int, str, str]] = field(default_factory=Counter)
    origin: Counter[tuple[str, int]] = field(default_factory=Counter)
    at_shield: int = 0
    sent_bytes: int = 0
    queries: int = 0

    def shield(self, line: Line) -> None:
        """Take a line of the shield's."""
        self.at_shield += 1

    def log_of(self, number: int) -> Any:
        """Return what one edge tells its lines."""

        def log(line: Line) -> None:
            self.answered[number, kind_of(line.path), line.result] += 1
            self.sent_bytes += line.sent_bytes
            self.queries += bool(line.query)

        return log


@dataclass(frozen=True)
class Group:
    """Edges that follow the same rules, and share an Origin Shield where the rules have one."""

    rules: Rules
    count: int


@dataclass(frozen=True)
class Edges:
    """Running edges.

    Attributes:
        ports: of each edge of each group, on 127.0.0.1; the certificates are of `authority`, for
            HOST.
    """

    ports: tuple[tuple[int, ...], ...]
    authority: Authority
    clock: Any
    line: Connection

    def set_clock(self, now_s: float) -> None:
        """Set the time, in seconds, by which the edges let things expire."""
        self.clock.value = now_s

    def tallies(self) -> list[Tally]:
        """Return what each group has done so far."""
        self.line.send("tallies")
        tallies: list[Tally] = self.line.recv()
        return tallies


@contextmanager
def edges(groups: Sequence[Group], where: Where) -> Iterator[Edges]:
    """Run edges in front of a bucket."""
    authority = Authority.create("Slotcast edges")
    certificate = authority.issue([HOST])
    clock = _FORK.Value("d", 0.0, lock=False)
    here, there = _FORK.Pipe()

    def main() -> None:
        here.close()  # or it would never see that the other side hangs up
        asyncio.run(_serve([_Site(one, where, certificate, clock) for one in groups], there))

    process = _FORK.Process(target=main)
    process.start()
    there.close()
    try:
        if not here.poll(_STOP_S):
            raise RuntimeError("the edges did not start")
        yield Edges(here.recv(), authority, clock, here)
    finally:
        here.close()  # which ends them
        process.join(_STOP_S)
        process.kill()


class _Site:
    """A group's edges, in their process."""

    def __init__(
        self, group: Group, where: Where, certificate: ServerCertificate, clock: Any
    ) -> None:
        self.tally = Tally()
        rules = group.rules
        bucket = Bucket(where, rules.missing_status)
        origin = in_threads(Counted(bucket.fetch, self.tally.origin))

        def now_s() -> float:
            return float(clock.value)

        if rules.has_shield:
            origin = through(Edge(Cache(rules), origin, now_s, self.tally.shield))
        self._context = tls_context(certificate, rules.protocol)
        self._edges = [
            Edge(Cache(rules), origin, now_s, self.tally.log_of(number))
            for number in range(group.count)
        ]

    async def listen(self) -> tuple[int, ...]:
        """Begin to serve; the ports."""
        servers = [await edge.listen(self._context) for edge in self._edges]
        return tuple(server.sockets[0].getsockname()[1] for server in servers)


async def _serve(sites: Sequence[_Site], line: Connection) -> None:
    """Serve until the other side hangs up."""
    line.send(tuple([await site.listen() for site in sites]))
    tallies, over = [site.tally for site in sites], asyncio.Event()
    asyncio.get_running_loop().add_reader(line.fileno(), _told, line, tallies, over)
    await over.wait()


def _told(line: Connection, tallies: list[Tally], over: asyncio.Event) -> None:
    try:
        line.recv()
        line.send(tallies)
    except (EOFError, OSError):
        over.set()
