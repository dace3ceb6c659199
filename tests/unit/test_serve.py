"""The local edge: what it answers, and how it lives and ends."""

import http.client
import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from publisher import layout
from publisher.answer import Request, answer, key_of, parse_range
from publisher.certificates import Authority
from publisher.errors import StoreError
from publisher.serve import Edge
from publisher.stores.base import Store, Stored

AUTHORITY = Authority.create("test root")
CERTIFICATE = AUTHORITY.issue(["localhost"])
FILE = bytes(range(256)) * 8
OBJECTS = {
    "sensor/payloads/aa.slc": FILE,
    "sensor/metadata/timestamp.json": b"{}",
    "sensor/metadata/1.root.json": b"{}",
}


class MemoryStore(Store):
    """A store that is only read; reading `sensor/images/broken.bin` fails."""

    def read(self, key):
        if key == "sensor/images/broken.bin":
            raise StoreError("no")
        return Stored(OBJECTS[key], f"tag-{key}") if key in OBJECTS else None

    def create(self, item):
        raise NotImplementedError

    def replace(self, item, etag):
        raise NotImplementedError

    def list(self, prefix=""):
        return iter(sorted(OBJECTS))


@pytest.fixture
def edge():
    with Edge(MemoryStore(), CERTIFICATE) as edge:
        yield edge


@pytest.fixture
def connection(edge):
    connection = http.client.HTTPSConnection("localhost", edge.port, context=client_context())
    yield connection
    connection.close()


def client_context():
    return ssl.create_default_context(cadata=AUTHORITY.certificate_der)


def secure_socket(edge, context=None):
    raw = socket.create_connection(("127.0.0.1", edge.port), timeout=5)
    with raw:
        return (context or client_context()).wrap_socket(raw, server_hostname="localhost")


def exchange(connection, method, path, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, headers=named)
    response = connection.getresponse()
    return response, response.read()


def get(target, range_header="", if_none_match=""):
    return answer(MemoryStore().read, Request(target, range_header, if_none_match))


def wait_until(condition):
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_whole_object_is_answered_with_what_a_cache_needs():
    found = get("/sensor/payloads/aa.slc")
    assert (found.status, found.body) == (200, FILE)
    assert found.headers == {
        "Content-Type": "application/octet-stream",
        "Cache-Control": "public, max-age=31536000, immutable",
        "ETag": '"tag-sensor/payloads/aa.slc"',
        "Accept-Ranges": "bytes",
    }


def test_pointer_is_cached_shortly_and_versioned_metadata_for_ever():
    pointer = get("/sensor/metadata/timestamp.json").headers
    assert pointer["Cache-Control"] == "public, max-age=60"
    assert pointer["Content-Type"] == "application/json"
    assert "immutable" in get("/sensor/metadata/1.root.json").headers["Cache-Control"]


@pytest.mark.parametrize(
    ("header", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=80-99", 80, 100),
        ("bytes=2000-", 2000, 2048),
        ("bytes=2000-9999", 2000, 2048),
        ("bytes=-48", 2000, 2048),
        ("bytes=-9999", 0, 2048),
        ("Bytes = 80-99", 80, 100),
    ],
)
def test_range_is_answered_with_that_part(header, start, stop):
    found = get("/sensor/payloads/aa.slc", header)
    assert (found.status, found.body) == (206, FILE[start:stop])
    assert found.headers["Content-Range"] == f"bytes {start}-{stop - 1}/2048"


@pytest.mark.parametrize("header", ["bytes=2048-", "bytes=9999-10000", "bytes=-0"])
def test_range_beyond_the_end_is_not_satisfiable(header):
    found = get("/sensor/payloads/aa.slc", header)
    assert (found.status, found.body) == (416, b"")
    assert found.headers["Content-Range"] == "bytes */2048"


@pytest.mark.parametrize(
    "header",
    ["", "bytes=", "bytes=-", "bytes=a-b", "bytes=9-3", "bytes=0-1,3-4", "items=0-1", "0-1"]
    + ["bytes=--1", "bytes=\u0661-", "bytes=1-\xb2"],
)
def test_what_is_no_single_range_is_ignored(header):
    assert parse_range(header, 2048) is None
    assert get("/sensor/payloads/aa.slc", header).status == 200


@pytest.mark.parametrize("tags", ["{}", "W/{}", '"other", {}', "*"])
def test_object_that_the_reader_has_is_not_sent_again(tags):
    found = get(
        "/sensor/metadata/timestamp.json", "", tags.format('"tag-sensor/metadata/timestamp.json"')
    )
    assert (found.status, found.body) == (304, b"")
    assert found.headers["ETag"] == '"tag-sensor/metadata/timestamp.json"'


def test_object_that_has_changed_is_sent():
    assert get("/sensor/metadata/timestamp.json", "", '"another"').status == 200


def test_missing_object_is_forbidden_as_s3_says_it():
    found = get("/sensor/metadata/2.root.json")
    assert found.status == 403
    assert b"AccessDenied" in found.body


def test_query_is_no_part_of_the_key():
    assert key_of("/sensor/metadata/timestamp.json?d=1&v=/..") == "sensor/metadata/timestamp.json"


@pytest.mark.parametrize(
    "target",
    ["", "/", "sensor/x", "//sensor", "/sensor/", "/../x", "/sensor/../x", "/sensor/%2e%2e/x"]
    + ["/sensor//x", "/./x", "/a\\b", "/a%00", "/a%0ab", "/a%ff", "/%2fetc/passwd", "/..%2fx"]
    + ["https://localhost/sensor/x", "*"],
)
def test_target_that_leads_out_of_the_store_is_never_read(target):
    def read(key):
        raise AssertionError(key)

    assert key_of(target) == ""
    assert answer(read, Request(target)).status == 403


