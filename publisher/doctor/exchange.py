"""One request to an edge and its answer, over a connection that stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse

from publisher.doctor.replies import Reply
from publisher.errors import StoreError
from publisher.reading import allowance

_AGENT = {"User-Agent": "slotcast-doctor"}


@dataclass(frozen=True)
class Ask:
    """One request: for a path below BASE, or of the host ("/..."), perhaps with a query."""

    path: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)


def exchange(client: HTTPConnection, ask: Ask, target: str) -> Reply:
    """Return the whole answer to a request; `target` is the path in its first line.

    Raises:
        StoreError: it is cut off, or longer than any file of its kind.
    """
    with _send(client, ask, target) as response:
        return _reply(ask, response, _read(ask, response))


def exchange_heads(client: HTTPConnection, ask: Ask, target: str) -> Reply:
    """Return the answer to a request without its body, which may be anything."""
    with _send(client, ask, target) as response:
        return _reply(ask, response, b"")


def _send(client: HTTPConnection, ask: Ask, target: str) -> HTTPResponse:
    """Make a request, and return its response as far as its headers."""
    client.putrequest(ask.method, target, skip_accept_encoding=True)
    for name, value in {**_AGENT, **ask.headers}.items():
        client.putheader(name, value)
    if ask.method in ("POST", "PUT"):
        client.putheader("Content-Length", "0")
    client.endheaders()
    return client.getresponse()


def _read(ask: Ask, response: HTTPResponse) -> bytes:
    """Read a response's body; StoreError where it has more bytes than any file of its kind."""
    allowed = allowance(ask.path.partition("?")[0]).max_bytes
    body = response.read(allowed + 1)
    if len(body) > allowed:
        raise StoreError(f"{ask.path} has more than {allowed:,} bytes")
    if response.length:
        raise StoreError(f"{ask.path} ends {response.length:,} bytes too early")
    return body


def _reply(ask: Ask, response: HTTPResponse, body: bytes) -> Reply:
    headers: dict[str, str] = {}
    for name, value in response.getheaders():
        name = name.lower()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    closes = response.will_close
    return Reply(ask.path, response.status, headers, body, response.version, closes)
