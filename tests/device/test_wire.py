"""The stream between TLS and the socket: what it lets through, and when it cuts a call off."""

import errno

from fake_network import FakeNetwork

from slotcast.channel import Patience
from slotcast.errors import DownloadError
from slotcast.wire import Wire


class Sock:
    """Gives what it was made with, in order: None where it is not ready; errors are raised."""

    def __init__(self, *results):
        self.results = list(results)
        self.waited_for = []
        self.closed = False

    def readinto(self, view):
        result = self.results.pop(0)
        if isinstance(result, OSError):
            raise result
        return result

    write = readinto

    def close(self):
        self.closed = True


class Select:
    """Module select and its poll object in one."""

    POLLIN, POLLOUT = 1, 4

    def poll(self, ms=None):
        return self

    def register(self, sock, flags):
        pass

    def modify(self, sock, flags):
        sock.waited_for.append(flags)


def wire_over(*results, limit_ms=1000):
    sock, network = Sock(*results), FakeNetwork()
    wire = Wire(Select(), sock)
    patience = Patience(network, limit_ms, "handshake")
    wire.begin(patience, patience.now())
    return wire, sock, network


def test_counts_and_errors_are_those_of_the_socket():
    wire, _, _ = wire_over(5, 0, None, OSError(errno.ECONNRESET), OSError(-errno.ECONNRESET))
    results = [wire.readinto(bytearray(9)) for _ in range(5)]
    assert results == [5, 0, None, -errno.ECONNRESET, -errno.ECONNRESET]
    assert wire.refused is None


def test_it_waits_for_what_the_socket_was_not_ready_for():
    wire, sock, _ = wire_over(None, None, None)
    wire.wait(10)
    wire.write(b"x")
    wire.wait(20)
    wire.readinto(bytearray(1))
    wire.wait(30)
    assert sock.waited_for == [Select.POLLIN, Select.POLLOUT, Select.POLLIN]


def test_a_call_that_outlasts_patience_is_cut_off_though_bytes_keep_coming():
    wire, sock, network = wire_over(7, 7, 7)
    assert wire.readinto(bytearray(7)) == 7
    network.elapsed_ms += 1000
    assert wire.readinto(bytearray(7)) == -errno.ETIMEDOUT
    assert isinstance(wire.refused, DownloadError)
    assert str(wire.refused) == "timed out waiting for the handshake"
    assert len(sock.results) == 2


def test_a_call_that_takes_more_than_two_records_is_cut_off():
    wire, _, _ = wire_over(16384, 16384, 1)
    assert wire.readinto(bytearray(16384)) == wire.readinto(bytearray(16384)) == 16384
    assert wire.readinto(bytearray(1)) == -errno.ETIMEDOUT
    assert "records with nothing in them" in str(wire.refused)


def test_each_call_may_take_as_much_as_the_one_before():
    wire, _, network = wire_over(*[16384] * 10)
    for _ in range(5):
        patience = Patience(network, 1000, "body")
        wire.begin(patience, patience.now())
        assert wire.readinto(bytearray(16384)) == wire.readinto(bytearray(16384)) == 16384


def test_closing_tls_closes_the_socket():
    wire, sock, _ = wire_over()
    wire.ioctl(3, 0)
    assert not sock.closed
    wire.ioctl(4, 0)
    assert sock.closed
