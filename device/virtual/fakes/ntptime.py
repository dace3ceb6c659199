"""micropython-lib's `ntptime`: sets the clock from the world's, when the world has NTP."""

from fakes import socket
from fakes.chip import chip
from fakes.time import EPOCH_S

host = "pool.ntp.org"
timeout = 1


def time() -> int:
    """The world's time in seconds since 2000.

    Raises:
        OSError: -202 when the station is not connected, 116 when nobody answers.
    """
    socket.check_network()
    if not chip.host.world()["ntp"]:
        chip.clock.sleep_ns(timeout * 1000000000)
        raise OSError(116)
    return _world_ns() // 1000000000 - EPOCH_S


def settime() -> None:
    """Set the board's clock to the world's."""
    chip.clock.set_rtc_ns((time() + EPOCH_S) * 1000000000)


def _world_ns() -> int:
    offset_ns = int(chip.host.world()["clock_offset_s"] * 1000000000)
    return chip.clock.virtual_ns() + offset_ns
