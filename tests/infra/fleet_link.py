"""A kept TLS connection from simulated boards to an edge: one request after the other."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass

from tests.infra.edge_process import HOST


@dataclass(frozen=True)
class Got:
    """A response, as far as boards look at it."""

    status: int
    body: bytes


class Link(asyncio.Protocol):
    """One connection; ask again only when the answer is there."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._answer: asyncio.Future[Got] | None = None

    async def get(self, target: str) -> Got:
        """Ask for a path and query; ConnectionError where the edge hangs up."""
        self._answer = asyncio.get_running_loop().create_future()
        head = f"GET {target} HTTP/1.1\r\nHost: {HOST}\r\nUser-Agent: slotcast\r\n\r\n"
        self._transport.write(head.encode())
        return await self._answer

    def close(self) -> None:
        """Hang up."""
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer and not self._answer.done():
            self._answer.set_exception(ConnectionError("the edge hung up"))

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        if end < 0 or self._answer is None:
            return
        head = bytes(self._received[:end]).lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 : (head.find(b"\r", at) + 1 or end + 1) - 1])
        if len(self._received) >= end + 4 + length:
            got = Got(int(head[9:12]), bytes(self._received[end + 4 : end + 4 + length]))
            self._received.clear()
            self._answer.set_result(got)


class Links:
    """Some connections to one edge, that many boards share in turn."""

    def __init__(self, links: list[Link]) -> None:
        self._every = links
        self._free: asyncio.LifoQueue[Link] = asyncio.LifoQueue()
        for link in links:
            self._free.put_nowait(link)

    @classmethod
    async def connect(cls, port: int, context: ssl.SSLContext, count: int) -> Links:
        """Connect to 127.0.0.1:`port`, which shows a certificate for HOST."""
        loop = asyncio.get_running_loop()
        links = []
        for _ in range(count):
            _, link = await loop.create_connection(
                Link, "127.0.0.1", port, ssl=context, server_hostname=HOST
            )
            links.append(link)
        return cls(links)

    async def get(self, target: str) -> Got:
        """Ask over the next one that is free."""
        link = await self._free.get()
        try:
            return await link.get(target)
        finally:
            self._free.put_nowait(link)

    def close(self) -> None:
        """Hang up all."""
        for link in self._every:
            link.close()
