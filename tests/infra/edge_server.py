"""An edge over real sockets: HTTP/1.1 over TLS for viewers, one request to the origin for a key.

All edges of a process run in one event loop; requests to the origin wait in threads.
"""

from __future__ import annotations

import asyncio
import ssl
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from publisher.certificates import ServerCertificate
from tests.infra.edge_cache import Answer, Ask, Cache, Fetch, Key, Reply

Clock = Callable[[], float]
Origin = Callable[[Fetch], Awaitable[Reply]]
_MAX_HEAD_BYTES = 16384
# "Supported protocols and ciphers between viewers and CloudFront" (Developer Guide): what each
# security policy takes of TLS 1.2 ("" for OpenSSL's own choice).
_GCM = "ECDHE+AESGCM"
_TLS12 = {"TLSv1.2_2025": _GCM, "TLSv1.2_2021": _GCM + ":ECDHE+CHACHA20"}


@dataclass(frozen=True)
class Line:
    """What CloudFront's log would say of a request, as far as it is looked at here.

    Attributes:
        path, query, status, result: cs-uri-stem, cs-uri-query, sc-status, x-edge-result-type.
        sent_bytes: sc-bytes, without TLS.
    """

    method: str
    path: str
    query: str
    range: str
    status: int
    result: str
    sent_bytes: int


class Edge:
    """One point of presence.

    Args:
        cache: its own.
        origin: asks the bucket, or another edge in front of it.
        clock: seconds, real or not.
        log: is told of each request.

    Attributes:
        handshakes: connections so far.
    """

    def __init__(
        self, cache: Cache, origin: Origin, clock: Clock, log: Callable[[Line], None]
    ) -> None:
        self.handshakes = 0
        self._cache = cache
        self._origin = origin
        self._clock = clock
        self._log = log
        self._under_way: dict[Key, asyncio.Task[Reply]] = {}

    async def listen(self, context: ssl.SSLContext | None) -> asyncio.Server:
        """Listen on a free loopback port; without a context without TLS, as on port 80."""
        loop = asyncio.get_running_loop()
        scheme = "https" if context else "http"
        return await loop.create_server(
            lambda: _Connection(self, scheme), "127.0.0.1", 0, ssl=context, backlog=512
        )

    def answer(self, ask: Ask) -> Answer | Awaitable[Answer]:
        """Return the answer at once where it is kept."""
        found = self._cache.look(ask, self._clock())
        return found if isinstance(found, Answer) else self._ask_origin(ask, found)

    def record(self, ask: Ask, answer: Answer, sent_bytes: int) -> None:
        """Write a line of the log."""
        self._log(
            Line(
                ask.method,
                ask.path,
                ask.query,
                ask.range,
                answer.reply.status,
                answer.result,
                sent_bytes,
            )
        )

    async def _ask_origin(self, ask: Ask, fetch: Fetch) -> Answer:
        """Ask; whoever asks the same meanwhile waits for the same answer.

        Source: "Simultaneous requests for the same object (request collapsing)".
        """
        task = self._under_way.get(fetch.key)
        if task is None:
            task = asyncio.ensure_future(self._origin(fetch))
            self._under_way[fetch.key] = task
            task.add_done_callback(lambda _: self._under_way.pop(fetch.key))
        reply = await asyncio.shield(task)  # others wait for it too, if this viewer hangs up
        return self._cache.take(ask, fetch, reply, self._clock())


class _Connection(asyncio.Protocol):
    """One viewer's connection: a request after the other."""

    def __init__(self, edge: Edge, scheme: str) -> None:
        self._edge = edge
        self._scheme = scheme
        self._received = bytearray()
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport
        self._edge.handshakes += 1

    def connection_lost(self, exc: Exception | None) -> None:
        if self._task:
            self._task.cancel()

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._task is None:
            self._go_on()

    def _go_on(self) -> None:
        """Answer what has arrived, as far as that needs no waiting."""
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._received[:end])
            del self._received[: end + 4]
            ask = read_ask(head, self._scheme)
            if ask is None:
                self._transport.close()
                return
            found = self._edge.answer(ask)
            if not isinstance(found, Answer):
                self._task = asyncio.ensure_future(self._wait(ask, found))
                return
            self._send(ask, found)
        if len(self._received) > _MAX_HEAD_BYTES:
            self._transport.close()

    async def _wait(self, ask: Ask, found: Awaitable[Answer]) -> None:
        self._send(ask, await found)
        self._task = None
        self._go_on()

    def _send(self, ask: Ask, answer: Answer) -> None:
        data = write_reply(answer.reply, ask.method)
        self._edge.record(ask, answer, len(data))
        self._transport.write(data)
        if ask.method not in ("GET", "HEAD"):  # a body may follow, which nobody reads
            self._transport.close()


def read_ask(head: bytes, scheme: str) -> Ask | None:
    """Parse a request's head; None where it is no HTTP/1.1."""
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or words[2] != "HTTP/1.1" or not words[1].startswith("/"):
        return None
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    path, _, query = words[1].partition("?")
    wants = headers.get("range", ""), headers.get("if-none-match", "")
    return Ask(path, query, words[0], *wants, scheme)


def write_reply(reply: Reply, method: str) -> bytes:
    """Return the bytes of a response."""
    lines = [f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in reply.headers.items()]
    if reply.status != HTTPStatus.NOT_MODIFIED:
        lines.append(f"content-length: {len(reply.body)}")
    head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
    return head if method == "HEAD" or reply.status == 304 else head + reply.body


def tls_context(certificate: ServerCertificate, protocol: str) -> ssl.SSLContext:
    """Return what a viewer meets under a MinimumProtocolVersion."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    is_13 = protocol.startswith("TLSv1.3")
    context.minimum_version = ssl.TLSVersion.TLSv1_3 if is_13 else ssl.TLSVersion.TLSv1_2
    if protocol in _TLS12:
        context.set_ciphers(_TLS12[protocol])
    with tempfile.TemporaryDirectory() as folder:  # ssl takes keys from files only
        path = Path(folder, "edge.pem")
        path.touch(mode=0o600)
        path.write_bytes(certificate.key_pem + certificate.cert_pem)
        context.load_cert_chain(path)
    return context


def in_threads(fetch: Callable[[Fetch], Reply]) -> Origin:
    """Return an Origin of what blocks."""

    async def ask(request: Fetch) -> Reply:
        return await asyncio.to_thread(fetch, request)

    return ask


def through(shield: Edge) -> Origin:
    """Return an Origin that asks another edge's cache: an Origin Shield."""

    async def ask(request: Fetch) -> Reply:
        key = request.key
        found = shield.answer(Ask(key.path, key.query, "GET", key.range, request.etag))
        answer = found if isinstance(found, Answer) else await found
        shield.record(Ask(key.path), answer, len(answer.reply.body))
        return answer.reply

    return ask
