"""A Session at its limits, and what it must not carry from one connection to the next."""

import errno

from check import raises
from fake_network import Context, FakeNetwork, Secure
from test_https_head import CERTIFICATE
from test_https_session import ANSWER, BODY, FOREVER, OK, PIN, big, drip, session_on

from slotcast.errors import DownloadError


class ForgetfulContext(Context):
    """One that checks the first certificate only."""

    def wrap_socket(self, raw, **options):
        if self.network.written:
            self.verify_callback = None
        return Context.wrap_socket(self, raw, **options)


class BrokenSecure(Secure):
    """The connection breaks in the handshake."""

    def write(self, data):
        raise OSError(errno.ECONNRESET)


class BrokenContext(Context):
    def wrap_socket(self, raw, **options):
        return BrokenSecure(self, self.network.newest)


def test_a_file_longer_than_wanted_is_not_read():
    network = FakeNetwork([big(99999), FOREVER])
    raises(DownloadError, session_on(network).fetch, "x", 99998, says="99999 bytes, more than")
    assert network.open == 0
    assert session_on(FakeNetwork([ANSWER])).fetch("x", 10) == BODY
    raises(DownloadError, session_on(FakeNetwork([ANSWER])).fetch, "x", 9, says="more than 9")


def test_a_response_left_unread_is_closed_by_the_next_request():
    network = FakeNetwork([big(99999), FOREVER], [ANSWER, FOREVER])
    session = session_on(network)
    unread = session.get("x")
    assert session.fetch("x", 10) == BODY
    assert network.open == 1
    raises(ValueError, unread.readinto, bytearray(1), says="closed")


def test_a_closed_response_gives_no_bytes():
    for answer in (ANSWER, big(0)):
        response = session_on(FakeNetwork([answer, FOREVER])).get("x")
        response.close()
        raises(ValueError, response.readinto, bytearray(1), says="closed")


def test_a_response_that_failed_gives_no_more_bytes():
    response = session_on(FakeNetwork([OK + BODY[:4]])).get("x")
    raises(DownloadError, response.readinto, bytearray(10), says="4 of 10 bytes")
    raises(ValueError, response.readinto, bytearray(1), says="closed")


def test_a_dead_connection_is_replaced_without_a_log_too():
    network = FakeNetwork([ANSWER], [ANSWER, FOREVER])
    session = session_on(network)
    assert session.fetch("x", 10) == session.fetch("x", 10) == BODY


def test_a_connection_that_the_server_closes_is_not_tried_again():
    closing = OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n") + BODY
    log = []
    session = session_on(FakeNetwork([closing], [ANSWER]), log=lambda *words: log.append(words))
    assert session.fetch("x", 10) == session.fetch("x", 10) == BODY
    assert session.connections == 2 and not log


def test_each_connection_has_its_certificate_checked():
    network = FakeNetwork([ANSWER], [ANSWER], leaf=CERTIFICATE, context=ForgetfulContext)
    session = session_on(network, pins=[PIN])
    assert session.fetch("x", 10) == BODY
    raises(DownloadError, session.fetch, "x", 10, says="not checked")


def test_a_handshake_that_breaks_is_no_matter_of_pins():
    for pins in ([], [PIN]):
        network = FakeNetwork([], leaf=CERTIFICATE, context=BrokenContext)
        session = session_on(network, pins=pins)
        raises(DownloadError, session.fetch, "x", 10, says="ECONNRESET")
        assert (session.requests, network.open) == (0, 0)


def test_a_head_has_at_most_4096_bytes():
    line = b"HTTP/1.1 200 " + b"O" * 113 + b"\r\n"
    session = session_on(FakeNetwork([line + b"x" * 9000]))
    raises(DownloadError, session.fetch, "x", 10, says="too long")
    assert session.received_bytes == 4096


def test_a_head_of_exactly_4096_bytes_is_read():
    filler = b"X: " + b"y" * (4096 - len(OK) - 5) + b"\r\n"
    session = session_on(FakeNetwork([OK[:-2] + filler + b"\r\n" + BODY]))
    assert session.fetch("x", 10) == BODY


def test_a_head_has_at_most_64_lines():
    lines = OK[:-2] + b"A: b\r\n" * 100
    session = session_on(FakeNetwork(drip(lines, 1, 7)))
    raises(DownloadError, session.fetch, "x", 10, says="too long")
    assert session.received_bytes == len(OK[:-2]) + 62 * 6


def test_a_rest_of_4_kib_is_read_and_one_byte_more_is_not():
    for size, connections in ((4096, 1), (4097, 2)):
        network = FakeNetwork([big(size), bytes(size), ANSWER, FOREVER], [ANSWER, FOREVER])
        session = session_on(network)
        session.get("x").close()
        assert session.fetch("x", 10) == BODY
        assert session.connections == connections


def test_a_response_that_broke_can_still_be_closed():
    response = session_on(FakeNetwork([OK + BODY[:4]])).get("x")
    raises(DownloadError, response.readinto, bytearray(10))
    response.close()
