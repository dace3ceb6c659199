"""A TLS connection every wait of which is bounded.

The socket is in non-blocking mode, as asyncio has it, and waited for with poll: in blocking mode
MicroPython's handshake and readinto go on for as long as single bytes keep coming, and what a read
had received is lost when it times out (py/stream.c).
"""

import errno
import gc

from slotcast.errors import BoardError, CertificateError, DownloadError
from slotcast.wire import Wire


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
        """Account for a wait and what came of it."""
        self._left_ms = min(self._limit_ms, self.left_ms(since) + received_bytes)


class Channel:
    """One connection; its calls end when the Patience given to them does.

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

    def write(self, data, patience: Patience) -> None:
        """Send all of `data`."""
        view = memoryview(data)
        while view:
            view = view[self._call(self._secure.write, view, patience, 0) :]

    def readline(self, limit: int, patience: Patience) -> bytes:
        """Up to `limit` bytes, none beyond the next newline; b"" at the end of the stream."""
        return self._call(self._secure.readline, limit, patience, 0)

    def readinto(self, view, patience: Patience) -> int:
        """Read at least one byte; 0 at the end of the stream."""
        return self._call(self._secure.readinto, view, patience, 1)

    def _call(self, method, argument, patience, earns):
        """Call until there is a result; in non-blocking mode None means: not yet."""
        began = patience.now()
        self._wire.begin(patience, began)
        try:
            result = method(argument)
            while result is None:
                self._wire.wait(patience.left_ms(began))
                result = method(argument)
        except OSError as error:
            raise self._wire.refused or LostError(words(error))
        except ValueError as error:
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


def tls_context(tls, trust_anchors, pin_check=None):
    """A context that takes only certificates that the anchors vouch for.

    Args:
        trust_anchors: DER certificates, at least one; ValueError if there is none.
        pin_check: a pins.PinCheck that has to agree as well, or None.

    Raises BoardError when an anchor is not a certificate, or this MicroPython cannot check pins.
    """
    if not trust_anchors:
        raise ValueError("no trust anchors")
    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    context.verify_mode = tls.CERT_REQUIRED
    is_1_22 = not hasattr(context, "verify_callback")
    if pin_check:
        if is_1_22:
            raise BoardError("pins need MicroPython 1.23 or later")
        context.verify_callback = pin_check
    for der in trust_anchors:
        try:
            if is_1_22:
                context.load_verify_locations(cadata=der)
            else:
                context.load_verify_locations(der)
        except (OSError, ValueError) as error:
            raise BoardError("trust anchor: %s" % error)
    return context


def connect(network, context, base, timeout_ms: int) -> Channel:
    """A Channel to the host of a BaseUrl, its handshake pending; raises DownloadError."""
    # TLS takes about 24 KB outside the Python heap and competes with it.
    gc.collect()
    wire = Wire(network.select, _connected_socket(network.socket, base, timeout_ms))
    try:
        secure = context.wrap_socket(wire, server_hostname=base.host, do_handshake_on_connect=False)
    except OSError as error:
        wire.close()
        raise DownloadError("no TLS: " + words(error))
    return Channel(wire, secure)


def why_refused(flags: str) -> str:
    """What is wrong with a certificate (chain, name, date), before mbedTLS's own words for it."""
    # mbedtls_x509_crt_verify_info: a line for each flag. What names neither date nor host is about
    # who signed it, and how.
    kinds, lines = set(), flags.strip().split("\n")
    for line in lines:
        kinds.add("date" if "validity" in line else "name" if "Common Name" in line else "chain")
    return "%s (%s)" % (" and ".join(sorted(kinds)), "; ".join(lines))


def words(error: OSError) -> str:
    """What an OSError of a socket says, whichever sign its number has."""
    # TLS reads give -116 where sockets give 116; what mbedTLS itself says comes with words.
    if len(error.args) > 1:
        return str(error.args[1])
    code = error.args[0] if error.args else None
    return errno.errorcode.get(abs(code), str(code)) if isinstance(code, int) else str(error)


def _connected_socket(socket, base, timeout_ms):
    """A connected TCP socket in non-blocking mode; raises DownloadError."""
    sock = None
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            base.host, base.port, 0, socket.SOCK_STREAM
        )[0]
        sock = socket.socket(family, kind, protocol)
        sock.settimeout(timeout_ms / 1000)
        sock.connect(address)
        sock.setblocking(False)
    except OSError as error:
        if sock:
            sock.close()
        what = "connect to" if sock else "resolve"
        raise DownloadError("cannot %s %s: %s" % (what, base.authority, words(error)))
    return sock
