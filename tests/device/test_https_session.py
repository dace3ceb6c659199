"""A Session against scripted peers: what it makes of broken connections, and how long it waits."""

import errno

from check import raises
from fake_network import CarelessContext, FakeNetwork, FullContext, OldContext
from test_https_head import CERTIFICATE, SPKI_SHA256

from slotcast.errors import BoardError, CertificateError, DownloadError, NotFoundError
from slotcast.https import Session

HEAP_KIB = 1024
BODY = b"0123456789"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
ANSWER = OK + BODY
FOREVER = 1 << 29
PIN = bytes.fromhex(SPKI_SHA256)


def session_on(network, **options):
    return Session("https://host/", [b"anchor"], network=network, **options)


def big(size):
    return OK.replace(b"10", b"%d" % size)


def drip(data, every_ms, piece=1):
    script = []
    for at in range(0, len(data), piece):
        script += [every_ms, data[at : at + piece]]
    return script


def read_all(session):
    response = session.get("x")
    buffer, total = bytearray(1000), 0
    while total < response.length:
        total += response.readinto(buffer)
    return total


def test_file_is_fetched():
    network = FakeNetwork([ANSWER, FOREVER])
    session = session_on(network)
    assert session.fetch("x", 10) == BODY
    assert (session.requests, session.connections) == (1, 1)
    assert session.received_bytes == len(ANSWER)
    assert session.traffic() == "1 requests on 1 connections, 49 bytes received"


def test_request_longer_than_one_write_arrives_whole():
    network = FakeNetwork([ANSWER, FOREVER])
    session_on(network).fetch("y" * 300, 10)
    assert network.written[0].startswith(b"GET /" + b"y" * 300 + b" HTTP/1.1\r\nHost: host\r\n")
    assert network.written[0].endswith(b"\r\n\r\n")


def test_answer_may_come_in_any_pieces():
    for piece in (1, 2, 7, 38, 39, 40, 100):
        network = FakeNetwork(drip(ANSWER, 1, piece) + [FOREVER])
        assert session_on(network).fetch("x", 10) == BODY


def test_connection_closed_after_any_byte_is_an_error_and_not_tried_again():
    for size in range(len(ANSWER)):
        network = FakeNetwork([ANSWER[:size]])
        raises(DownloadError, session_on(network).fetch, "x", 10)
        assert (len(network.written), network.open) == (1, 0)


def test_connection_reset_after_any_byte_is_an_error():
    for size in range(len(ANSWER)):
        network = FakeNetwork([ANSWER[:size], OSError(errno.ECONNRESET)])
        raises(DownloadError, session_on(network).fetch, "x", 10, says="ECONNRESET")
        assert network.open == 0


def test_kept_connection_that_is_dead_is_replaced_once():
    for end in ([], [OSError(errno.ECONNRESET)], [OSError(-errno.ECONNABORTED)]):
        network = FakeNetwork([ANSWER] + end, [ANSWER, FOREVER])
        log = []
        session = session_on(network, log=lambda step, _, log=log: log.append(step))
        assert session.fetch("x", 10) == session.fetch("x", 10) == BODY
        assert (session.connections, network.open) == (2, 1)
        assert log == ["connect"]


def test_kept_connection_is_not_tried_again_once_it_has_answered():
    network = FakeNetwork([ANSWER, ANSWER[:1]], [ANSWER])
    session = session_on(network)
    session.fetch("x", 10)
    raises(DownloadError, session.fetch, "x", 10, says="head of the response ended early")
    assert len(network.written) == 1


def test_kept_connection_that_only_stalls_is_not_tried_again():
    network = FakeNetwork([ANSWER, FOREVER], [ANSWER])
    session = session_on(network)
    session.fetch("x", 10)
    raises(DownloadError, session.fetch, "x", 10, says="timed out")
    assert len(network.written) == 1


def test_failed_session_can_be_used_again():
    network = FakeNetwork([FOREVER], [ANSWER])
    session = session_on(network)
    raises(DownloadError, session.fetch, "x", 10)
    assert session.fetch("x", 10) == BODY


def test_close_leaves_no_socket_open():
    network = FakeNetwork([ANSWER, FOREVER], [big(99999), FOREVER])
    session = session_on(network)
    session.fetch("x", 10)
    session.close()
    assert network.open == 0
    session.get("x")
    session.close()
    assert network.open == 0


def test_missing_object_keeps_the_connection():
    network = FakeNetwork([ANSWER.replace(b"200", b"404"), ANSWER, FOREVER])
    session = session_on(network)
    raises(NotFoundError, session.fetch, "x", 10)
    assert session.fetch("x", 10) == BODY
    assert session.connections == 1


def test_missing_object_with_a_long_or_endless_page_costs_the_connection():
    for head in (big(99999), b"HTTP/1.1 200 OK\r\n\r\n", OK[:-2] + b"Connection: close\r\n\r\n"):
        network = FakeNetwork([head.replace(b"200", b"403"), FOREVER])
        raises(NotFoundError, session_on(network).fetch, "x", 10)
        assert (network.open, network.elapsed_ms) == (0, 0)


