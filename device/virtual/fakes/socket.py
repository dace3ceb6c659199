"""The `socket` module: real sockets, names from the world's table of hosts.

What is not here is the real module's.
"""

import socket as _real

from fakes.chip import chip
from fakes.radio import radio

_NO_ADDRESS = -202  # lwIP's EAI_FAIL as the ESP32 port raises it


def check_network() -> None:
    """Raise OSError(-202), as a look-up does, unless the station is connected."""
    if not radio.is_connected():
        raise OSError(_NO_ADDRESS)


def getaddrinfo(host: str, port: int, *options: int) -> list:
    """Addresses of a host: those of the world's table, or of a literal address."""
    chip.sample_heap()
    check_network()
    hosts = chip.host.world()["hosts"]
    known = hosts.get("%s:%d" % (host, port)) or hosts.get(host)
    if known:
        host, port = known
    elif not _is_literal(host):
        raise OSError(_NO_ADDRESS)
    return _real.getaddrinfo(host, port, *options)


def _is_literal(host: str) -> bool:
    return all(character in "0123456789." for character in host)
