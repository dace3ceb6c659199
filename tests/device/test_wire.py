"""The stream between TLS and the socket: what it lets through, and when it cuts a call off."""

import errno

from check import raises
from fake_network import FakeNetwork

from slotcast.channel import Patience
from slotcast.errors import DownloadError
from slotcast.wire import Wire


class Sock:
    """Gives what it was made with, in order: None where it is not ready; errors are raised."""

    def __init__(self, *results):
        self.results = list(results)
        self.waited_for = []
        self.waits_ms = []
        self.ready = []
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
        if ms is None:
            return self
        self.sock.waits_ms.append(ms)
        return self.sock.ready

    def register(self, sock, flags):
        self.sock = sock

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


def test_it_waits_no_longer_than_patience_lasts():
    wire, sock, _ = wire_over(None)
    wire.patience_ms = 300
    wire.wait(1000)
    wire.wait(200)
    assert sock.waits_ms == [300, 200]


def test_a_socket_is_connected_once_it_can_be_written_to_and_read():
    wire, sock, _ = wire_over(None, 0, OSError(errno.ECONNREFUSED))
    sock.ready = []
    assert not wire.is_connected()
    sock.ready = [sock]
    assert wire.is_connected() and wire.is_connected()
    raises(OSError, wire.is_connected)
    assert sock.waited_for == [Select.POLLOUT] * 4


def test_what_is_written_at_once_leaves_it_waiting_for_what_it_reads():
    wire, sock, _ = wire_over(None, 5)
    wire.readinto(bytearray(1))
    wire.write(b"hello")
    wire.wait(10)
    assert sock.waited_for == [Select.POLLIN]


def test_a_call_that_outlasts_patience_is_cut_off_though_bytes_keep_coming():
    wire, sock, network = wire_over(7, 7, 7)
    assert wire.readinto(bytearray(7)) == 7
    network.elapsed_ms += 1000
    assert wire.readinto(bytearray(7)) == -errno.ETIMEDOUT
    assert isinstance(wire.refused, DownloadError)
    assert str(wire.refused) == "timed out waiting for the handshake"
    assert len(sock.results) == 2


def test_two_records_of_no_use_are_too_many():
    wire, _, _ = wire_over(16384, 16384, 1)
    assert wire.readinto(bytearray(16384)) == wire.readinto(bytearray(16384)) == 16384
    assert wire.readinto(bytearray(1)) == -errno.ETIMEDOUT
    assert "records with nothing in them" in str(wire.refused)


def test_what_comes_to_use_earns_as_much_again():
    wire, _, network = wire_over(*[16384] * 10)
    for _ in range(10):
        begin(wire, network)
        assert wire.readinto(bytearray(16384)) == 16384
        wire.deliver(16384 - 29)


def begin(wire, network):
    patience = Patience(network, 1000, "body")
    wire.begin(patience, patience.now())


def test_a_byte_of_use_now_and_then_does_not_pay_for_a_flood():
    wire, _, network = wire_over(*[8192] * 10)
    wire.deliver(32768)  # What is earned before it is needed is lost.
    for _ in range(4):
        begin(wire, network)
        assert wire.readinto(bytearray(8192)) == 8192
        wire.deliver(1)
    begin(wire, network)
    assert wire.readinto(bytearray(8192)) == 8192
    assert wire.readinto(bytearray(8192)) == -errno.ETIMEDOUT


def test_ordinary_records_of_any_size_go_on_for_ever():
    buffer = bytearray(16384 + 29)
    for size in (1, 100, 16384):
        wire, _, network = wire_over(*[size + 29] * 1000)
        for _ in range(1000):
            begin(wire, network)
            assert wire.readinto(buffer) == size + 29
            wire.deliver(size)


def test_closing_tls_closes_the_socket():
    wire, sock, _ = wire_over()
    wire.ioctl(3, 0)
    assert not sock.closed
    wire.ioctl(4, 0)
    assert sock.closed
