"""What lies between TLS and the socket: it ends a call that TLS itself would not end.

mbedTLS passes over warning alerts inside a single call, any number of them: a peer that sends
nothing else, in the handshake without any key, would hold the board there past every timeout.
"""

import errno
import io

from slotcast.errors import DownloadError

# mbedTLS's records have up to 16 KiB, and so have handshake messages: a chain of certificates.
_MAX_AHEAD_BYTES = 32768
# What may come around a byte that is of use: a record's head, nonce, tag and padding.
_RECORD_BYTES = 64
# MP_STREAM_CLOSE of MicroPython's py/stream.h
_CLOSE = 4


class Wire(io.IOBase):
    """A stream for SSLContext.wrap_socket, over a non-blocking socket; what steps wait for.

    Args:
        select: the module.
        sock: the socket, told to connect.

    Attributes:
        refused: the DownloadError for which a read was cut off, or None.
        patience_ms: how long the next wait may last at most.
    """

    def __init__(self, select, sock):
        self._sock = sock
        self._reading, self._writing = select.POLLIN, select.POLLOUT
        self._waits_for = self._reading
        self._poll = select.poll()
        self._poll.register(sock, self._reading)
        self._patience = self._since = None
        self._left_bytes = _MAX_AHEAD_BYTES
        self.refused = None
        self.patience_ms = 0

    def is_connected(self) -> bool:
        """Whether the socket is connected by now; raises OSError when it cannot be."""
        self._waits_for = self._writing
        self._poll.modify(self._sock, self._writing)
        if not self._poll.poll(0):
            return False
        # Writable is also one that failed, and reading it tells why: no port has getsockopt. From
        # one that did not there is nothing to read, as in TLS the client speaks first.
        self._sock.readinto(bytearray(1))
        return True

    def begin(self, patience, since) -> None:
        """A call on the TLS socket begins: it may take what `patience` has left at `since`."""
        self._patience, self._since = patience, since
        self._waits_for = self._reading

    def deliver(self, count: int) -> None:
        """That call came to so many bytes of use, which earn as many more off the network."""
        self._left_bytes = min(_MAX_AHEAD_BYTES, self._left_bytes + count + _RECORD_BYTES)

    def wait(self, ms: int) -> None:
        """Wait until the socket is ready for what it was not ready for last, or patience ends."""
        self._poll.modify(self._sock, self._waits_for)
        self._poll.poll(min(ms, self.patience_ms))

    def readinto(self, view):
        """For TLS: bytes read, None where there are none yet, -errno where it must end."""
        try:
            self._verify_goes_on()
            count = self._sock.readinto(view)
        except OSError as error:
            return -abs(error.args[0])
        except DownloadError as error:
            self.refused = error
            return -errno.ETIMEDOUT
        if count is None:
            self._waits_for = self._reading
        else:
            self._left_bytes -= count
        return count

    def write(self, data):
        """For TLS: bytes written, None where none can be yet, -errno where it must end."""
        try:
            count = self._sock.write(data)
        except OSError as error:
            return -abs(error.args[0])
        if count is None:
            self._waits_for = self._writing
        return count

    def ioctl(self, request, argument):
        """For TLS, when it is closed."""
        if request == _CLOSE:
            self.close()
        return 0

    def close(self) -> None:
        """Close the socket."""
        self._sock.close()

    def _verify_goes_on(self):
        if self._left_bytes <= 0:
            raise DownloadError("the peer sends records with nothing in them")
        self._patience.left_ms(self._since)
