"""boto3 itself against a server that fails: what is sent again, and what comes of it."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from publisher.errors import ConflictError, StoreError
from publisher.settings import StoreSettings
from publisher.stores.base import Object
from publisher.stores.s3 import S3Store, connect

ITEM = Object("sensor/a.json", b"one", "application/json", "public, max-age=60")
LOST = None  # the request is carried out, and its answer lost


class Server(ThreadingHTTPServer):
    """Holds one object; `weather` are statuses for the next requests, fine after that.

    It has threads, or a connection that boto3 keeps open would hold up its end.
    """

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.weather, self.requests, self.body = [], [], None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append(self.command)
        status = self.server.weather.pop(0) if self.server.weather else 200
        if status in (200, LOST):
            if self.server.body is not None:
                return self.refuse(412, "PreconditionFailed")
            self.server.body = body
        if status is LOST:
            self.close_connection = True
            return None
        return self.say(200) if status == 200 else self.refuse(status, "SlowDown")

    def do_GET(self):
        self.server.requests.append(self.command)
        self.say(200, self.server.body, ETag='"1"')

    def refuse(self, status, code):
        self.say(status, f"<Error><Code>{code}</Code></Error>".encode())

    def say(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Not to stderr."""


@pytest.fixture
def server():
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def waits(monkeypatch):
    """The seconds that boto3 has waited."""
    waited = []
    monkeypatch.setattr("botocore.endpoint.time.sleep", waited.append)
    return waited


@pytest.fixture
def store(server, waits, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    url = f"http://127.0.0.1:{server.server_port}"
    client = connect(StoreSettings("s3", "", "fleet", url, "us-east-1"))
    yield S3Store(client, "fleet", sleep=lambda wait_s: None)
    client.close()


def test_a_busy_server_is_asked_again_after_waits(server, store, waits):
    server.weather = [503, 500, 502]
    assert store.create(ITEM) is True
    assert server.requests == ["PUT"] * 4
    assert len(waits) == 3


def test_a_server_that_stays_busy_is_given_up_in_words(server, store, waits):
    server.weather = [503] * 9
    with pytest.raises(StoreError, match="it is busy or broken: S3 answered 503 SlowDown, 5 times"):
        store.create(ITEM)
    assert len(waits) == 4


def test_a_write_whose_answer_was_lost_is_recognised_as_our_own(server, store):
    server.weather = [LOST]
    assert store.create(ITEM) is True
    assert server.requests == ["PUT", "PUT", "GET"]


def test_a_replacement_whose_answer_was_lost_is_no_conflict(server, store):
    server.weather = [LOST]
    store.replace(ITEM, None)
    assert server.body == b"one"


def test_a_replacement_that_somebody_else_had_made_is_one_though_it_has_the_same_bytes(
    server, store
):
    server.body = b"one"
    with pytest.raises(ConflictError, match="has changed since it was read"):
        store.replace(ITEM, None)
    assert server.requests == ["PUT"]
