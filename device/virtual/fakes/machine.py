"""The `machine` module of the ESP32 port, as far as an update needs it."""

import sys
import time
from binascii import unhexlify

from fakes import state
from fakes.chip import chip

PWRON_RESET = 1
HARD_RESET = 2
WDT_RESET = 3
DEEPSLEEP_RESET = 4
SOFT_RESET = 5


def reset() -> None:
    """Reset the chip; the bootloader runs next."""
    chip.host.end(state.RESET)


def soft_reset() -> None:
    """Start MicroPython again; the bootloader does not run."""
    chip.host.end(state.SOFT_RESET)


def reset_cause() -> int:
    """Why the chip started last."""
    return chip.host.boot["reset_cause"]


def deepsleep(time_ms: object = None) -> None:
    """Sleep with all but the RTC off; on waking the bootloader skips otadata.

    Without a time the board sleeps until somebody resets it.
    """
    if time_ms is None:
        chip.host.end(state.ASLEEP)
    chip.clock.skip_ns(time_ms * 1000000)
    chip.host.end(state.DEEP_SLEEP)


def lightsleep(time_ms: int = 0) -> None:
    """Sleep and go on."""
    chip.clock.sleep_ns(time_ms * 1000000)


def idle() -> None:
    """Wait for the next interrupt: a millisecond."""
    chip.clock.sleep_ns(1000000)


def unique_id() -> bytes:
    """The board's MAC address, 6 bytes."""
    return unhexlify(chip.host.boot["unique_id"])


def freq(hz: object = None) -> object:
    """The CPU's clock; setting it changes nothing."""
    return 160000000 if hz is None else None


class Pin:
    """A pin that nothing is connected to."""

    IN = 1
    OUT = 3

    def __init__(self, id: int, mode: int = -1) -> None:
        self._value = 0

    def value(self, level: object = None) -> object:
        """Get or set its level."""
        if level is None:
            return self._value
        self._value = level
        return None


class RTC:
    """The real-time clock; it runs through a reset and loses power with the board."""

    def datetime(self, value: object = None) -> object:
        """Get or set (year, month, day, weekday, hour, minute, second, microsecond)."""
        if value is not None:
            year, month, day, _, hour, minute, second, microsecond = value
            seconds = time.mktime((year, month, day, hour, minute, second, 0, 0))
            chip.clock.set_rtc_ns((seconds * 1000000 + microsecond) * 1000)
            return None
        now_ns = chip.clock.rtc_ns()
        year, month, day, hour, minute, second, weekday = time.gmtime(now_ns // 1000000000)[:7]
        microsecond = now_ns // 1000 % 1000000
        return (year, month, day, weekday, hour, minute, second, microsecond)

    def init(self, value: object) -> None:
        """Set the clock."""
        self.datetime(value)

    def memory(self, data: object = None) -> object:
        """Get or set up to 2 KiB that a reset leaves alone."""
        if data is None:
            return chip.host.state.memory()
        if len(data) > state.MEMORY_MAX:
            raise ValueError("buffer too long")
        chip.host.state.put_memory(bytes(data))
        return None


class WDT:
    """The task watchdog: once started nothing stops it, not even the REPL."""

    def __init__(self, id: int = 0, timeout: int = 5000) -> None:
        if id != 0:
            raise ValueError
        if timeout <= 0:
            raise ValueError("WDT timeout too short")
        self._timeout_ms = timeout
        self.feed()

    def feed(self) -> None:
        """Begin the timeout anew."""
        chip.clock.set_watchdog(self._timeout_ms, chip.bite)


class Timer:
    """A hardware timer; its callback runs between two instructions of Python, so in no hang of C.

    Here it runs while the board sleeps, and at the REPL. A second Timer of the same id is the first
    one: set anew, it forgets its callback (ports/esp32/machine_timer.c).
    """

    ONE_SHOT = 0
    PERIODIC = 1

    def __init__(self, id: int, **settings: object) -> None:
        if not 0 <= id < 4:
            raise ValueError("invalid Timer number")
        self._id = id
        if settings:
            self.init(**settings)

    def init(self, *, mode: int = 1, period: int = -1, callback: object = None) -> None:
        """Call callback(timer) after `period` milliseconds, once or again and again."""

        def fire() -> None:
            if mode:
                chip.clock.set_alarm(self._id, period, fire)
            try:
                callback(self)
            except Exception as error:  # the scheduler prints it, and goes on
                sys.print_exception(error)

        chip.clock.set_alarm(self._id, period, fire)

    def deinit(self) -> None:
        """Stop it."""
        chip.clock.clear_alarm(self._id)
