"""HTTPS for fetching static files over one verified keep-alive connection.

micropython-lib's `requests` verifies no certificate (micropython-lib#838) and waits for ever, so
this reader stands in its place, with the same surface where it has one. The rules of HTTP are in
http.py, those of waiting in channel.py and wire.py.
"""

from slotcast.channel import LostError, Network, Patience
from slotcast.errors import CertificateError, DownloadError, NotFoundError
from slotcast.steps import finish
from slotcast.url import BaseUrl

# One readline call allocates this much at once.
_LINE_BYTES = 128
# Unread bodies up to this size are read and dropped to keep the connection: less than a handshake.
_DRAIN_BYTES = 4096
_SCRATCH_BYTES = 256


class Session:
    """Fetches files below one URL, over one TLS connection at a time.

    Args:
        base_url: "https://host[:port]/path/"; ValueError for anything else.
        trust_anchors: DER certificates of the CAs that may vouch for the host, at least one.
        pins: SHA-256 digests of SubjectPublicKeyInfo; if any, the leaf's must be among them too.
        timeout_ms: how long connecting, handshake, head and each stall of a body may take.
        log: callable (step, message), or None.
        network: a channel.Network; by default the board's own.

    Raises BoardError when an anchor is not a certificate or this MicroPython cannot check pins.

    Attributes:
        breathe: to be set to what feeds a watchdog: a call that waits calls it each second.
        requests, connections, received_bytes: how many were sent, opened, and had of heads and
            bodies.
    """

    def __init__(
        self, base_url: str, trust_anchors, pins=(), timeout_ms=10000, log=None, network=None
    ):
        self._base = BaseUrl(base_url)
        self._network = network or Network()
        self._timeout_ms = timeout_ms
        self._log = log
        self._pin_check = _pin_check(pins)
        from slotcast.connect import tls_context

        self._context = tls_context(self._network.tls, trust_anchors, self._pin_check)
        self._idle = None
        self._response = None
        self.breathe = None
        self.requests = 0
        self.connections = 0
        self.received_bytes = 0

    def get(self, path: str, start=None, stop=None) -> "Response":
        """Request a file, or its bytes start..stop (inclusive; stop None: to the end).

        The response is the one asked for: 200 with the whole file, or 206 with that very range. An
        earlier response of this session that is not read to its end is closed.
        Raises NotFoundError for 403 and 404, DownloadError for all else that is not such an answer.
        """
        return finish(self.get_steps(path, start, stop), self.breathe)

    def get_steps(self, path: str, start=None, stop=None):
        """`get`, in steps."""
        from slotcast.http import request_bytes  # not while bodies come, in a small heap

        request = request_bytes(self._base, path, start, stop)
        if self._response:
            yield from self._response.close_steps()
        channel, head = yield from self._exchange_steps(request)
        try:
            length = head.body_length(start, stop)
        except NotFoundError:
            yield from self._pass_over_steps(channel, head)
            raise
        except DownloadError:
            channel.close()
            raise
        return Response(self, channel, head, length)

    def fetch(self, path: str, max_bytes: int) -> bytes:
        """The whole file.

        Raises as `get`, and DownloadError when it is longer than `max_bytes` or than what memory
        is left: the server alone says how long it is.
        """
        return finish(self.fetch_steps(path, max_bytes), self.breathe)

    def fetch_steps(self, path: str, max_bytes: int):
        """`fetch`, in steps."""
        response = yield from self.get_steps(path)
        try:
            if response.length > max_bytes:
                raise DownloadError("%d bytes, more than %d" % (response.length, max_bytes))
            data = bytearray(response.length)
            yield from response.readinto_steps(data)
            return bytes(data)
        except MemoryError:
            raise DownloadError("no memory for %d bytes" % response.length)
        finally:
            response.drop()

    def traffic(self) -> str:
        """What the session has cost so far, in words."""
        numbers = (self.requests, self.connections, self.received_bytes)
        return "%d requests on %d connections, %d bytes received" % numbers

    def close(self) -> None:
        """Close the connection; a later `get` opens another."""
        if self._response:
            self._response.drop()
        if self._idle:
            self._idle.close()
            self._idle = None

    def take_back(self, channel) -> None:
        """For Response: its connection, fit for the next request, or None if it is closed."""
        self._response = None
        self._idle = channel

    def lend(self, response) -> Patience:
        """For Response: it has the connection until take_back, and its body this long."""
        self._response = response
        return self._patience("body")

    def _patience(self, what):
        return Patience(self._network.time, self._timeout_ms, what)

    def _exchange_steps(self, request):
        """Send the request and read the answer's head, again where a kept connection was dead."""
        channel, self._idle = self._idle, None
        if channel:
            try:
                return channel, (yield from self._ask_steps(channel, request))
            except LostError as error:
                if self._log:
                    self._log("connect", "again, the kept connection is gone: %s" % error)
        from slotcast.connect import connect_steps

        if self._pin_check:
            self._pin_check.reset()
        channel = yield from connect_steps(
            self._network, self._context, self._base, self._timeout_ms
        )
        self.connections += 1
        return channel, (yield from self._ask_steps(channel, request))

    def _ask_steps(self, channel, request):
        try:
            yield from self._send_steps(channel, request)
            return (yield from self._read_head_steps(channel))
        except BaseException:
            channel.close()
            raise

    def _send_steps(self, channel, request):
        try:
            yield from channel.write_steps(request, self._patience("handshake"))
        except DownloadError:
            if self._pin_check and self._pin_check.refused:
                digest = self._pin_check.refused.hex()
                raise CertificateError(
                    "certificate refused: pin (its key is not pinned: %s)" % digest
                )
            raise
        if self._pin_check and not self._pin_check.passed:
            raise CertificateError("certificate refused: pin (its key was not checked)")
        self.requests += 1

    def _read_head_steps(self, channel):
        """Raises LostError only while no byte of the answer has arrived."""
        from slotcast import http

        patience, head, lines = self._patience("head"), bytearray(), 0
        while head[-4:] != b"\r\n\r\n":
            if len(head) >= http.MAX_HEAD_BYTES or lines >= http.MAX_HEAD_LINES:
                raise DownloadError("head of the response is too long")
            try:
                piece = yield from channel.readline_steps(_LINE_BYTES, patience)
                if not piece:
                    raise LostError("closed before the answer")
            except LostError as error:
                if head:
                    raise DownloadError("head of the response ended early: %s" % error)
                raise
            head.extend(piece)
            lines += piece[-1] == 10
            self.received_bytes += len(piece)
        return http.ResponseHead.from_bytes(head)

    def _pass_over_steps(self, channel, head):
        """Skip the body of an error, so that the connection stays, if its end is told."""
        try:
            response = Response(self, channel, head, head.content_length())
        except DownloadError:
            from slotcast.chunked import pass_over_steps

            yield from pass_over_steps(self, channel, head)
        else:
            yield from response.close_steps()


