"""The doctor's only way to an edge: requests, and handshakes of one kind each.

Whoever answers is looked at, trusted or not: the certificate is judged by checks of its own, what
is signed by its signatures, and nothing secret is sent.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urljoin, urlsplit

from publisher.doctor.exchange import Ask, exchange, exchange_heads
from publisher.doctor.handshakes import Handshake, Offer, offering, refusal_of, trusting_context
from publisher.doctor.replies import Reply
from publisher.errors import StoreError
from publisher.https import connecting

_TIMEOUT_S = 30.0
_HANDSHAKE_S = 10.0
_PLAIN_PORT = 80
# After so many requests in a row that came to no end in their time, no more are made.
_PATIENCE = 3


class Visitor:
    """Asks one edge.

    Args:
        base_url: BASE of manifests/repository.md.
        anchors: PEM of more roots by which `trust` judges the host.
        only: leave the system's roots out.
        plain_port: where the host might serve without TLS.
    """

    def __init__(
        self, base_url: str, anchors: str = "", only: bool = False, plain_port: int = _PLAIN_PORT
    ) -> None:
        self.base_url = base_url
        self._anchors = anchors
        self._only = only
        self._plain_port = plain_port
        self._waited = 0

    @property
    def host(self) -> str:
        """The host's name."""
        return urlsplit(self.base_url).hostname or ""

    @property
    def _port(self) -> int:
        return urlsplit(self.base_url).port or 443

    def trust(self) -> str:
        """Connect, and return why the host's certificate is not accepted, or "".

        Raises:
            StoreError: nobody is there.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        if not self._only:
            context.load_default_certs()
        if self._anchors:
            context.load_verify_locations(cadata=self._anchors)
        with self._reaching(), connecting(self.base_url, context, _HANDSHAKE_S) as connection:
            try:
                connection.do_handshake()
            except ssl.SSLCertVerificationError as error:
                return error.verify_message
        return ""

    def ask(
        self, path: str, method: str = "GET", headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Return the answer to one request.

        Raises:
            StoreError: there is none, or it is cut off, or longer than any file of its kind.
        """
        [reply] = self.ask_all([Ask(path, method, headers or {})])
        return reply

    def ask_all(self, asks: Sequence[Ask]) -> list[Reply]:
        """Return the answers to requests over one connection; for errors see `ask`.

        There are fewer answers than requests where the edge closes the connection before.
        """
        replies: list[Reply] = []
        url = urljoin(self.base_url, asks[0].path)
        with self._reaching(url), connecting(url, trusting_context(), _TIMEOUT_S) as connection:
            connection.do_handshake()
            # With the context at hand: without it, one with all the system's roots would be made.
            client = HTTPSConnection(self.host, self._port, context=connection.context)
            client.sock = connection
            client.auto_open = 0  # or it would connect anew by itself
            for ask in asks:
                if replies and replies[-1].closes:
                    break
                replies.append(exchange(client, ask, self._target(ask)))
        return replies

    def ask_plainly(self, path: str) -> Reply | None:
        """Return how the answer without TLS begins, as its body may be anything; None for none."""
        client = HTTPConnection(self.host, self._plain_port, timeout=_HANDSHAKE_S)
        ask = Ask(path, headers={"Connection": "close"})
        with closing(client), suppress(HTTPException, OSError):
            client.connect()
            with _within(_HANDSHAKE_S, client.sock):
                return exchange_heads(client, ask, self._target(ask))
        return None

    def shake_hands(self, offer: Offer) -> Handshake:
        """Connect with an offer.

        Raises:
            CannotAskError: this machine cannot make it.
            StoreError: nobody is there.
        """
        context = offering(offer)
        with self._reaching(), connecting(self.base_url, context, _HANDSHAKE_S) as connection:
            try:
                connection.do_handshake()
            except OSError as error:
                return Handshake(refusal=refusal_of(error))
            cipher = connection.cipher()
            name = cipher[0] if cipher else ""
            alpn = connection.selected_alpn_protocol() or ""
            return Handshake(connection.version() or "", name, alpn)

    def _target(self, ask: Ask) -> str:
        is_whole = ask.path.startswith("/")
        return ask.path if is_whole else urlsplit(self.base_url).path + ask.path

    @contextmanager
    def _reaching(self, url: str = "") -> Iterator[None]:
        url = url or self.base_url
        if self._waited >= _PATIENCE:
            raise StoreError(f"{url} is not asked: the edge let {self._waited} requests wait")
        try:
            yield
            self._waited = 0
        except (HTTPException, OSError, ValueError) as error:
            self._waited += isinstance(error, TimeoutError)
            why = str(error) or type(error).__name__
            raise StoreError(f"{url} cannot be read: {why}") from error


@contextmanager
def _within(seconds: float, connection: socket.socket) -> Iterator[None]:
    """Hang up after so long: a timeout of a socket begins anew with every byte."""
    watchdog = threading.Timer(seconds, _hang_up, [connection])
    watchdog.start()
    try:
        yield
    finally:
        watchdog.cancel()


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
