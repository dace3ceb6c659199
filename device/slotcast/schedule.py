"""When to poll, so that boards which start in one moment do not ask in one moment.

After a power-on the first poll comes after settle_s and the board's share of spread_s. From then on
each board polls at its own phase of poll_every_s, counted from its start. Both come from a hash of
its id: over many boards they are even, and independent of each other.
"""

from hashlib import sha256

_SALT = "schedule:"
_DAY_S = 86400
_LEAST_S = 600
_HALF_WRAP_S = 536870  # of time.ticks_ms, which MicroPython wraps at 2^30 ms on 32-bit ports


class Schedule:
    """The times, in seconds of uptime, at which this board polls.

    Args:
        device_id: text that tells this board from all others.
        config: a Config, for settle_s, spread_s, poll_every_s and window.
        powered_on: whether this boot follows a power-on. After any other reset the first poll is
            due at once: new firmware is to be confirmed, and a crash loop must find its cure.
    """

    def __init__(self, device_id: str, config, powered_on: bool):
        hashed = sha256((_SALT + device_id).encode()).digest()
        self._share = int.from_bytes(hashed[:4], "big")
        self._period_s = max(1, config.poll_every_s)
        self._phase_s = int.from_bytes(hashed[4:8], "big") % self._period_s
        self._window = config.window
        self._due_s = config.settle_s + self._share_of(config.spread_s) if powered_on else 0

    def is_due(self, uptime_s: int) -> bool:
        """Whether to poll now."""
        return uptime_s >= self._due_s

    def left_s(self, uptime_s: int) -> int:
        """Seconds until the next poll, 0 when it is due."""
        return max(0, self._due_s - uptime_s)

    def polled(self, uptime_s: int) -> None:
        """A poll came to its end; the next is due at the board's phase.

        It leaves out times that passed during the poll or lie within half a period of its end. So
        the first poll is never followed closely by another, and each board polls once in the period
        that begins half a period after it.
        """
        least_s = uptime_s + (self._period_s + 1) // 2
        self._due_s = least_s + (self._phase_s - least_s) % self._period_s

    def wait_for_window(self, uptime_s: int, now: str) -> None:
        """An update waits: poll again in the next maintenance window, unless a poll comes sooner.

        Without that, a window shorter than the period would never be met by boards whose phase lies
        outside. Each board has its own moment in the first half of the window, so that what is left
        suffices for the install. Call it after `polled`.
        """
        if self._window:
            into_s = self._share_of(self._window.length_s // 2)
            # At the least: `now` is the network's, which may say the same each time.
            left_s = max(_LEAST_S, self._window.left_s(now, into_s))
            self._due_s = min(self._due_s, uptime_s + left_s)

    def _share_of(self, span_s):
        """This board's place in 0 to span_s."""
        return self._share % (span_s + 1)


class Uptime:
    """Seconds since this was made, that never run backwards.

    Args:
        board: a Board, for ticks and seconds_since.

    The board's ticks wrap after 12 days: ask at least every few days. Asked later than that it
    loses some of the time, and goes on from there.
    """

    def __init__(self, board):
        self._board = board
        self._ticks = board.ticks()
        self._before_ticks_s = 0
        self._now_s = 0

    def now_s(self) -> int:
        """Whole seconds."""
        passed_s = self._board.seconds_since(self._ticks)
        if passed_s < 0:  # so long ago that it looks like the future
            passed_s = _HALF_WRAP_S
        now_s = max(self._now_s, self._before_ticks_s + passed_s)
        # A new mark well before ticks wrap, or when they did; seldom: each loses part of a second.
        if passed_s >= _DAY_S or now_s > self._before_ticks_s + passed_s:
            self._ticks = self._board.ticks()
            self._before_ticks_s = now_s
        self._now_s = now_s
        return now_s
