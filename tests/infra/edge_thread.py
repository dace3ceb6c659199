"""One edge in a thread, over TLS, for boards: it looks to publisher.simulate like its own."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from publisher.certificates import ServerCertificate
from tests.infra.edge_cache import Cache
from tests.infra.edge_origin import Bucket, Where
from tests.infra.edge_rules import Rules
from tests.infra.edge_server import Edge, Line, in_threads, tls_context


class ThreadedEdge:
    """A running edge.

    Attributes:
        port: on 127.0.0.1.
        requests: the log so far.
        ahead_s: by how much its clock is ahead of real time; add to it to let things expire.
    """

    def __init__(self, rules: Rules, where: Where) -> None:
        self.requests: list[Line] = []
        self.ahead_s = 0.0
        self.port = 0
        self._bucket = Bucket(where, rules.missing_status)
        origin = in_threads(self._bucket.fetch)
        self._edge = Edge(Cache(rules), origin, self._now_s, self.requests.append)

    @property
    def handshakes(self) -> int:
        """Connections so far."""
        return self._edge.handshakes

    async def listen(self, certificate: ServerCertificate, protocol: str) -> None:
        """Begin to serve."""
        self._server = await self._edge.listen(tls_context(certificate, protocol))
        self.port = self._server.sockets[0].getsockname()[1]

    async def wind_up(self) -> None:
        """Let go of all that is under way, and of the threads that ask the bucket."""
        self._server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.get_running_loop().shutdown_default_executor()
        self._bucket.close()

    def _now_s(self) -> float:
        return time.monotonic() + self.ahead_s


@contextmanager
def threaded_edge(
    rules: Rules, where: Where, certificate: ServerCertificate
) -> Iterator[ThreadedEdge]:
    """Run one edge in front of a bucket."""
    edge = ThreadedEdge(rules, where)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        ready = asyncio.run_coroutine_threadsafe(edge.listen(certificate, rules.protocol), loop)
        ready.result(30)
        yield edge
    finally:
        asyncio.run_coroutine_threadsafe(edge.wind_up(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
