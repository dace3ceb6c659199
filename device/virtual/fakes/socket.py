"""The `socket` module: real sockets with buffers of a chip, names from the world's table of hosts.

What is not here is the real module's.
"""

import socket as _real

from fakes.chip import chip
from fakes.radio import radio

_NO_ADDRESS = -202  # lwIP's EAI_FAIL as the ESP32 port raises it
# A link that breaks loses what is under way, and that is no more than a window: 5744 bytes in lwIP
# as ESP-IDF configures it (CONFIG_LWIP_TCP_WND_DEFAULT, CONFIG_LWIP_TCP_MSS). By this number Linux,
# which counts in its own way, lets about 6000 in.
_BUFFER_BYTES = 4000
_SEGMENT_BYTES = 1440
# The host's numbers for setsockopt (Linux), which MicroPython does not name.
_SOL_SOCKET, _SO_RCVBUF, _IPPROTO_TCP, _TCP_MAXSEG = 1, 8, 6, 2


def check_network() -> None:
    """Raise OSError(-202), as a look-up does, unless the station is connected."""
    if not radio.is_connected():
        raise OSError(_NO_ADDRESS)


def socket(*options: int) -> object:
    """A socket; one for TCP has a chip's window, and takes segments of a chip's size."""
    made = _real.socket(*options)
    if _real.SOCK_DGRAM not in options[1:2]:
        made.setsockopt(_SOL_SOCKET, _SO_RCVBUF, _BUFFER_BYTES)
        made.setsockopt(_IPPROTO_TCP, _TCP_MAXSEG, _SEGMENT_BYTES)
    return made


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
