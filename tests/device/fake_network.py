"""A network whose peers follow a script, and whose time passes only while somebody waits.

A script is a list, played once per connection: bytes that arrive, an int of milliseconds in which
nothing does, an OSError that a read raises. At its end the peer closes the connection.
"""

import errno

PERIOD = 1 << 30


class FakeNetwork:
    """Stands in for channel.Network; connection n plays scripts[n].

    Attributes:
        elapsed_ms: how long has been waited in all.
        open: sockets not closed; written: what each connection was sent; loaded: anchors.
        connect_ms: how long it takes to connect; refusal: the OSError that this ends with, or None.
    """

    POLLIN, POLLOUT = 1, 4
    SOCK_STREAM, PROTOCOL_TLS_CLIENT, CERT_REQUIRED = 1, 0, 2

    def __init__(self, *scripts, context=None, leaf=b""):
        self.scripts = [list(script) for script in scripts]
        self.select = self.socket = self.time = self.tls = self
        self.context = context or Context
        self.leaf = leaf
        # Ticks wrap while the test runs.
        self._start_ms = PERIOD - 500
        self.elapsed_ms = self.connect_ms = 0
        self.refusal = None
        self.open = 0
        self.written = []
        self.loaded = []

    # time
    def ticks_ms(self):
        return (self._start_ms + self.elapsed_ms) % PERIOD

    def ticks_diff(self, end, start):
        return (end - start + PERIOD // 2) % PERIOD - PERIOD // 2

    # select
    def poll(self):
        return Poll(self)

    # socket: module and class in one
    def getaddrinfo(self, host, port, family, kind):
        return [(2, kind, 6, "", (host, port))]

    def __call__(self, *_):
        self.open += 1
        self.newest = Socket(self, self.scripts.pop(0))
        return self.newest

    # tls
    def SSLContext(self, protocol):
        return self.context(self)


class Context:
    """An SSLContext as of MicroPython 1.23."""

    verify_mode = None
    verify_callback = None

    def __init__(self, network):
        self.network = network

    def load_verify_locations(self, der):
        if not der:
            raise ValueError("invalid cert")
        self.network.loaded.append(der)

    def wrap_socket(self, raw, server_hostname, do_handshake_on_connect):
        assert self.verify_mode == 2
        assert self.network.newest.is_ready() and server_hostname and not do_handshake_on_connect
        return Secure(self, self.network.newest)


class OldContext:
    """An SSLContext as of MicroPython 1.22: no verify_callback, cadata by keyword."""

    verify_mode = None

    def __init__(self, network):
        self.network = network

    def load_verify_locations(self, cafile=None, *, cadata=None):
        assert cafile is None
        self.network.loaded.append(cadata)


class FullContext(Context):
    """There is no memory left for TLS."""

    def wrap_socket(self, raw, **_):
        raise OSError(12)


class CarelessContext(Context):
    """One that forgets to call verify_callback."""

    def wrap_socket(self, raw, **options):
        self.verify_callback = None
        return Context.wrap_socket(self, raw, **options)


class Socket:
    def __init__(self, network, script):
        self.network = network
        self.script = script
        self.steps = []
        self.closed = False

    def setblocking(self, flag):
        self.steps.append(("setblocking", flag))

    def connect(self, address):
        self.steps.append("connect")
        if self.network.connect_ms:
            raise OSError(errno.EINPROGRESS)

    def readinto(self, view):
        assert self.steps == [("setblocking", False), "connect"] and not self.network.connect_ms
        if self.network.refusal:
            raise self.network.refusal
        self.steps.append("connected")

    def is_ready(self):
        return self.steps[2:] == ["connected"]

    def close(self):
        if not self.closed:
            self.closed = True
            self.network.open -= 1


class Secure:
    """A non-blocking TLS socket; its handshake is in the first write.

    It has its own way to the socket; the Wire between them: test_wire.py.
    """

    def __init__(self, context, raw):
        self.raw = raw
        self.context = context
        network = raw.network
        self.script = raw.script
        self.index = len(network.written)
        network.written.append(b"")

    def write(self, data):
        network = self.raw.network
        check = self.context.verify_callback
        if not network.written[self.index] and check and check(network.leaf, 0):
            raise OSError(-12288, "MBEDTLS_ERR_X509_FATAL_ERROR")
        # At most 50 bytes at once.
        network.written[self.index] += bytes(data[:50])
        return min(50, len(data))

    def readline(self, limit):
        chunk = self._available()
        if not chunk:
            return chunk
        newline = chunk.find(b"\n")
        return self._take(limit if newline < 0 else min(limit, newline + 1))

    def readinto(self, view):
        chunk = self._available()
        if not chunk:
            return chunk if chunk is None else 0
        chunk = self._take(len(view))
        view[: len(chunk)] = chunk
        return len(chunk)

    def _available(self):
        while self.script:
            first = self.script[0]
            if isinstance(first, OSError):
                raise first
            if isinstance(first, int):
                return None
            if first:
                return first
            self.script.pop(0)
        return b""

    def _take(self, size):
        chunk = self.script[0]
        self.script[0] = chunk[size:]
        return chunk[:size]

    def close(self):
        self.raw.close()


class Poll:
    def __init__(self, network):
        self.network = network

    def register(self, sock, flags):
        self.sock = sock

    def modify(self, sock, flags):
        assert sock is self.sock
        self.flags = flags

    def poll(self, ms):
        """Wait until it is connected, or the silence in the script ends, or for `ms`."""
        network, script = self.network, self.sock.script
        if not ms:
            return [] if network.connect_ms else [(self.sock, self.flags)]
        if network.connect_ms:
            waited = min(ms, network.connect_ms)
            network.connect_ms -= waited
        else:
            waited = min(ms, script[0])
            script[0] -= waited
            if not script[0]:
                script.pop(0)
        network.elapsed_ms += waited
        return []
