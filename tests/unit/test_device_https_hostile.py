"""The board's HTTPS under real MicroPython, against servers that do one thing wrong each."""

import time
from hashlib import sha256

import pytest
from https_board import assert_refused, run_session
from tls_server import HOST, HostileServer, says

from publisher.certificates import Authority

AUTHORITY = Authority.create("test root")
CERTIFICATE = AUTHORITY.issue([HOST])
BODY = b"0123456789"
DIGEST = sha256(BODY).hexdigest()
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
FETCH = ("fetch", "x", 100)
# Long enough for a handshake on a busy machine; it takes 60 ms on an idle one.
STALL_MS = 400


def run_against(behave, *steps, shakes_hands=True, **options):
    """Run a session against a server that does `behave`; returns its Outcome."""
    with HostileServer(CERTIFICATE, behave, shakes_hands) as server:
        return run_session(server.url, AUTHORITY, *steps, **options)


def run_against_stalling(behave, *steps, shakes_hands=True):
    options = {"shakes_hands": shakes_hands, "timeout_ms": STALL_MS}
    return run_against(behave, *(steps or [FETCH]), **options)


def test_connection_close_is_honoured():
    def behave(connection, number):
        connection.request()
        connection.send(OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n") + BODY)
        connection.stall()

    outcome = run_against(behave, FETCH, FETCH)
    assert outcome.last["bytes"] == 10
    assert (outcome.connections, outcome.log) == (2, [])


def test_key_is_checked_on_every_connection():
    def behave(connection, number):
        connection.request()
        connection.send(OK + BODY)

    outcome = run_against(behave, FETCH, FETCH, pins=[CERTIFICATE.spki_sha256])
    assert outcome.last["bytes"] == 10
    assert outcome.connections == 2


PART = ("get", "x", 0, 9)
OTHER_PART = b"206\r\nContent-Range: bytes 1-10/99\r\nContent-Length: 10\r\n\r\n"
# name: (step, answer, what the error says)
WRONG_ANSWERS = {
    "no HTTP": (FETCH, b"<html>\r\n\r\n", "not an HTTP/1.1 response"),
    "bare newlines": (FETCH, b"HTTP/1.1 200 OK\n\n" + b"\n" * 100, "too long"),
    "long header": (FETCH, OK[:-2] + b"X: " + b"x" * 5000, "too long"),
    "many headers": (FETCH, OK[:-2] + b"X: 1\r\n" * 64 + b"\r\n" + BODY, "too long"),
    "length in words": (FETCH, OK.replace(b"10", b"ten") + BODY, "is not a number"),
    "no length": (FETCH, b"HTTP/1.1 200 OK\r\n\r\n" + BODY, "is not a number"),
    "two lengths": (FETCH, OK[:-2] + OK[17:] + BODY, "content-length is there twice"),
    "chunked": (FETCH, OK[:-2] + b"Transfer-Encoding: chunked\r\n\r\n" + BODY, "chunked"),
    "gzip": (FETCH, OK[:-2] + b"Content-Encoding: gzip\r\n\r\n" + BODY, "gzip"),
    "redirect": (FETCH, OK.replace(b"200", b"302"), "redirects are not followed"),
    "unavailable": (FETCH, OK.replace(b"200", b"503") + BODY, "answered 503"),
    "go on": (FETCH, OK.replace(b"200", b"100"), "answered 100"),
    "part for a whole": (FETCH, OK.replace(b"200", b"206") + BODY, "answered 206, not 200"),
    "whole for a part": (PART, OK + BODY, "answered 200, not 206"),
    "another part": (PART, b"HTTP/1.1 " + OTHER_PART + BODY, "another range"),
}


@pytest.fixture(scope="module")
def wrong_answers():
    """The outcomes of WRONG_ANSWERS by name; one session, which connects anew for each."""
    answers = list(WRONG_ANSWERS.values())

    def behave(connection, number):
        says(answers[number][1])(connection, number)

    outcome = run_against(behave, *[step for step, _, _ in answers])
    assert outcome.connections == len(answers)
    return dict(zip(WRONG_ANSWERS, outcome.steps, strict=True))


@pytest.mark.parametrize("name", WRONG_ANSWERS)
def test_answer_that_is_not_the_one_asked_for_is_refused(wrong_answers, name):
    assert wrong_answers[name]["error"] == "DownloadError"
    assert WRONG_ANSWERS[name][2] in wrong_answers[name]["message"]


@pytest.mark.parametrize("piece", [b"X-Filler: 0123456789\r\n", b"x" * 1000])
def test_head_without_end_is_cut_off(piece):
    def behave(connection, number):
        connection.request()
        connection.send(b"HTTP/1.1 200 OK\r\n")
        connection.send_forever(piece)

    outcome = run_against(behave, FETCH)
    assert_refused(outcome, "head of the response is too long")
    assert outcome.received <= 4096 + 128


def test_body_without_end_is_read_up_to_its_length():
    def behave(connection, number):
        connection.request()
        connection.send(OK)
        connection.send_forever(BODY)

    assert run_against(behave, FETCH).last["bytes"] == 10


# name: (lines of the head, body, connections that it and the next file take)
ENDLESS = b"".join(b"1\r\na\r\n" for _ in range(100))
CHUNKED, LAST = b"Transfer-Encoding: chunked\r\n", b"0\r\n\r\n"
PAGES = {
    "in chunks": (CHUNKED, b"3\r\nabc\r\n" + LAST, 1),
    "in chunks without an end": (CHUNKED, ENDLESS, 2),
    "a huge chunk": (CHUNKED, b"ffffffff\r\n", 2),
    "a negative chunk": (CHUNKED, b"-1\r\n", 2),
    "with a trailer": (CHUNKED, LAST[:-2] + b"A: b\r\n\r\n", 2),
    "and another answer": (CHUNKED, LAST + OK + BODY[::-1], 2),
    "in chunks, and with a length": (CHUNKED + b"Content-Length: 5\r\n", LAST, 2),
    "without an end": (b"", b"abc", 2),
}


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("status", [b"403", b"404"])
def test_page_of_a_missing_object_is_passed_over_where_its_end_is_plain(status, name):
    lines, page, connections = PAGES[name]

    def behave(connection, number):
        connection.request()
        if number == 0:
            connection.send(b"HTTP/1.1 %s X\r\n%s\r\n" % (status, lines) + page)
            connection.request()
        connection.send(OK + BODY)
        connection.stall()

    outcome = run_against(behave, FETCH, FETCH)
    assert outcome.steps[0]["error"] == "NotFoundError"
    assert outcome.steps[0]["ms"] < 1000
    assert (outcome.last["sha256"], outcome.connections) == (DIGEST, connections)


def test_connection_closed_anywhere_in_an_answer_is_an_error():
    """FIN without close_notify looks like a clean end."""
    answer = OK + BODY
    sizes = range(len(answer))

    def behave(connection, number):
        connection.request()
        connection.send(answer[: sizes[number]])

    outcome = run_against(behave, *[FETCH] * len(sizes))
    assert [step["error"] for step in outcome.steps] == ["DownloadError"] * len(sizes)
    assert "closed before the answer" in outcome.steps[0]["message"]
    assert "head of the response ended early" in outcome.steps[1]["message"]
    assert "body ended early, 9 of 10 bytes" in outcome.last["message"]
    assert outcome.connections == len(sizes)


def test_kept_connection_that_breaks_inside_an_answer_is_not_tried_again():
    def behave(connection, number):
        connection.request()
        connection.send(OK + BODY)
        connection.request()
        connection.send(OK[:5])

    outcome = run_against(behave, FETCH, FETCH)
    assert_refused(outcome, "head of the response ended early")
    assert outcome.connections == 1


def test_connection_that_is_always_closed_is_tried_twice_only():
    def behave(connection, number):
        connection.request()
        if number == 0:
            connection.send(OK + BODY)

    outcome = run_against(behave, FETCH, FETCH)
    assert_refused(outcome, "closed before the answer")
    assert outcome.connections == 2


def test_server_that_accepts_and_says_nothing_is_left():
    outcome = run_against_stalling(lambda connection, _: connection.stall(), shakes_hands=False)
    assert_refused(outcome, "timed out waiting for the handshake")


@pytest.mark.parametrize(
    ("pieces", "message"),
    [
        ([], "timed out waiting for the head"),
        ([OK[:9]], "timed out waiting for the head"),
        ([OK[:-2]], "timed out waiting for the head"),
        ([OK], "0 of 10 bytes: timed out waiting for the body"),
        ([OK, BODY[:4]], "4 of 10 bytes: timed out waiting for the body"),
    ],
    ids=["before the head", "in the status line", "after the headers", "before the body", "in it"],
)
def test_stall_ends(pieces, message):
    assert_refused(run_against_stalling(says(*pieces)), message)


def test_stall_inside_the_handshake_ends():
    def behave(connection, number):
        connection.raw.recv(5)
        connection.raw.sendall(b"\x16\x03\x03\x10\x00\x02")
        connection.stall()

    assert_refused(run_against_stalling(behave, shakes_hands=False), "waiting for the handshake")


def test_server_without_tls_is_refused():
    def behave(connection, number):
        connection.raw.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        connection.stall()

    assert_refused(run_against(behave, FETCH, shakes_hands=False), "SSL_INVALID_RECORD")


def test_handshake_in_drips_is_cut_off():
    def behave(connection, number):
        connection.drip_s = 0.02
        connection.handshake()

    outcome = run_against_stalling(behave, shakes_hands=False)
    assert_refused(outcome, "timed out waiting for the handshake")


def test_head_in_drips_is_cut_off():
    def behave(connection, number):
        connection.request()
        for byte in OK + BODY:
            connection.drip_s = 0.001
            connection.send(bytes([byte]))

    assert_refused(run_against_stalling(behave), "timed out waiting for the head")


def test_body_in_drips_of_whole_records_is_cut_off():
    def behave(connection, number):
        connection.request()
        connection.send(OK.replace(b"10", b"1000"))
        connection.drip_s = 0.001
        connection.send_forever(b"x")

    outcome = run_against_stalling(behave, ("get", "x"), ("read", 100))
    assert_refused(outcome, "timed out waiting for the body")


def test_body_in_drips_of_a_single_record_is_cut_off():
    def behave(connection, number):
        connection.request()
        connection.send(OK.replace(b"10", b"1000"))
        connection.drip_s = 0.01
        connection.send(bytes(1000))

    outcome = run_against_stalling(behave, ("get", "x"), ("read", 100))
    assert_refused(outcome, "0 of 1000 bytes: timed out waiting for the body")


def test_slow_body_that_keeps_the_least_rate_is_read():
    """30 pieces at 20 ms take longer than the timeout, but each earns its wait."""

    def behave(connection, number):
        connection.request()
        connection.send(OK.replace(b"10", b"3000"))
        for _ in range(30):
            connection.send(bytes(100))
            time.sleep(0.02)

    outcome = run_against_stalling(behave, ("get", "x"), ("read", 100))
    assert outcome.last["bytes"] == 3000
    assert outcome.last["ms"] > STALL_MS
