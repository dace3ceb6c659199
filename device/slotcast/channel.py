"""A TLS connection every wait of which is bounded.

The socket is in non-blocking mode, as asyncio has it, and waited for with poll: in blocking mode
MicroPython's handshake and readinto go on for as long as single bytes keep coming, and what a read
had received is lost when it times out (py/stream.c).

All that waits is in steps (steps.py), which yield the Wire. What blocks, as MicroPython has nothing
else, is the look-up of a name, and the arithmetic of a handshake.
"""

from slotcast.errors import CertificateError, DownloadError


class LostError(DownloadError):
    """The connection broke or was closed; on a kept one that may only mean that it was idle."""


class Network:
    """The modules that reach the network; a test or a simulator may pass others."""

    def __init__(self):
        """Import the board's own."""
        import select
        import socket
        import time

        try:
            import tls
        except ImportError:  # MicroPython 1.22
            import ssl as tls
        self.select, self.socket, self.time, self.tls = select, socket, time, tls


class Patience:
    """Milliseconds that the peer may keep us waiting, of which each received byte earns one back.

    So a single stall ends after `limit_ms`, and a peer that stays below 1000 bytes a second runs
    out of it. Only time inside network calls counts: the board may take its own between them.

    Args:
        time: the module.
        what: is waited for, for the error's message.
    """

    def __init__(self, time, limit_ms: int, what: str):
        self._time = time
        self._limit_ms = limit_ms
        self._left_ms = limit_ms
        self._what = what

    def now(self):
        """Time stamp for `since`."""
        return self._time.ticks_ms()

    def left_ms(self, since) -> int:
        """What is left of it now, after waiting since `since`; raises DownloadError if nothing."""
        left = self._left_ms - self._time.ticks_diff(self._time.ticks_ms(), since)
        if left <= 0:
            raise DownloadError("timed out waiting for the " + self._what)
        return left

    def settle(self, since, received_bytes: int) -> None:
        """Account for a wait and what came of it, however late other tasks let us look."""
        passed_ms = self._time.ticks_diff(self._time.ticks_ms(), since)
        self._left_ms = min(self._limit_ms, max(0, self._left_ms - passed_ms) + received_bytes)


class Channel:
    """One connection; its steps end when the Patience given to them does.

    All raise DownloadError: LostError where the connection broke, CertificateError where the
    peer's is refused, another for a peer that is too slow. The handshake takes place in the first
    write.

    Args:
        wire: a Wire.
        secure: the TLS socket over it, handshake pending.
    """

    def __init__(self, wire, secure):
        self._wire = wire
        self._secure = secure

    def write_steps(self, data, patience: Patience):
        """Send all of `data`."""
        view = memoryview(data)
        while view:
            count = yield from self._call_steps(self._secure.write, view, patience, 0)
            view = view[count:]

    def readline_steps(self, limit: int, patience: Patience):
        """Up to `limit` bytes, none beyond the next newline; b"" at the end of the stream."""
        return self._call_steps(self._secure.readline, limit, patience, 0)

    def readinto_steps(self, view, patience: Patience):
        """Read at least one byte; how many, 0 at the end of the stream."""
        return self._call_steps(self._secure.readinto, view, patience, 1)

    def _call_steps(self, method, argument, patience, earns):
        """Call until there is a result; in non-blocking mode None means: not yet."""
        began = patience.now()
        self._wire.begin(patience, began)
        try:
            result = method(argument)
            while result is None:
                self._wire.patience_ms = patience.left_ms(began)
                yield self._wire
                result = method(argument)
        except OSError as error:
            from slotcast.connect import words  # there for a new connection, which is next

            raise self._wire.refused or LostError(words(error))
        except ValueError as error:
            from slotcast.connect import why_refused

            raise CertificateError("certificate refused: " + why_refused(str(error)))
        self._wire.deliver(result if isinstance(result, int) else len(result))
        patience.settle(began, result if earns else 0)
        return result

    def close(self) -> None:
        """Close it, also when it is broken; never raises."""
        # After a failed handshake the TLS socket no longer closes the one below.
        for sock in (self._secure, self._wire):
            try:
                sock.close()
            except OSError:
                pass
