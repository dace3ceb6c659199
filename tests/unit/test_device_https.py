"""The board's HTTPS under real MicroPython, against a sound edge and against wrong certificates."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from https_board import assert_refused, run_session
from tls_server import HOST

from publisher.certificates import Authority
from publisher.serve import Edge
from publisher.stores.base import Store, Stored

AUTHORITY = Authority.create("test root")
CERTIFICATE = AUTHORITY.issue([HOST])
NOW = datetime.now(UTC)
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


# A sound edge


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


# Certificates


def test_other_authority_is_refused(edge):
    outcome = run_session(url_of(edge), Authority.create("test root"), FETCH)
    assert_refused(outcome, "certificate refused: ")
    assert "not correctly signed by the trusted CA" in outcome.last["message"]
    assert edge.requests == []


def test_other_host_name_is_refused(edge):
    outcome = run_session(url_of(edge, "127.0.0.1"), AUTHORITY, FETCH)
    assert_refused(outcome, "does not match with the expected CN")
    assert edge.requests == []


@pytest.mark.parametrize(
    ("from_days", "to_days", "message"),
    [(-9, -1, "validity has expired"), (1, 9, "validity starts in the future")],
)
def test_certificate_out_of_its_time_is_refused(from_days, to_days, message):
    span = NOW + timedelta(days=from_days), NOW + timedelta(days=to_days)
    with Edge(OneFile(), AUTHORITY.issue([HOST], *span)) as edge:
        assert_refused(run_on_edge(edge, FETCH), message)


def test_chain_with_an_intermediate_is_taken():
    with Edge(OneFile(), AUTHORITY.create_intermediate("between").issue([HOST])) as edge:
        assert run_on_edge(edge, FETCH).last["bytes"] == 10


def test_rogue_leaf_with_a_genuine_intermediate_beside_it_is_refused():
    """mbedTLS shows such an intermediate to verify_callback, though it vouches for nothing."""
    genuine = AUTHORITY.create_intermediate("between").issue([HOST])
    rogue = Authority.create("between").issue([HOST])
    chain = rogue.cert_pem + genuine.cert_pem[genuine.cert_pem.index(b"-----END") :]
    chain = chain[: len(rogue.cert_pem)] + chain[chain.index(b"-----BEGIN", len(rogue.cert_pem)) :]
    forged = type(rogue)(chain, rogue.key_pem, rogue.spki_sha256, rogue.key)
    for pins in ((), (genuine.spki_sha256,), (rogue.spki_sha256,)):
        with Edge(OneFile(), forged) as edge:
            assert run_on_edge(edge, FETCH, pins=pins).last["error"] == "DownloadError"
            assert edge.requests == []


def test_pinned_key_is_taken_also_as_one_of_several(edge):
    pins = ["00" * 32, CERTIFICATE.spki_sha256]
    assert run_on_edge(edge, FETCH, pins=pins).last["bytes"] == 10


def test_renewal_with_the_pinned_key_is_taken():
    with Edge(OneFile(), AUTHORITY.issue([HOST], key=CERTIFICATE.key)) as edge:
        assert run_on_edge(edge, FETCH, pins=[CERTIFICATE.spki_sha256]).last["bytes"] == 10


def test_key_that_is_not_pinned_is_refused_by_name(edge):
    outcome = run_on_edge(edge, FETCH, pins=["00" * 32])
    assert_refused(outcome, "key of the certificate is not pinned: " + CERTIFICATE.spki_sha256)
    assert edge.requests == []


def test_pinned_key_does_not_make_up_for_another_authority(edge):
    pins = [CERTIFICATE.spki_sha256]
    outcome = run_session(url_of(edge), Authority.create("other"), FETCH, pins=pins)
    assert_refused(outcome, "not correctly signed by the trusted CA")
