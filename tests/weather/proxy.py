"""A TCP proxy between a board and its edge, on which the faults of a link happen.

It holds little itself: what a break loses is what a chip's window had under way.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import TracebackType

from faults import Fault, Weather

_PIECE_BYTES = 1440  # lwIP's segment
_BUFFER_BYTES = 2304  # about the least that Linux takes; it doubles the number
# In real time; a board that waits for the network feels ten times as much (field.py).
_MAX_DELAY_S = 0.2
_NO_LINGER = struct.pack("ii", 1, 0)


class Proxy:
    """Passes connections to 127.0.0.1:`target_port` on while it is used as a context manager.

    Attributes: port, the one that it listens on.
    """

    def __init__(self, target_port: int, weather: Weather) -> None:
        self._target_port = target_port
        self._weather = weather
        self._listener = socket.create_server(("127.0.0.1", 0))
        _keep_small(self._listener)
        self.port = int(self._listener.getsockname()[1])
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Proxy:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._accepting.cancel)
        self._thread.join()
        self._listener.close()

    def _run(self) -> None:
        self._accepting = self._loop.create_task(self._accept())
        with suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._accepting)
        self._loop.close()

    async def _accept(self) -> None:
        self._listener.setblocking(False)
        async with asyncio.TaskGroup() as connections:
            while True:
                board, _ = await self._loop.sock_accept(self._listener)
                connections.create_task(self._serve(board))

    async def _serve(self, board: socket.socket) -> None:
        """One connection, until either side ends it or a fault does."""
        with board, socket.socket() as edge:
            edge.setblocking(False)
            _keep_small(edge)
            await self._loop.sock_connect(edge, ("127.0.0.1", self._target_port))
            board.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            ways = [self._pump(board, edge, self._pass), self._pump(edge, board, self._deliver)]
            tasks = [asyncio.ensure_future(way) for way in ways]
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _pump(
        self,
        source: socket.socket,
        sink: socket.socket,
        pass_on: Callable[[socket.socket, bytes], Awaitable[None]],
    ) -> None:
        with suppress(OSError, _EndedError):
            while data := await self._loop.sock_recv(source, _PIECE_BYTES):
                await pass_on(sink, data)

    async def _pass(self, sink: socket.socket, data: bytes) -> None:
        await self._loop.sock_sendall(sink, data)

    async def _deliver(self, board: socket.socket, data: bytes) -> None:
        """Send `data` to the board, with what happens to it on the way."""
        while data:
            clear = self._weather.clear_bytes()
            if clear == 0:
                data = await self._suffer(self._weather.take_on_link(), board, data)
                continue
            await self._loop.sock_sendall(board, data[:clear])
            self._weather.deliver(len(data[:clear]))
            data = data[clear:]

    async def _suffer(self, fault: Fault, board: socket.socket, data: bytes) -> bytes:
        """What is left of `data` after a fault; raises _EndedError when that ends it all."""
        if fault.kind == "delay":
            await asyncio.sleep(fault.choice * _MAX_DELAY_S)
            return data
        if fault.kind == "corrupt":
            return bytes([data[0] ^ 1 << int(fault.choice * 8)]) + data[1:]
        if fault.kind == "reset":
            board.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        if fault.kind == "truncate":
            board.shutdown(socket.SHUT_WR)
        if fault.kind in ("stall", "truncate"):
            await asyncio.Event().wait()  # until the board hangs up
        raise _EndedError


class _EndedError(Exception):
    """The connection is over."""


def _keep_small(sock: socket.socket) -> None:
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        sock.setsockopt(socket.SOL_SOCKET, option, _BUFFER_BYTES)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, _PIECE_BYTES)