@pytest.mark.parametrize(
    "target",
    ["/keys/targets.pem", "/sensor/keys/targets.pem", "/slotcast.toml", "/sensor/slotcast.toml"]
    + [
        "/sensor/.slotcast/seen.json",
        "/.slotcast/authority-key.pem",
        "/sensor/metadata/.new-1.json",
    ]
    + ["/sensor/metadata/1.root.json/x", "/sensor/stable/b1/other.json", "/sensor/version.json"]
    + ["/sensor/targets/stable/b1/1/4.json", "/sensor/targets/.b1/1.json"]
    + ["/.git/b1/version.json", "/sensor/.git/b1/version.json", "/sensor/payloads/a.pem"],
)
def test_what_is_not_published_is_never_read(target):
    def read(key):
        raise AssertionError(key)

    assert answer(read, Request(target)).status == 403


@pytest.mark.parametrize(
    "path",
    [layout.root_path(12), layout.metadata_path("timestamp", 0), layout.payload_path("ab" * 32)]
    + [layout.manifest_path("stable", "sensor-r2", "ab" * 32), layout.image_path("ab" * 32)]
    + [layout.version_json_path("stable", "sensor-r2"), layout.metadata_path("targets", 3)]
    + [layout.hashed_path("stable/sensor-r2/1.4.3.json", "ab" * 32), layout.pins_path("ab" * 32)],
)
def test_all_that_is_published_is_read(path):
    def read(key):
        return Stored(key.encode(), "1")

    assert answer(read, Request(f"/sensor/{path}")).body == f"sensor/{path}".encode()


def test_one_connection_serves_many_requests(edge, connection):
    for _ in range(3):
        response, body = exchange(connection, "GET", "/sensor/payloads/aa.slc")
        assert (response.status, body) == (200, FILE)
        assert response.getheader("Content-Length") == "2048"
    response, body = exchange(connection, "GET", "/sensor/none")
    assert response.status == 403
    assert edge.handshakes == 1


def test_head_has_the_headers_without_the_body(edge, connection):
    response, body = exchange(connection, "HEAD", "/sensor/payloads/aa.slc")
    assert (response.status, response.getheader("Content-Length"), body) == (200, "2048", b"")
    assert exchange(connection, "GET", "/sensor/payloads/aa.slc")[1] == FILE


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH", "OPTIONS"])
def test_writing_is_not_allowed(edge, connection, method):
    response, _ = exchange(connection, method, "/sensor/payloads/aa.slc")
    assert (response.status, response.getheader("Allow")) == (405, "GET, HEAD")
    assert response.getheader("Connection") == "close"


def test_unknown_method_is_not_implemented(edge, connection):
    assert exchange(connection, "BREW", "/sensor/payloads/aa.slc")[0].status == 501
    assert edge.requests[0].status == 501


def test_store_that_fails_makes_the_edge_unavailable(edge, connection):
    assert exchange(connection, "GET", "/sensor/images/broken.bin")[0].status == 503


def test_access_tells_what_was_asked_and_sent():
    seen = []
    with Edge(MemoryStore(), CERTIFICATE, log=seen.append) as edge:
        connection = http.client.HTTPSConnection("localhost", edge.port, context=client_context())
        headers = {"Range": "bytes=0-99", "User_Agent": "slotcast/1"}
        exchange(connection, "GET", "/sensor/payloads/aa.slc?d=abc", **headers)
        connection.close()
    (access,) = seen
    assert edge.requests == seen
    assert (access.method, access.path, access.query) == ("GET", "/sensor/payloads/aa.slc", "d=abc")
    assert (access.range, access.status, access.user_agent) == ("bytes=0-99", 206, "slotcast/1")
    assert 100 < access.sent_bytes < 500
    assert access.tls in ("TLSv1.2", "TLSv1.3")
    assert datetime.now(UTC) - access.time < timedelta(seconds=60)
    assert 0 <= access.duration_s < 60


def test_request_that_is_none_is_refused_and_logged(edge):
    with secure_socket(edge) as secure:
        secure.sendall(b"nonsense\r\n\r\n")
        assert b"400 Bad Request" in secure.recv(4096)
    assert edge.requests[0].status == 400


def test_old_tls_is_refused(edge):
    context = client_context()
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError):
        secure_socket(edge, context)


def test_peer_that_stalls_before_the_handshake_holds_nobody_up(edge, connection):
    with socket.create_connection(("127.0.0.1", edge.port)):
        assert exchange(connection, "GET", "/sensor/payloads/aa.slc")[0].status == 200


def test_idle_connection_is_closed():
    with Edge(MemoryStore(), CERTIFICATE, idle_s=0.05) as edge, secure_socket(edge) as secure:
        assert secure.recv(1) == b""


def test_end_hangs_up_on_everybody_at_once():
    before = threading.active_count()
    with Edge(MemoryStore(), CERTIFICATE) as edge:
        stalled = socket.create_connection(("127.0.0.1", edge.port))
        idle = http.client.HTTPSConnection("localhost", edge.port, context=client_context())
        exchange(idle, "GET", "/sensor/payloads/aa.slc")
        began = time.monotonic()
    assert time.monotonic() - began < 2
    wait_until(lambda: threading.active_count() == before)
    stalled.close()
    idle.close()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", edge.port))


def test_many_clients_at_once_each_get_their_bytes(edge):
    got = []

    def fetch():
        connection = http.client.HTTPSConnection("localhost", edge.port, context=client_context())
        got.extend(exchange(connection, "GET", "/sensor/payloads/aa.slc")[1] for _ in range(5))
        connection.close()

    threads = [threading.Thread(target=fetch) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [FILE] * 40
    assert edge.handshakes == 8
