"""Virtual time: real time, plus what sleeping at more than real speed has skipped."""

import time

from fakes.state import HEARTBEAT_NS, RTC_SKEW_NS, SKIPPED_NS, WDT_DEADLINE_NS, State

_STEP_NS = 1000000000
_ORPHANED_NS = 60 * 1000000000


class Clock:
    """Time as the board feels it. All _ns are nanoseconds since 1970.

    A sleep of n virtual seconds takes n/speed real ones. Work and waiting for the network take as
    long as they take. So a watchdog is watched from two sides: here while the board sleeps, in
    virtual time; by the supervisor otherwise, in real time.

    on_orphaned() is called when the supervisor was not seen for a minute: no board outlives it.
    """

    def __init__(self, state: State, speed: float, on_orphaned: callable) -> None:
        self._state = state
        self._on_orphaned = on_orphaned
        self._speed = speed
        self._skipped_ns = state.get(SKIPPED_NS)
        self._skew_ns = state.get(RTC_SKEW_NS)
        self._start_ns = self.virtual_ns()
        self._alarm_ns = 0
        self._on_alarm = None

    def virtual_ns(self) -> int:
        """Time of the virtual world."""
        return time.time_ns() + self._skipped_ns

    def uptime_ns(self) -> int:
        """Virtual time since this boot."""
        return self.virtual_ns() - self._start_ns

    def skipped_ns(self) -> int:
        """How far virtual time is ahead of real time."""
        return self._skipped_ns

    def rtc_ns(self) -> int:
        """What the board's own clock shows."""
        return self.virtual_ns() + self._skew_ns

    def set_rtc_ns(self, now_ns: int) -> None:
        """Set the board's own clock."""
        self._skew_ns = now_ns - self.virtual_ns()
        self._state.put(RTC_SKEW_NS, self._skew_ns)

    def sleep_ns(self, duration_ns: int) -> None:
        """Let virtual time pass; the alarm goes off in it when it is due."""
        if self._alarm_ns and self.virtual_ns() + duration_ns >= self._alarm_ns:
            self._pass(max(0, self._alarm_ns - self.virtual_ns()))
            self._on_alarm()
        self._pass(duration_ns)

    def skip_ns(self, duration_ns: int) -> None:
        """Let virtual time pass at once."""
        self._skipped_ns += duration_ns
        self._state.put(SKIPPED_NS, self._skipped_ns)

    def set_alarm(self, timeout_ms: int, on_alarm: callable) -> None:
        """Call on_alarm() unless the alarm is set again within timeout_ms: the watchdog."""
        self._alarm_ns = self.virtual_ns() + timeout_ms * 1000000
        self._on_alarm = on_alarm
        self._state.put(WDT_DEADLINE_NS, time.time_ns() + timeout_ms * 1000000)

    def _pass(self, duration_ns: int) -> None:
        real_ns = int(duration_ns / self._speed)
        for done_ns in range(0, real_ns, _STEP_NS):
            time.sleep_us(min(_STEP_NS, real_ns - done_ns) // 1000)
            if time.time_ns() - self._state.get(HEARTBEAT_NS) > _ORPHANED_NS:
                self._on_orphaned()
        if real_ns != duration_ns:
            self.skip_ns(duration_ns - real_ns)