class Response:
    """An answer of which only the head has been read: a stream of its body.

    Attributes:
        status_code: 200, or 206 for a range.
        headers: dict, names in lower case.
        length: of the body, in bytes.
    """

    def __init__(self, session, channel, head, length):
        self._session = session
        self._channel = channel
        self._keeps = not head.closes
        self._left = length
        self._closed = False
        self.status_code = head.status_code
        self.headers = head.headers
        self.length = length
        self._patience = session.lend(self)
        self._finish()

    @property
    def raw(self):
        """The body as a stream, where users of `requests` look for it."""
        return self

    def readinto(self, buffer) -> int:
        """Fill `buffer`, or as much of it as the body still has; 0 at the end.

        Raises DownloadError when the body ends before its length or comes too slowly, ValueError
        when the response was closed before.
        """
        return finish(self.readinto_steps(buffer), self._session.breathe)

    def readinto_steps(self, buffer):
        """`readinto`, in steps."""
        if self._closed:
            raise ValueError("response is closed")
        view = memoryview(buffer)[: self._left]
        done = 0
        try:
            while done < len(view):
                count = yield from self._channel.readinto_steps(view[done:], self._patience)
                if not count:
                    raise LostError("connection closed")
                done += count
                self._left -= count
                self._session.received_bytes += count
        except DownloadError as error:
            self.drop()
            got = self.length - self._left
            raise DownloadError("body ended early, %d of %d bytes: %s" % (got, self.length, error))
        self._finish()
        return done

    def close(self) -> None:
        """Be done with it: a short rest is read and dropped, a long one ends the connection."""
        finish(self.close_steps(), self._session.breathe)

    def close_steps(self):
        """`close`, in steps."""
        if not self._closed and self._keeps and self._left <= _DRAIN_BYTES:
            yield from self._drain_steps()
        self.drop()

    def drop(self) -> None:
        """Be done with it at once: whatever of it is left ends the connection."""
        self._closed = True
        self._release(False)

    def _drain_steps(self):
        scratch = bytearray(_SCRATCH_BYTES)
        try:
            while self._left:
                yield from self.readinto_steps(scratch)
        except DownloadError:
            pass  # that ended the connection

    def _finish(self):
        if not self._left:
            self._release(self._keeps)

    def _release(self, keeps):
        channel, self._channel = self._channel, None
        if channel:
            if not keeps:
                channel.close()
            self._session.take_back(channel if keeps else None)


def _pin_check(pins):
    if not pins:
        return None
    from slotcast.pins import PinCheck

    return PinCheck(pins)
