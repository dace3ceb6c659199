"""A TCP relay on loopback that counts what a board's connections carry, TLS and all."""

import socket
import socketserver
import threading
from contextlib import suppress
from types import TracebackType


class Relay(socketserver.ThreadingTCPServer):
    """Passes connections on to a port while it is used as a context manager.

    Attributes:
        port: the one that it listens on.
        passed_bytes: both ways, without the headers of TCP; complete when the context is left.
    """

    def __init__(self, target_port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Passage)
        self.port = self.server_address[1]
        self.target_port = target_port
        self.passed_bytes = 0
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,))

    def __enter__(self) -> "Relay":
        """Begin to listen."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take no more connections, and wait for the ends of those that are open."""
        self.shutdown()
        self._thread.join()
        self.server_close()

    def count(self, passed_bytes: int) -> None:
        """Add to the sum."""
        with self._lock:
            self.passed_bytes += passed_bytes


class _Passage(socketserver.BaseRequestHandler):
    server: Relay

    def handle(self) -> None:
        with socket.create_connection(("127.0.0.1", self.server.target_port)) as target:
            for side in (target, self.request):
                side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            back = threading.Thread(target=self._pump, args=(target, self.request))
            back.start()
            self._pump(self.request, target)
            back.join()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):  # a board that is reset does not say goodbye
            while data := source.recv(65536):
                self.server.count(len(data))
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
