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
        self._alarms = {}  # what it is of -> (when, what to call): the watchdog's, and the timers'

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
        """Let virtual time pass; alarms go off in it when they are due."""
        end_ns = self.virtual_ns() + duration_ns
        while self._ring(end_ns, self._pass):
            duration_ns = max(0, end_ns - self.virtual_ns())
        self._pass(duration_ns)

    def idle_ns(self, duration_ns: int) -> None:
        """Let virtual time pass at once, as far as an alarm could go off in it."""
        end_ns = self.virtual_ns() + duration_ns
        while self._ring(end_ns, self.skip_ns):
            pass

    def skip_ns(self, duration_ns: int) -> None:
        """Let virtual time pass at once."""
        self._skipped_ns += duration_ns
        self._state.put(SKIPPED_NS, self._skipped_ns)

    def set_watchdog(self, timeout_ms: int, on_alarm: callable) -> None:
        """Call on_alarm() unless the watchdog is set again within timeout_ms."""
        self.set_alarm("watchdog", timeout_ms, on_alarm)
        self._state.put(WDT_DEADLINE_NS, time.time_ns() + timeout_ms * 1000000)

    def set_alarm(self, name: object, timeout_ms: int, on_alarm: callable) -> None:
        """Call on_alarm() once, when timeout_ms have passed; replaces an alarm of that name."""
        self._alarms[name] = (self.virtual_ns() + timeout_ms * 1000000, on_alarm)

    def clear_alarm(self, name: object) -> None:
        """Forget an alarm, if there is one of that name."""
        self._alarms.pop(name, None)

    def clear_timers(self) -> None:
        """Forget all alarms but the watchdog's."""
        self._alarms = {name: due for name, due in self._alarms.items() if name == "watchdog"}

    def _ring(self, end_ns: int, wait_ns: callable) -> bool:
        """Wait for the next alarm and let it go off; False if none is due by end_ns."""
        due = min([(at, str(name), name) for name, (at, _) in self._alarms.items()] or [None])
        if due is None or due[0] > end_ns:
            return False
        wait_ns(max(0, due[0] - self.virtual_ns()))
        self._alarms.pop(due[2])[1]()
        return True

    def _pass(self, duration_ns: int) -> None:
        real_ns = int(duration_ns / self._speed)
        for done_ns in range(0, real_ns, _STEP_NS):
            time.sleep_us(min(_STEP_NS, real_ns - done_ns) // 1000)
            if time.time_ns() - self._state.get(HEARTBEAT_NS) > _ORPHANED_NS:
                self._on_orphaned()
        if real_ns != duration_ns:
            self.skip_ns(duration_ns - real_ns)
