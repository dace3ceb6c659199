"""HTTPS for fetching static files over one verified keep-alive connection.

micropython-lib's `requests` verifies no certificate (micropython-lib#838) and waits for ever, so
this reader stands in its place, with the same surface where it has one. The rules of HTTP are in
http.py, those of waiting in channel.py and wire.py.
"""

from slotcast.channel import LostError, Network, Patience, connect, tls_context
from slotcast.errors import CertificateError, DownloadError, NotFoundError
from slotcast.http import MAX_HEAD_BYTES, MAX_HEAD_LINES, BaseUrl, ResponseHead, request_bytes

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

    Attributes: `requests` sent, `connections` opened, `received_bytes` of heads and bodies.
    """

    def __init__(
        self, base_url: str, trust_anchors, pins=(), timeout_ms=10000, log=None, network=None
    ):
        self._base = BaseUrl(base_url)
        self._network = network or Network()
        self._timeout_ms = timeout_ms
        self._log = log
        self._pin_check = _pin_check(pins)
        self._context = tls_context(self._network.tls, trust_anchors, self._pin_check)
        self._idle = None
        self._response = None
        self.requests = 0
        self.connections = 0
        self.received_bytes = 0

    def get(self, path: str, start=None, stop=None) -> "Response":
        """Request a file, or its bytes start..stop (inclusive; stop None: to the end).

        The response is the one asked for: 200 with the whole file, or 206 with that very range. An
        earlier response of this session that is not read to its end is closed.
        Raises NotFoundError for 403 and 404, DownloadError for all else that is not such an answer.
        """
        request = request_bytes(self._base, path, start, stop)
        if self._response:
            self._response.close()
        channel, head = self._exchange(request)
        try:
            length = head.body_length(start, stop)
        except NotFoundError:
            self._pass_over(channel, head)
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
        response = self.get(path)
        try:
            if response.length > max_bytes:
                raise DownloadError("%d bytes, more than %d" % (response.length, max_bytes))
            data = bytearray(response.length)
            response.readinto(data)
            return bytes(data)
        except MemoryError:
            raise DownloadError("no memory for %d bytes" % response.length)
        finally:
            response.close()

    def traffic(self) -> str:
        """What the session has cost so far, in words."""
        numbers = (self.requests, self.connections, self.received_bytes)
        return "%d requests on %d connections, %d bytes received" % numbers

    def close(self) -> None:
        """Close the connection; a later `get` opens another."""
        if self._response:
            self._response.close()
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

    def _exchange(self, request):
        """Send the request and read the answer's head, again where a kept connection was dead."""
        channel, self._idle = self._idle, None
        if channel:
            try:
                return channel, self._ask(channel, request)
            except LostError as error:
                if self._log:
                    self._log("connect", "again, the kept connection is gone: %s" % error)
        if self._pin_check:
            self._pin_check.reset()
        channel = connect(self._network, self._context, self._base, self._timeout_ms)
        self.connections += 1
        return channel, self._ask(channel, request)

    def _ask(self, channel, request):
        try:
            self._send(channel, request)
            return self._read_head(channel)
        except BaseException:
            channel.close()
            raise

    def _send(self, channel, request):
        try:
            channel.write(request, self._patience("handshake"))
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

    def _read_head(self, channel):
        """Raises LostError only while no byte of the answer has arrived."""
        patience, head, lines = self._patience("head"), bytearray(), 0
        while head[-4:] != b"\r\n\r\n":
            if len(head) >= MAX_HEAD_BYTES or lines >= MAX_HEAD_LINES:
                raise DownloadError("head of the response is too long")
            try:
                piece = channel.readline(_LINE_BYTES, patience)
                if not piece:
                    raise LostError("closed before the answer")
            except LostError as error:
                if head:
                    raise DownloadError("head of the response ended early: %s" % error)
                raise
            head.extend(piece)
            lines += piece[-1] == 10
            self.received_bytes += len(piece)
        return ResponseHead.from_bytes(head)

    def _pass_over(self, channel, head):
        """Skip the body of an error, so that the connection stays, if its length is told."""
        try:
            Response(self, channel, head, head.content_length()).close()
        except DownloadError:
            channel.close()


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
        if self._closed:
            raise ValueError("response is closed")
        view = memoryview(buffer)[: self._left]
        done = 0
        while done < len(view):
            done += self._read_some(view[done:])
        self._finish()
        return done

    def close(self) -> None:
        """Be done with it: a short rest is read and dropped, a long one ends the connection."""
        self._closed = True
        try:
            if self._channel and self._keeps and self._left <= _DRAIN_BYTES:
                self._drain()
        except DownloadError:
            pass
        self._release(False)

    def _drain(self):
        scratch = memoryview(bytearray(_SCRATCH_BYTES))
        while self._left:
            self._read_some(scratch[: self._left])
        self._finish()

    def _read_some(self, view):
        try:
            count = self._channel.readinto(view, self._patience)
            if not count:
                raise LostError("connection closed")
        except DownloadError as error:
            self._closed = True
            self._release(False)
            got = self.length - self._left
            raise DownloadError("body ended early, %d of %d bytes: %s" % (got, self.length, error))
        self._left -= count
        self._session.received_bytes += count
        return count

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
