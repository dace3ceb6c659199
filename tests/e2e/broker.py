"""A tiny MQTT 3.1.1 broker on loopback: it takes what is published at QoS 0, and tells nobody.

Section numbers are those of the OASIS standard "MQTT Version 3.1.1".
"""

import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass
from io import BufferedReader

_CONNECT, _PUBLISH, _PINGREQ = 1, 3, 12
NOT_AUTHORIZED = 5  # a return code of CONNACK (3.2.2.3)
_PINGRESP = b"\xd0\x00"


@dataclass(frozen=True)
class Message:
    """What a client published."""

    client_id: str
    topic: str
    payload: bytes


class Broker:
    """Listens while used as a context manager; after that nobody answers at its port.

    Args:
        return_code: what it answers to CONNECT; 0 accepts.

    Attributes:
        port: where it listens.
        messages: all that was published, in the order of arrival.
    """

    def __init__(self, return_code: int = 0) -> None:
        self.messages: list[Message] = []
        self._connack = bytes((0x20, 2, 0, return_code))
        self._clients: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]

    def __enter__(self) -> "Broker":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Break all connections and listen no more."""
        for one in (self._listener, *self._clients):
            with suppress(OSError):  # it may be gone already
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                self._clients.append(client)
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        client_id = ""
        with suppress(OSError, EOFError), client.makefile("rb") as stream:
            while True:
                kind, body = read_packet(stream)
                if kind == _CONNECT:
                    client_id = take_string(body[10:])[0]
                    client.sendall(self._connack)
                elif kind == _PUBLISH:
                    topic, payload = take_string(body)
                    self.messages.append(Message(client_id, topic, payload))
                elif kind == _PINGREQ:
                    client.sendall(_PINGRESP)


def read_packet(stream: BufferedReader) -> tuple[int, bytes]:
    """(control packet type, all behind the fixed header) (2.2); EOFError at the end."""
    kind = read_exactly(stream, 1)[0] >> 4
    length = shift = 0
    while True:
        byte = read_exactly(stream, 1)[0]
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return kind, read_exactly(stream, length)


def read_exactly(stream: BufferedReader, length: int) -> bytes:
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return data


def take_string(data: bytes) -> tuple[str, bytes]:
    """A string with its length before it (1.5.3), and what follows."""
    (length,) = struct.unpack(">H", data[:2])
    return data[2 : 2 + length].decode(), data[2 + length :]
