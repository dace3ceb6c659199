"""umqtt.simple as far as a publisher needs it, for the virtual board: MQTT 3.1.1, QoS 0.

It stands for micropython-lib's, version 1.8: the same methods, arguments and errors. Section
numbers are those of the OASIS standard "MQTT Version 3.1.1".
"""

import socket
import struct

_CONNECT = b"\x10"
_PUBLISH = b"\x30"
_PINGREQ = b"\xc0\x00"
_PINGRESP = b"\xd0"
_CLEAN_SESSION = 2


class MQTTException(Exception):
    """The broker refused the connection; the argument is its return code (3.2.2.3)."""


class MQTTClient:
    """A client of one broker."""

    def __init__(self, client_id: str, server: str, port: int = 0, keepalive: int = 0):
        self._client_id = client_id
        self._server = server
        self._port = port or 1883
        self._keepalive = keepalive
        self.sock = None

    def connect(self, clean_session: bool = True, timeout=None) -> int:
        """Connect and wait for the broker's answer; returns whether it knows the session."""
        if self.sock:
            self.sock.close()
        self.sock = socket.socket()
        self.sock.settimeout(timeout)
        self.sock.connect(socket.getaddrinfo(self._server, self._port)[0][-1])
        flags = _CLEAN_SESSION if clean_session else 0
        head = _string("MQTT") + struct.pack(">BBH", 4, flags, self._keepalive)
        self._send(_CONNECT, head + _string(self._client_id))
        answer = self.sock.read(4)
        assert answer[0] == 0x20
        assert answer[1] == 2
        if answer[3]:
            raise MQTTException(answer[3])
        return answer[2] & 1

    def ping(self) -> None:
        """Ask the broker for a sign of life; check_msg takes it in."""
        self.sock.write(_PINGREQ)

    def publish(self, topic: str, msg: str) -> None:
        """Send a message, at most once."""
        self._send(_PUBLISH, _string(topic) + msg.encode())

    def check_msg(self) -> None:
        """Take in a message if one is there; OSError(-1) if the broker has closed."""
        self.sock.setblocking(False)
        kind = self.sock.read(1)
        self.sock.setblocking(True)
        if kind == b"":
            raise OSError(-1)
        if kind == _PINGRESP:
            assert self.sock.read(1) == b"\x00"

    def _send(self, kind: bytes, body: bytes) -> None:
        self.sock.write(kind + _remaining_length(len(body)) + body)


def _string(text: str) -> bytes:
    data = text.encode()
    return struct.pack(">H", len(data)) + data


def _remaining_length(length: int) -> bytes:
    """Seven bits a byte, the lowest first (2.2.3)."""
    encoded = b""
    while length > 0x7F:
        encoded += bytes([length & 0x7F | 0x80])
        length >>= 7
    return encoded + bytes([length])
