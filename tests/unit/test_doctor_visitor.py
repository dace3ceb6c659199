"""The doctor's way to an edge: real connections on loopback."""

import http.server
import socket
import ssl
import threading
from contextlib import contextmanager, suppress

import pytest
from deployments import BentEdge
from products import MemoryStore
from tls_server import HostileServer, says

from publisher.certificates import Authority
from publisher.doctor import other_requests
from publisher.doctor.exchange import Ask
from publisher.doctor.findings import State
from publisher.doctor.handshakes import CannotAskError, Offer
from publisher.doctor.tls import check_ciphers, check_versions
from publisher.doctor.visitor import Visitor
from publisher.errors import StoreError
from publisher.stores.base import Object
from slotcast.http import request_bytes
from slotcast.url import BaseUrl

ROOT = Authority.create("test root")
CERTIFICATE = ROOT.issue(["localhost"])
PATH = "metadata/1.root.json"
V = ssl.TLSVersion


class Asker:
    """What a check of connections needs of a Site."""

    def __init__(self, visitor):
        self.visitor = visitor

    def reply(self, path):
        return self.visitor.ask(path)

    def try_offer(self, offer):
        try:
            return self.visitor.shake_hands(offer)
        except CannotAskError:
            return None


@pytest.fixture
def edge():
    store = MemoryStore()
    store.create(Object(f"sensor/{PATH}", b"{}", "application/json", "public"))
    with BentEdge(store, CERTIFICATE) as edge:
        yield edge


def visit(edge, *anchors, **more):
    pem = "".join(one.certificate_pem.decode() for one in anchors)
    return Visitor(f"https://localhost:{edge.port}/sensor/", pem, only=True, **more)


def states(findings):
    return [one.state for one in findings]


def test_an_answer_is_given_whole_with_its_headers(edge):
    reply = visit(edge).ask(PATH)
    assert (reply.status, reply.body, reply.version, reply.closes) == (200, b"{}", 11, False)
    assert reply.header("Content-Length") == "2"
    [access] = edge.requests
    assert (access.path, access.user_agent) == (f"/sensor/{PATH}", "slotcast-doctor")


def test_compression_is_asked_for_only_where_that_is_the_question():
    seen = []

    def behave(connection, _):
        seen.append(connection.request())
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with HostileServer(CERTIFICATE, behave) as server:
        visitor = Visitor(server.url)
        visitor.ask(PATH, headers={"Range": "bytes=0-0"})
        visitor.ask(PATH, headers={"Accept-Encoding": "gzip"})
    assert b"Range: bytes=0-0\r\n" in seen[0]
    assert [b"Accept-Encoding: gzip\r\n" in request for request in seen] == [False, True]
    assert b"accept-encoding" not in seen[0].lower()


def test_one_connection_serves_several_requests(edge):
    replies = visit(edge).ask_all([Ask(PATH), Ask(PATH, "HEAD"), Ask("none")])
    assert [(reply.status, len(reply.body)) for reply in replies] == [(200, 2), (200, 0), (403, 72)]
    assert edge.handshakes == 1


def test_an_edge_that_hangs_up_after_an_answer_gives_no_more():
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
    with HostileServer(CERTIFICATE, says(answer)) as server:
        visitor = Visitor(server.url)
        replies = visitor.ask_all([Ask(PATH), Ask(PATH)])
    assert [reply.closes for reply in replies] == [True]


def test_an_answer_cut_off_is_no_answer():
    cut = b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{}"

    def behave(connection, _):
        connection.request()
        connection.send(cut)

    with HostileServer(CERTIFICATE, behave) as server, pytest.raises(StoreError, match="cannot be"):
        Visitor(server.url).ask(PATH)


def test_an_answer_longer_than_any_such_file_is_not_read():
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"

    def behave(connection, _):
        connection.request()
        connection.send(head)
        connection.send_forever(b"x" * 65536)

    with HostileServer(CERTIFICATE, behave) as server, pytest.raises(StoreError, match="more than"):
        Visitor(server.url).ask("stable/b1/version.json")


def test_whom_the_roots_do_not_accept_is_told_and_answers_all_the_same(edge):
    assert visit(edge, ROOT).trust() == ""
    stranger = visit(edge, Authority.create("another root"))
    assert "issuer" in stranger.trust()
    assert stranger.ask(PATH).status == 200


def test_nobody_there_is_an_error_that_names_the_url():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    visitor = Visitor(f"https://localhost:{port}/sensor/")
    for look in (visitor.trust, lambda: visitor.ask(PATH), lambda: visitor.shake_hands(Offer())):
        with pytest.raises(StoreError, match=f"https://localhost:{port}/sensor/.* cannot be read"):
            look()
    assert Visitor("https://localhost/", plain_port=port).ask_plainly(PATH) is None


