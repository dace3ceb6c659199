"""The board's HTTPS under real MicroPython, against a sound edge."""

from hashlib import sha256

import pytest
from https_board import assert_refused, run_session
from tls_server import HOST

from publisher.certificates import Authority
from publisher.serve import Edge
from publisher.stores.base import Store, Stored

AUTHORITY = Authority.create("test root")
CERTIFICATE = AUTHORITY.issue([HOST])
BODY = b"0123456789"
FETCH = ("fetch", "images/x.bin", 100)


class OneFile(Store):
    """Holds `sensor/images/x.bin`."""

    def __init__(self, data=BODY):
        self.data = data

    def read(self, key):
        return Stored(self.data, "1") if key == "sensor/images/x.bin" else None

    def create(self, item):
        raise NotImplementedError

    def replace(self, item, etag):
        raise NotImplementedError

    def list(self, prefix=""):
        return iter(["sensor/images/x.bin"])


@pytest.fixture
def edge():
    with Edge(OneFile(), CERTIFICATE) as edge:
        yield edge


def url_of(edge, host=HOST):
    return f"https://{host}:{edge.port}/sensor/"


def run_on_edge(edge, *steps, **options):
    return run_session(url_of(edge), AUTHORITY, *steps, **options)


def test_one_connection_serves_many_requests(edge):
    outcome = run_on_edge(edge, FETCH, FETCH, ("get", "images/x.bin", 2, 4), ("read", 100))
    assert [step.get("bytes") for step in outcome.steps] == [10, 10, None, 3]
    assert outcome.steps[0]["sha256"] == sha256(BODY).hexdigest()
    assert outcome.last["sha256"] == sha256(BODY[2:5]).hexdigest()
    assert (outcome.requests, outcome.connections, edge.handshakes) == (3, 1, 1)


def test_counters_agree_with_what_the_edge_sent(edge):
    outcome = run_on_edge(edge, FETCH, ("fetch", "none", 100))
    assert outcome.received == sum(access.sent_bytes for access in edge.requests)
    assert outcome.requests == len(edge.requests) == 2


def test_requests_are_as_small_as_they_can_be(edge):
    run_on_edge(edge, FETCH, ("get", "x?d=abc", 2, 4))
    first, second = edge.requests
    assert (first.method, first.path, first.range) == ("GET", "/sensor/images/x.bin", "")
    assert first.user_agent.startswith("slotcast/")
    assert (second.query, second.range) == ("d=abc", "bytes=2-4")


def test_missing_object_is_told_and_keeps_the_connection(edge):
    outcome = run_on_edge(edge, ("fetch", "2.root.json", 100), FETCH)
    assert outcome.steps[0]["error"] == "NotFoundError"
    assert outcome.last["bytes"] == 10
    assert edge.handshakes == 1


def test_range_to_the_end(edge):
    outcome = run_on_edge(edge, ("get", "images/x.bin", 7), ("read", 2))
    assert outcome.steps[0] == {"status": 206, "length": 3, "ms": outcome.steps[0]["ms"]}
    assert outcome.last["sha256"] == sha256(BODY[7:]).hexdigest()


def test_large_body_passes_through_a_small_buffer():
    data = bytes(range(256)) * 8192
    with Edge(OneFile(data), CERTIFICATE) as edge:
        outcome = run_on_edge(edge, ("get", "images/x.bin"), ("read", 4096))
    assert outcome.last["bytes"] == len(data)
    assert outcome.last["sha256"] == sha256(data).hexdigest()


def test_file_longer_than_the_caller_takes_is_not_read():
    with Edge(OneFile(bytes(1 << 20)), CERTIFICATE) as edge:
        outcome = run_on_edge(edge, FETCH)
    assert_refused(outcome, "1048576 bytes, more than 100")
    assert outcome.received < 1000


def test_short_rest_of_a_body_is_skipped_and_a_long_one_hung_up_on():
    for size, connections in ((4096, 1), (100_000, 2)):
        with Edge(OneFile(bytes(size)), CERTIFICATE) as edge:
            outcome = run_on_edge(
                edge,
                ("get", "images/x.bin"),
                ("read_once", 10),
                ("close",),
                ("get", "images/x.bin", 0, 9),
            )
        assert outcome.last["status"] == 206
        assert outcome.connections == edge.handshakes == connections


def test_response_that_was_closed_gives_no_more(edge):
    outcome = run_on_edge(edge, ("get", "images/x.bin"), ("close",), ("read", 10))
    assert outcome.last["error"] == "ValueError"


def test_next_request_ends_the_response_before_it(edge):
    outcome = run_on_edge(edge, ("get", "images/x.bin"), ("get", "images/x.bin"), ("read", 10))
    assert outcome.last["bytes"] == 10
    assert edge.handshakes == 1


def test_connection_that_the_edge_closed_while_idle_is_opened_again():
    with Edge(OneFile(), CERTIFICATE, idle_s=0.05) as edge:
        outcome = run_on_edge(edge, FETCH, ("sleep", 200), FETCH)
        assert outcome.last["bytes"] == 10
        assert edge.handshakes == 2
    assert "again" in outcome.log[0][1]


def test_nobody_there():
    with Edge(OneFile(), CERTIFICATE) as edge:
        url = url_of(edge)
    outcome = run_session(url, AUTHORITY, FETCH)
    assert_refused(outcome, f"cannot connect to {url[8:-8]}: ECONNREFUSED")


def test_name_that_does_not_resolve():
    outcome = run_session("https://no.such.host.invalid/", AUTHORITY, FETCH)
    assert "cannot resolve no.such.host.invalid" in outcome.last["message"]
