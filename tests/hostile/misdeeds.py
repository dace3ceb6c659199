"""What hostile servers do in place of an honest answer, and addresses that lead nowhere.

A misdeed takes a hostile_edge.Turn; those of the handshake take a tls_server.Connection. Functions
that return one are named for what it does.
"""

from __future__ import annotations

import gzip
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hostile_edge import Turn
from tls_server import Connection

Misdeed = Callable[[Turn], None]
# To a timeout of 0.4 s what a second is to one of 10 s.
A_BYTE_EACH_S = 0.04
HTML = b"<!doctype html><title>Welcome</title>"
FORGED = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


# Addresses


@contextmanager
def no_address() -> Iterator[None]:
    yield None


@contextmanager
def closed_port() -> Iterator[list]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = list(listener.getsockname())
    yield address


@contextmanager
def port_that_never_answers() -> Iterator[list]:
    """A listener whose queue is full: the kernel drops whoever else knocks."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()
        knocking = [socket.socket() for _ in range(3)]
        for one in knocking:
            one.setblocking(False)
            one.connect_ex(address)
        yield list(address)
        for one in knocking:
            one.close()


# The handshake


def stall_at_once(connection: Connection) -> None:
    connection.stall()


def stall_in_server_hello(connection: Connection) -> None:
    connection.raw.recv(5)
    connection.raw.sendall(b"\x16\x03\x03\x10\x00\x02")
    connection.stall()


def drip_handshake(connection: Connection) -> None:
    connection.drip_s = A_BYTE_EACH_S
    connection.handshake()


def send_plain_http(connection: Connection) -> None:
    connection.raw.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    connection.stall()


def send_alerts_forever(connection: Connection) -> None:
    """Warnings (RFC 5246, 7.2: level 1, user_canceled), which mbedTLS passes over by itself."""
    connection.raw.recv(4096)
    while True:
        connection.raw.sendall(b"\x15\x03\x03\x00\x02\x01\x5a" * 500)


def send_huge_handshake_message(connection: Connection) -> None:
    """A ServerHello of 16 MiB, in full records."""
    connection.raw.recv(4096)
    record = b"\x16\x03\x03\x40\x00"
    connection.raw.sendall(record + b"\x02\xff\xff\xff" + bytes(16380))
    while True:
        connection.raw.sendall(record + bytes(16384))


def hang_up_at_once(connection: Connection) -> None:
    connection.raw.recv(4096)


def hang_up_after_handshake(connection: Connection) -> None:
    connection.handshake()


# Status lines and heads


def honest(turn: Turn) -> None:
    turn.send()


def answer_with(status: int, *without: str, **headers: str) -> Misdeed:
    """The honest headers and body under another status, or with other headers."""

    def misdeed(turn: Turn) -> None:
        turn.status = status
        turn.send(*without, **headers)

    return misdeed


def answer_twice(first_status: int) -> Misdeed:
    """A head with no body (RFC 9110, 15.2), then the honest answer."""

    def misdeed(turn: Turn) -> None:
        turn.connection.send(b"HTTP/1.1 %d X\r\n\r\n" % first_status)
        turn.send()

    return misdeed


def answer_html(turn: Turn) -> None:
    """What a captive portal says."""
    turn.status = 200
    turn.send(body=HTML, Content_Length=str(len(HTML)), Content_Type="text/html")


def say(data: bytes) -> Misdeed:
    """These bytes in place of an answer, and nothing after them."""

    def misdeed(turn: Turn) -> None:
        turn.connection.send(data)
        turn.connection.stall()

    return misdeed


def say_forever(first: bytes, piece: bytes) -> Misdeed:
    def misdeed(turn: Turn) -> None:
        turn.connection.send(first)
        turn.connection.send_forever(piece)

    return misdeed


def add_line(line: bytes) -> Misdeed:
    """A further line in an otherwise honest head."""

    def misdeed(turn: Turn) -> None:
        head = turn.head()
        turn.connection.send(head[:-2] + line + b"\r\n\r\n" + turn.body)

    return misdeed


def repeat_length(turn: Turn) -> None:
    head = turn.head()
    again = b"Content-Length: %d\r\n\r\n" % len(turn.body)
    turn.connection.send(head[:-2] + again + turn.body)


def answer_chunked(turn: Turn) -> None:
    chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(turn.body), turn.body)
    turn.send("Content-Length", body=chunks, Transfer_Encoding="chunked")


def send_chunks_forever(turn: Turn) -> None:
    turn.connection.send(turn.head("Content-Length", Transfer_Encoding="chunked"))
    turn.connection.send_forever(b"1\r\na\r\n" * 100)


def answer_gzip(turn: Turn) -> None:
    body = gzip.compress(turn.body)
    turn.send(body=body, Content_Length=str(len(body)), Content_Encoding="gzip")


def missing_with_endless_page(status: int) -> Misdeed:
    """A missing object (which for the next root is nothing bad), told without an end."""

    def misdeed(turn: Turn) -> None:
        turn.status = status
        turn.connection.send(turn.head("Content-Length"))
        turn.connection.send_forever(HTML)

    return misdeed


# Lengths


def announce(more: int) -> Misdeed:
    """A Content-Length that is so much more than the body, which then stops."""

    def misdeed(turn: Turn) -> None:
        turn.send(Content_Length=str(len(turn.body) + more))
        turn.connection.stall()

    return misdeed


def lengthen(more: int) -> Misdeed:
    """A body that is so much longer, as its Content-Length says."""

    def misdeed(turn: Turn) -> None:
        turn.send(body=turn.body + b" " * more, Content_Length=str(len(turn.body) + more))

    return misdeed


def grow_to(size: int) -> Misdeed:
    """A body of `size` bytes, as its Content-Length says."""

    def misdeed(turn: Turn) -> None:
        turn.status = 200
        turn.send(body=turn.body.ljust(size), Content_Length=str(size))

    return misdeed


def send_forever_without_length(turn: Turn) -> None:
    turn.connection.send(turn.head("Content-Length"))
    turn.connection.send_forever(b" " * 1000)


def flip_a_bit(turn: Turn) -> None:
    body = bytearray(turn.body)
    body[-1] ^= 1
    turn.send(body=bytes(body))


def send_and_add(more: bytes) -> Misdeed:
    """An honest answer with bytes after its end, which a reader may take for the next answer."""

    def misdeed(turn: Turn) -> None:
        turn.connection.send(turn.head() + turn.body + more)

    return misdeed


# Time and ends


def stop_after(part: Callable[[Turn], bytes]) -> Misdeed:
    """Part of the answer, then silence."""

    def misdeed(turn: Turn) -> None:
        turn.connection.send(part(turn))
        turn.connection.stall()

    return misdeed


def close_after(part: Callable[[Turn], bytes]) -> Misdeed:
    """Part of the answer, then the end of the connection."""

    def misdeed(turn: Turn) -> None:
        turn.connection.send(part(turn))
        turn.hang_up()

    return misdeed


def nothing(turn: Turn) -> bytes:
    return b""


def half_the_head(turn: Turn) -> bytes:
    return turn.head()[:-10]


def the_head(turn: Turn) -> bytes:
    return turn.head()


def all_but_a_byte(turn: Turn) -> bytes:
    return turn.head() + turn.body[:-1]


def drip(part: Callable[[Turn], bytes]) -> Misdeed:
    """So much at once, the rest at a byte a second, each in a TLS record of its own."""

    def misdeed(turn: Turn) -> None:
        first = part(turn)
        turn.connection.send(first)
        for byte in (turn.head() + turn.body)[len(first) :]:
            time.sleep(A_BYTE_EACH_S)
            turn.connection.send(bytes([byte]))

    return misdeed


def drip_one_record(turn: Turn) -> None:
    """The body in one TLS record, of which a byte arrives each second."""
    turn.connection.send(turn.head())
    turn.connection.drip_s = A_BYTE_EACH_S
    turn.connection.send(turn.body)


def reset_in_body(turn: Turn) -> None:
    turn.connection.send(turn.head() + turn.body[:5])
    # With no time to linger, closing sends RST.
    turn.connection.raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    turn.hang_up()