def test_an_edge_that_stalls_is_not_asked_for_ever(monkeypatch):
    monkeypatch.setattr("publisher.doctor.visitor._TIMEOUT_S", 0.02)
    with HostileServer(CERTIFICATE, says()) as server:
        visitor = Visitor(server.url)
        for _ in range(3):
            with pytest.raises(StoreError, match="cannot be read"):
                visitor.ask(PATH)
        with pytest.raises(StoreError, match="is not asked: the edge let 3 requests wait"):
            visitor.ask(PATH)
        assert server.connections == 3


def test_an_offer_that_this_machine_cannot_make_is_told_apart_from_a_refusal(edge):
    with pytest.raises(CannotAskError):
        visit(edge).shake_hands(Offer(ciphers="NO-SUCH-SUITE"))
    edge.speak(V.TLSv1_3, V.TLSv1_3)
    assert "PROTOCOL_VERSION" in visit(edge).shake_hands(Offer()).refusal


@pytest.mark.parametrize(
    ("lowest", "highest", "ciphers", "versions", "suites"),
    [
        (V.TLSv1_2, V.TLSv1_3, "", ["OK"], ["OK"]),
        (V.TLSv1_3, V.TLSv1_3, "", ["FAIL"], ["UNKNOWN"]),
        (V.TLSv1_2, V.TLSv1_3, "ECDHE+CHACHA20", ["OK"], ["FAIL"]),
        (V.TLSv1_2, V.TLSv1_3, "ECDHE+AES:!AESGCM:!AESCCM", ["OK"], ["WARN"]),
        (V.TLSv1_2, V.TLSv1_2, "ECDHE+AESGCM:AECDH:@SECLEVEL=0", ["OK"], ["OK", "WARN"]),
    ],
)
def test_what_an_edge_speaks_is_found_by_real_handshakes(
    edge, lowest, highest, ciphers, versions, suites
):
    edge.speak(lowest, highest, ciphers)
    site = Asker(visit(edge))
    assert states(check_versions(site)) == versions
    assert states(check_ciphers(site)) == suites


def test_tls_1_1_is_found_where_this_machine_can_offer_it(edge):
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        edge.speak(V.TLSv1, V.TLSv1_2, "ALL:@SECLEVEL=0")
    found = check_versions(Asker(visit(edge)))
    assert states(found) == ["OK", "WARN"]
    assert "TLSv1.1" in found[1].says


def test_what_writes_is_sent_so_that_it_could_change_nothing():
    seen = []

    def behave(connection, _):
        seen.append(connection.request())
        connection.send(b"HTTP/1.1 412 No\r\nContent-Length: 0\r\n\r\n")

    with HostileServer(CERTIFICATE, behave) as server:
        [found] = other_requests.check_methods(Asker(Visitor(server.url)))
    assert found.state is State.FAIL
    assert [request.split()[0] for request in seen] == [b"PUT", b"POST", b"DELETE"]
    for request in seen:
        assert b'If-Match: "00000000000000000000000000000000"' in request
        assert b"/sensor/payloads/" + b"0" * 64 in request


def test_a_board_s_user_agent_is_the_one_that_boards_send():
    line = f"User-Agent: {other_requests._BOARD['User-Agent']}\r\n".encode()
    assert line in request_bytes(BaseUrl("https://localhost/sensor/"), PATH)


@pytest.mark.parametrize(
    ("agent", "wanted"), [(b"slotcast-doctor", State.OK), (b"User-Agent: slotcast/", State.FAIL)]
)
def test_a_firewall_that_keeps_boards_out_is_seen(agent, wanted):
    def behave(connection, _):
        is_kept_out = agent in connection.request() and wanted is State.FAIL
        status = b"403 Forbidden" if is_kept_out else b"200 OK"
        connection.send(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")

    with HostileServer(CERTIFICATE, behave) as server:
        [found] = other_requests.check_user_agent(Asker(Visitor(server.url)))
    assert found.state is wanted
    assert ("answered with 403" in found.says) == (wanted is State.FAIL)


class Plain(http.server.BaseHTTPRequestHandler):
    length, body = 2, b"on"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(self.length))
        self.end_headers()
        with suppress(OSError):  # nobody waits for all of it
            self.wfile.write(self.body)

    def log_message(self, *_):
        pass


class LongPage(Plain):
    length, body = 1 << 21, b"x" * (1 << 21)


class CutOff(Plain):
    length = 3


@contextmanager
def serving_plainly(handler):
    with http.server.HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        yield server.server_address[1]
        thread.join()


@pytest.mark.parametrize("handler", [Plain, LongPage, CutOff])
def test_what_is_served_without_tls_is_seen_whatever_it_is(handler):
    with serving_plainly(handler) as port:
        reply = Visitor("https://localhost/sensor/", plain_port=port).ask_plainly(PATH)
    assert (reply.status, reply.header("content-length")) == (200, str(handler.length))
