"""An edge that serves what is published, but misbehaves in one place."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tls_server import Connection, HostileServer

from publisher.answer import Request, answer
from publisher.certificates import ServerCertificate
from publisher.stores.base import Stored

# Where in a poll a request belongs, by its path; the first that matches.
PLACES = {
    "root": r"/metadata/[0-9]+\.root\.json$",
    "timestamp": r"/metadata/timestamp\.json$",
    "snapshot": r"/metadata/[0-9]+\.snapshot\.json$",
    "targets": r"/metadata/[0-9]+\.targets\.json$",
    "manifest": r"/targets/",
    "payload": r"/payloads/",
}
_REQUEST = re.compile(rb"GET (\S+) HTTP/1\.1\r\n")
_RANGE = re.compile(rb"\r\nRange: (\S+)\r\n")


@dataclass
class Turn:
    """One request and its honest answer, for a misdeed to change and to send.

    Attributes:
        connection: to the board; its methods send anything else.
        status, headers, body: the honest answer.
    """

    connection: Connection
    status: int
    headers: dict[str, str]
    body: bytes = field(repr=False)

    def send(self, *without: str, body: bytes | None = None, **headers: str) -> None:
        """Send head and body.

        Args:
            without: names of headers to leave out.
            body: in place of the honest one; the length in the head stays.
            headers: to add or change, their names with underscores.
        """
        body = self.body if body is None else body
        self.connection.send(self.head(*without, **headers) + body)

    def head(self, *without: str, **headers: str) -> bytes:
        """The head of the answer, changed in the same way."""
        fields = self.headers | {name.replace("_", "-"): text for name, text in headers.items()}
        lines = [f"{name}: {text}" for name, text in fields.items() if name not in without]
        return "\r\n".join([f"HTTP/1.1 {self.status} X", *lines, "", ""]).encode()

    def hang_up(self) -> None:
        """Close the connection, without TLS's goodbye."""
        raise EOFError


class HostileEdge(HostileServer):
    """Serves `files` by key; what is asked for in `place` is answered by `misdeed(turn)`.

    Args:
        place: of PLACES, "payload head" or "payload block" for either part of a payload;
            "handshake": then `misdeed(connection)` takes the place of everything.
    """

    def __init__(
        self,
        certificate: ServerCertificate,
        files: Mapping[str, bytes],
        place: str,
        misdeed: Callable,
    ) -> None:
        self._files = files
        self._place = place
        self._misdeed = misdeed
        super().__init__(certificate, self._serve_honestly, place != "handshake")

    def _serve_honestly(self, connection: Connection, _: int) -> None:
        if self._place == "handshake":
            self._misdeed(connection)
            return
        while request := connection.request():
            turn = self._turn(connection, request)
            if self._place == place_of(request):
                self._misdeed(turn)
            else:
                turn.send()

    def _turn(self, connection: Connection, request: bytes) -> Turn:
        wanted = _RANGE.search(request)
        asked = Request(path_of(request), wanted[1].decode() if wanted else "")
        honest = answer(self._read, asked)
        headers = {"Content-Length": str(len(honest.body))}
        if "Content-Range" in honest.headers:
            headers["Content-Range"] = honest.headers["Content-Range"]
        return Turn(connection, int(honest.status), headers, honest.body)

    def _read(self, key: str) -> Stored | None:
        data = self._files.get(key)
        return None if data is None else Stored(data, "1")


def path_of(request: bytes) -> str:
    found = _REQUEST.match(request)
    return found[1].decode() if found else ""


def place_of(request: bytes) -> str:
    """Where in a poll a request belongs, or ""."""
    path = path_of(request)
    place = next((name for name, pattern in PLACES.items() if re.search(pattern, path)), "")
    if place == "payload":
        return "payload head" if b"bytes=0-" in request else "payload block"
    return place
