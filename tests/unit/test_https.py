"""Reading from hosts that drip, cut short, or never end: real connections on loopback."""

import socket
import ssl
import threading
import time
from contextlib import closing, contextmanager, suppress

import pytest

from publisher import reading
from publisher.certificates import Authority
from publisher.errors import StoreError
from publisher.reading import Allowance, allowance, url_reader

AUTHORITY = Authority.create("test root")
KEY = "sensor/metadata/timestamp.json"
HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture
def read_from(tmp_path):
    """Reads an object from a host that says `answer`, a piece at a time."""
    ca, server = tmp_path / "ca.pem", tmp_path / "server.pem"
    certificate = AUTHORITY.issue(["localhost"])
    ca.write_bytes(AUTHORITY.certificate_pem)
    server.write_bytes(certificate.key_pem + certificate.cert_pem)

    def read(answer, key=KEY):
        with saying(server, answer) as url:
            return url_reader(url, "sensor", str(ca))(key)

    return read


@contextmanager
def saying(server, answer):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server)
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        thread = threading.Thread(target=say, args=(context, listener, answer))
        thread.start()
        try:
            yield f"https://localhost:{listener.getsockname()[1]}/sensor/"
        finally:
            thread.join()


def say(context, listener, answer):
    peer = listener.accept()[0]
    peer.settimeout(5)
    # The reader hangs up on most of these.
    with suppress(OSError), context.wrap_socket(peer, server_side=True) as connection:
        connection.recv(4096)
        for piece in answer:
            connection.sendall(piece)
        connection.unwrap()


def drip(head, seconds=5):
    yield head
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield b"x"
        time.sleep(0.02)


@pytest.mark.parametrize(
    "head", [HEAD + b"Content-Length: 30000\r\n\r\n", HEAD + b"\r\n", HEAD + b"X-Drip: "]
)
def test_a_host_that_drips_is_given_up_in_time(read_from, monkeypatch, head):
    monkeypatch.setattr(reading, "_METADATA", Allowance(30000, 0.4))
    began = time.monotonic()
    with pytest.raises(StoreError, match=r"timestamp\.json cannot be read: not done within 0\.4 s"):
        read_from(drip(head))
    assert time.monotonic() - began < 3


def test_a_body_that_ends_too_early_is_not_what_is_published(read_from):
    with pytest.raises(StoreError, match="it ends 3 bytes too early"):
        read_from([HEAD + b"Content-Length: 5\r\n\r\n{}"])


def test_a_whole_body_is_read_with_and_without_a_length(read_from):
    assert read_from([HEAD + b"Content-Length: 2\r\n\r\n{}"]) == b"{}"
    assert read_from([HEAD + b"\r\n{}"]) == b"{}"


def test_what_has_more_bytes_than_its_kind_may_have_is_not_read(read_from):
    with pytest.raises(StoreError, match="it has more than 1,048,576 bytes"):
        read_from([HEAD + b"\r\n", b" " * (1024 * 1024 + 1)])
    with pytest.raises(StoreError, match="it has more than 65,536 bytes"):
        read_from([HEAD + b"\r\n", b" " * 65537], "sensor/targets/stable/x.json")


def test_firmware_may_have_more_bytes_than_metadata():
    limits = [allowance(path).max_bytes for path in ("metadata/1.root.json", "payloads/x.slc")]
    assert limits == [1024 * 1024, 32 * 1024 * 1024]
    assert allowance("stable/sensor-r2/version.json").max_bytes == 65536


@pytest.mark.parametrize("status", [b"403 Forbidden", b"404 Not Found"])
def test_what_is_not_there_is_none(read_from, status):
    assert read_from([b"HTTP/1.1 %b\r\n\r\n" % status, b"x" * 9]) is None


@pytest.mark.parametrize("status", [b"302 Found", b"500 Oops", b"206 Partial Content"])
def test_any_other_answer_is_an_error(read_from, status):
    with pytest.raises(StoreError, match=f"answered {int(status[:3])}"):
        read_from([b"HTTP/1.1 %b\r\nLocation: http://127.0.0.1:9/\r\n\r\n" % status])


def test_what_is_no_http_is_an_error(read_from):
    with pytest.raises(StoreError, match="cannot be read"):
        read_from([b"220 smtp ready\r\n"])
