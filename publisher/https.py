"""GET over HTTPS from a host that may be hostile: all of it within one deadline, and whole.

A timeout of a socket begins anew with every byte, so a watchdog hangs up.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.client import HTTPSConnection
from urllib.parse import urlsplit

from publisher.errors import StoreError

_SILENCE_S = 30.0


@contextmanager
def connecting(url: str, context: ssl.SSLContext, timeout_s: float) -> Iterator[ssl.SSLSocket]:
    """Connect to a URL's host and yield the connection, whose handshake the caller does.

    Args:
        timeout_s: for all that is done with the connection, however slowly the host sends.

    Raises:
        TimeoutError: the caller failed because of the deadline.
        OSError: nobody is there, or sends anything for 30 s.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    silence_s = min(timeout_s, _SILENCE_S)
    raw = socket.create_connection((host, parts.port or 443), silence_s)
    # An end without close_notify is an error: the watchdog's own must not pass for a whole answer.
    with context.wrap_socket(
        raw, server_hostname=host, do_handshake_on_connect=False, suppress_ragged_eofs=False
    ) as connection:
        late = threading.Event()
        watchdog = threading.Timer(timeout_s, _hang_up, [connection, late])
        watchdog.start()
        try:
            yield connection
        except Exception as error:
            if late.is_set():
                raise TimeoutError(f"not done within {timeout_s:g} s") from error
            raise
        finally:
            watchdog.cancel()


def get(connection: ssl.SSLSocket, url: str, max_bytes: int) -> tuple[int, bytes]:
    """Return status and body of the answer to a GET request; b"" for any status but 200.

    Raises:
        HTTPException: it is no HTTP.
        OSError: the connection failed.
        StoreError: the body has more than `max_bytes`, or fewer than the host said.
    """
    parts = urlsplit(url)
    # With the context at hand: without it, one with all the system's roots would be made.
    host, port = parts.hostname or "", parts.port or 443
    client = HTTPSConnection(host, port, context=connection.context)
    client.sock = connection
    client.request("GET", parts.path, headers={"User-Agent": "slotcast", "Connection": "close"})
    with client.getresponse() as response:
        if response.status != HTTPStatus.OK:
            return response.status, b""
        data = response.read(max_bytes + 1)
        missing = response.length or 0  # of Content-Length, where the host gave it
    if len(data) > max_bytes:
        raise StoreError(f"it has more than {max_bytes:,} bytes")
    if missing:
        raise StoreError(f"it ends {missing:,} bytes too early")
    return response.status, data


def _hang_up(connection: ssl.SSLSocket, late: threading.Event) -> None:
    late.set()
    with suppress(OSError):
        # SSLSocket's own shutdown takes the TLS state from the thread that uses it.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
