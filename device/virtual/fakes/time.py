"""The `time` module of the ESP32 port: its epoch is 2000, and virtual time is what passes."""

import time as _real

from fakes.chip import chip

EPOCH_S = 946684800  # 2000-01-01 in seconds since 1970


def sleep(seconds: float) -> None:
    """Sleep for seconds, whole or not."""
    chip.sample_heap()
    chip.clock.sleep_ns(int(seconds * 1000000000))


def sleep_ms(ms: int) -> None:
    """Sleep for milliseconds."""
    sleep(max(0, ms) / 1000)


def sleep_us(us: int) -> None:
    """Sleep for microseconds."""
    sleep(max(0, us) / 1000000)


def time() -> int:
    """The board's clock in seconds since 2000."""
    return time_ns() // 1000000000


def time_ns() -> int:
    """The board's clock in nanoseconds since 2000."""
    return chip.clock.rtc_ns() - EPOCH_S * 1000000000


def gmtime(seconds: object = None) -> tuple:
    """(year, month, day, hour, minute, second, weekday, day of the year)."""
    if seconds is None:
        seconds = time()
    return _real.gmtime(int(seconds) + EPOCH_S)[:8]


localtime = gmtime  # the port knows no time zones


def mktime(parts: tuple) -> int:
    """Seconds since 2000 of a tuple of gmtime."""
    return _real.mktime(tuple(parts)[:8]) - EPOCH_S


# Ticks stay in step with those of the asyncio scheduler, which is C and asks the host: they are the
# host's, moved on by what was skipped.
ticks_add = _real.ticks_add
ticks_diff = _real.ticks_diff
ticks_cpu = _real.ticks_cpu


def ticks_ms() -> int:
    """Milliseconds from an arbitrary start."""
    return _real.ticks_add(_real.ticks_ms(), chip.clock.skipped_ns() // 1000000)


def ticks_us() -> int:
    """Microseconds from an arbitrary start."""
    return _real.ticks_add(_real.ticks_us(), chip.clock.skipped_ns() // 1000)
