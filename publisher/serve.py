"""A small TLS edge over any store, in place of the CDN: for demos, tests and a look at a laptop."""

from __future__ import annotations

import socket
import ssl
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType

from publisher.answer import Answer, Request, answer
from publisher.certificates import ServerCertificate
from publisher.errors import StoreError
from publisher.stores.base import Store

_HANDSHAKE_S = 10.0
_STOP_S = 5.0
_PIECE_BYTES = 65536


@dataclass(frozen=True)
class Access:
    """One line of the access log.

    Attributes:
        path: as it was sent, without the query.
        range: the Range header, or "".
        sent_bytes: of head and body, as far as they were sent; TLS adds its own.
        tls: the protocol version, e.g. "TLSv1.2".
    """

    time: datetime
    method: str
    path: str
    query: str
    range: str
    status: int
    sent_bytes: int
    tls: str
    duration_s: float
    user_agent: str


class Edge:
    """Serves a store over HTTPS while it is used as a context manager.

    Attributes:
        port: the one it listens on, also when 0 was asked for.
        requests: every Access so far.
        handshakes: completed TLS handshakes so far, which is to say connections.
    """

    def __init__(
        self,
        store: Store,
        certificate: ServerCertificate,
        host: str = "127.0.0.1",
        port: int = 0,
        log: Callable[[Access], None] | None = None,
        idle_s: float = 30.0,
    ) -> None:
        """Listen at once; connections wait until the context is entered.

        Args:
            log: is called with every Access, in the thread of its connection.
            idle_s: seconds without a request after which a kept connection is closed.
        """
        self.requests: list[Access] = []
        self.handshakes = 0
        self._store = store
        self._log = log
        self._lock = threading.Lock()
        self._context = _context(certificate)
        self._open: set[ssl.SSLSocket] = set()
        handler = type("Handler", (_Handler,), {"edge": self, "timeout": idle_s})
        self._server = _Server((host, port), handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )

    @property
    def port(self) -> int:
        """The TCP port."""
        return int(self._server.server_address[1])

    def __enter__(self) -> Edge:
        """Begin to serve."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the listener and every connection, and wait for their threads."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        deadline = time.monotonic() + _STOP_S
        while self._open and time.monotonic() < deadline:
            for connection in tuple(self._open):
                with suppress(OSError):
                    # SSLSocket's own shutdown takes the TLS state from the thread that uses it.
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)
            time.sleep(0.01)

    def answer(self, request: Request) -> Answer:
        """Answer from the store; 503 where it fails."""
        try:
            return answer(self._store.read, request)
        except StoreError:
            return Answer(HTTPStatus.SERVICE_UNAVAILABLE)

    def record(self, access: Access) -> None:
        """Keep an Access and tell the log."""
        with self._lock:
            self.requests.append(access)
        if self._log:
            self._log(access)

    def accept(self, raw: socket.socket) -> ssl.SSLSocket:
        """Do the handshake of a new connection, in its own thread: a peer may stall in it."""
        raw.settimeout(_HANDSHAKE_S)
        secure = self._context.wrap_socket(raw, server_side=True, do_handshake_on_connect=False)
        with self._lock:
            self._open.add(secure)
        try:
            secure.do_handshake()
        except BaseException:
            self.hang_up(secure)
            raise
        with self._lock:
            self.handshakes += 1
        return secure

    def hang_up(self, connection: ssl.SSLSocket) -> None:
        """Close a connection."""
        connection.close()
        with self._lock:
            self._open.discard(connection)


class _Server(ThreadingHTTPServer):
    request_queue_size = 64

    def handle_error(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        # Peers that hang up, time out or refuse our certificate are no errors of this server.
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """One connection: reads requests, has the edge answer them, writes and records."""

    edge: Edge
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        self.request = self.edge.accept(self.request)
        super().setup()

    def finish(self) -> None:
        try:
            super().finish()
        finally:
            self.edge.hang_up(self.request)

    def do_GET(self) -> None:
        self._begin()
        if "Content-Length" in self.headers or "Transfer-Encoding" in self.headers:
            self.close_connection = True
        self._send(self.edge.answer(self._request()))

    do_HEAD = do_GET

    def do_PUT(self) -> None:
        self._begin()
        self.close_connection = True
        self._send(Answer(HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": "GET, HEAD"}))

    do_POST = do_DELETE = do_PATCH = do_OPTIONS = do_PUT

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what http.server refuses by itself, such as an unknown method."""
        self._begin()
        self.close_connection = True
        self._send(Answer(HTTPStatus(code)))

    def log_message(self, format: str, *args: object) -> None:
        """Not to stderr: Edge records accesses."""

    def _begin(self) -> None:
        self._began = time.monotonic()

    def _header(self, name: str) -> str:
        headers = getattr(self, "headers", None)
        return headers.get(name, "") if headers else ""

    def _request(self) -> Request:
        return Request(self.path, self._header("Range"), self._header("If-None-Match"))

    def _send(self, reply: Answer) -> None:
        body = b"" if self.command == "HEAD" else reply.body
        data = _head(reply, self.date_time_string(), self.close_connection) + body
        last = (len(data) - 1) // _PIECE_BYTES * _PIECE_BYTES
        sent = 0
        try:
            for at in range(0, last, _PIECE_BYTES):
                self.wfile.write(data[at : at + _PIECE_BYTES])
                sent = at + _PIECE_BYTES
            sent = len(data)
        finally:
            # Before the last piece: a client that has its answer finds it in the log.
            self._record(reply.status, sent)
        self.wfile.write(data[last:])

    def _record(self, status: HTTPStatus, sent_bytes: int) -> None:
        path, _, query = getattr(self, "path", "").partition("?")
        self.edge.record(
            Access(
                time=datetime.now(UTC),
                method=self.command or "",
                path=path,
                query=query,
                range=self._header("Range"),
                status=int(status),
                sent_bytes=sent_bytes,
                tls=self.request.version() or "",
                duration_s=time.monotonic() - self._began,
                user_agent=self._header("User-Agent"),
            )
        )


def _head(reply: Answer, date: str, closes: bool) -> bytes:
    lines = [f"HTTP/1.1 {int(reply.status)} {reply.status.phrase}", f"Date: {date}"]
    lines += [f"{name}: {value}" for name, value in reply.headers.items()]
    if reply.status != HTTPStatus.NOT_MODIFIED:
        lines.append(f"Content-Length: {len(reply.body)}")
    if closes:
        lines.append("Connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _context(certificate: ServerCertificate) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # ssl takes keys from files only.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "server.pem")
        path.touch(mode=0o600)
        path.write_bytes(certificate.key_pem + certificate.cert_pem)
        context.load_cert_chain(path)
    return context
