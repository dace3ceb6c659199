"""The `select` module, in whose poll() virtual time may pass faster than real time.

With the world's `network_speed` at 1 it is the real one. Above, a wait of n milliseconds in which
nothing comes takes n/network_speed real ones; what comes earlier ends it as ever.
"""

import select as _real

from fakes.chip import chip

POLLIN = _real.POLLIN
POLLOUT = _real.POLLOUT
_NS_A_MS = 1000000


def poll() -> object:
    """A poll object."""
    speed = chip.host.boot["network_speed"]
    return _real.poll() if speed == 1 else _Poll(speed)


class _Poll:
    """A poll object; ipoll, which asyncio's scheduler waits by, takes its real time."""

    def __init__(self, speed: float) -> None:
        self._poll = _real.poll()
        self._speed = speed
        self.register = self._poll.register
        self.unregister = self._poll.unregister
        self.modify = self._poll.modify
        self.ipoll = self._poll.ipoll

    def poll(self, timeout: int = -1) -> list:
        """Wait for an event, for up to `timeout` virtual milliseconds; below 0, for ever."""
        if timeout <= 0:
            return self._poll.poll(timeout)
        real_ms = int(timeout / self._speed) + 1
        ready = self._poll.poll(real_ms)
        if not ready and timeout > real_ms:
            chip.clock.skip_ns((timeout - real_ms) * _NS_A_MS)
        return ready