def test_silence_ends_after_the_timeout():
    for script in ([], [OK[:1]], [OK[:-1]], [OK], [OK, BODY[:9]]):
        network = FakeNetwork(script + [FOREVER])
        raises(DownloadError, session_on(network).fetch, "x", 10, says="timed out")
        assert (network.elapsed_ms, network.open) == (10000, 0)


def test_timeout_is_as_asked_for():
    network = FakeNetwork([FOREVER])
    raises(DownloadError, session_on(network, timeout_ms=250).fetch, "x", 10)
    assert network.elapsed_ms == 250


def test_head_at_a_byte_a_second_is_cut_off():
    network = FakeNetwork(drip(ANSWER, 1000))
    raises(DownloadError, session_on(network).fetch, "x", 10, says="head")
    assert network.elapsed_ms == 10000


def test_body_at_a_byte_a_second_is_cut_off():
    network = FakeNetwork([big(1000)] + drip(bytes(50), 1000))
    raises(DownloadError, read_all, session_on(network), says="of 1000 bytes: timed out")
    assert network.elapsed_ms < 10100


def test_body_below_1000_bytes_a_second_is_cut_off_in_the_end():
    network = FakeNetwork([big(40000)] + drip(bytes(40000), 1500, 1000))
    raises(DownloadError, read_all, session_on(network), says="timed out")
    assert 25000 < network.elapsed_ms < 31500


def test_body_above_1000_bytes_a_second_is_read_however_long_it_takes():
    network = FakeNetwork([big(40000)] + drip(bytes(40000), 990, 1000) + [FOREVER])
    assert read_all(session_on(network)) == 40000
    assert network.elapsed_ms == 39600


def test_fast_beginning_earns_no_longer_stall():
    network = FakeNetwork([big(60000), bytes(30000), FOREVER])
    raises(DownloadError, read_all, session_on(network), says="30000 of 60000 bytes: timed out")
    assert network.elapsed_ms == 10000


def test_time_that_the_board_takes_for_itself_does_not_count():
    network = FakeNetwork([big(20)] + drip(bytes(20), 5000, 10) + [FOREVER])
    response = session_on(network).get("x")
    assert response.readinto(bytearray(10)) == 10
    network.elapsed_ms += 60000
    assert response.readinto(bytearray(10)) == 10


def test_head_is_cut_off_by_size_and_by_lines():
    for filler in (b"x" * 5000, b"A: b\r\n" * 100):
        network = FakeNetwork([OK[:-2] + filler])
        session = session_on(network)
        raises(DownloadError, session.fetch, "x", 10, says="too long")
        assert session.received_bytes <= 4096 + 128
        assert network.open == 0


def test_error_numbers_become_words_whatever_their_sign():
    for number in (errno.ETIMEDOUT, -errno.ETIMEDOUT):
        network = FakeNetwork([OSError(number)])
        raises(DownloadError, session_on(network).fetch, "x", 10, says="ETIMEDOUT")
    network = FakeNetwork([OSError(-30592, "MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE")])
    raises(DownloadError, session_on(network).fetch, "x", 10, says="FATAL_ALERT")


def test_no_memory_for_tls_is_a_download_error():
    network = FakeNetwork([], context=FullContext)
    raises(DownloadError, session_on(network).fetch, "x", 10, says="no TLS: ENOMEM")
    assert network.open == 0


def test_each_anchor_is_loaded_by_itself():
    network = FakeNetwork([])
    Session("https://host/", [b"one", b"two"], network=network)
    assert network.loaded == [b"one", b"two"]


def test_session_without_anchors_or_https_is_a_mistake():
    raises(ValueError, Session, "https://host/", [], says="no trust anchors")
    raises(ValueError, Session, "http://host/", [b"anchor"], says="not an https:// URL")


def test_anchor_that_is_no_certificate_is_the_boards_fault():
    def create():
        return Session("https://host/", [b""], network=FakeNetwork([]))

    raises(BoardError, create, says="trust anchor: invalid cert")


def test_pinned_key_is_taken():
    network = FakeNetwork([ANSWER], leaf=CERTIFICATE)
    assert session_on(network, pins=[PIN]).fetch("x", 10) == BODY


def test_key_that_is_not_pinned_is_refused_by_name():
    network = FakeNetwork([ANSWER], leaf=CERTIFICATE)
    session = session_on(network, pins=[bytes(32)])
    raises(CertificateError, session.fetch, "x", 10, says="not pinned: " + SPKI_SHA256)
    assert (session.requests, network.open) == (0, 0)


def test_key_that_was_never_checked_is_refused():
    network = FakeNetwork([ANSWER], leaf=CERTIFICATE, context=CarelessContext)
    session = session_on(network, pins=[PIN])
    raises(CertificateError, session.fetch, "x", 10, says="was not checked")
    assert network.open == 0


def test_pins_are_never_left_out_silently():
    """MicroPython 1.22 has no verify_callback; without pins it will do."""
    network = FakeNetwork([], context=OldContext)
    session_on(network)
    assert network.loaded == [b"anchor"]

    def create():
        return session_on(network, pins=[PIN])

    raises(BoardError, create, says="pins need MicroPython 1.23")
