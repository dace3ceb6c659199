"""TLS servers that misbehave in one way each, in threads on 127.0.0.1."""

from __future__ import annotations

import contextlib
import socket
import ssl
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from publisher.certificates import ServerCertificate

HOST = "localhost"


class Connection:
    """One TLS connection of a hostile server; its records can be sent in drips.

    The TLS state is kept in memory (ssl.MemoryBIO), so that what goes out is ours to delay.
    """

    def __init__(self, raw: socket.socket, context: ssl.SSLContext) -> None:
        self.raw = raw
        self.drip_s = 0.0
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)

    def handshake(self) -> None:
        self._until_done(self._tls.do_handshake)

    def request(self) -> bytes:
        """Read up to the empty line; b"" when the peer has hung up."""
        data = b""
        while not data.endswith(b"\r\n\r\n"):
            try:
                data += self._until_done(lambda: self._tls.read(4096))
            except (ssl.SSLError, EOFError):
                return b""
        return data

    def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self._until_done(lambda data=piece: self._tls.write(data))

    def send_forever(self, piece: bytes) -> None:
        while True:
            self.send(piece)

    def stall(self) -> None:
        """Say nothing until the peer hangs up."""
        while self.raw.recv(4096):
            pass

    def _until_done(self, function: Callable[[], object]) -> object:
        while True:
            try:
                result = function()
                self._flush()
                return result
            except ssl.SSLWantReadError:
                self._flush()
                data = self.raw.recv(16384)
                if not data:
                    raise EOFError from None
                self._incoming.write(data)

    def _flush(self) -> None:
        data = self._outgoing.read()
        if not self.drip_s:
            self.raw.sendall(data)
            return
        for at in range(len(data)):
            self.raw.sendall(data[at : at + 1])
            time.sleep(self.drip_s)


class HostileServer:
    """Runs `behave(connection, number)` for each connection, number counting from 0.

    Args:
        shakes_hands: whether the TLS handshake comes before.
    """

    def __init__(
        self,
        certificate: ServerCertificate,
        behave: Callable[[Connection, int], None],
        shakes_hands: bool = True,
    ) -> None:
        self._context = server_context(certificate)
        self._behave = behave
        self._shakes_hands = shakes_hands
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self.connections = 0

    @property
    def port(self) -> int:
        return self._listener.getsockname()[1]

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self.port}/sensor/"

    def __enter__(self) -> HostileServer:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        for raw in self._open:
            with contextlib.suppress(OSError):
                raw.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                raw, _ = self._listener.accept()
                self._open.append(raw)
                thread = threading.Thread(target=self._serve, args=(raw,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self, raw: socket.socket) -> None:
        number, self.connections = self.connections, self.connections + 1
        with raw, contextlib.suppress(OSError, EOFError):
            connection = Connection(raw, self._context)
            if self._shakes_hands:
                connection.handshake()
            self._behave(connection, number)


def says(*pieces: bytes) -> Callable[[Connection, int], None]:
    """Behaviour: read one request, send `pieces` as a TLS record each, and say no more."""

    def behave(connection: Connection, _: int) -> None:
        connection.request()
        connection.send(*pieces)
        connection.stall()

    return behave


def server_context(certificate: ServerCertificate) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(certificate.key_pem + certificate.cert_pem)
        context.load_cert_chain(file.name)
    return context
