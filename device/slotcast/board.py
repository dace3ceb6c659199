"""The hardware as the updater sees it: the one module that imports esp32 and machine."""

from slotcast import boot
from slotcast.clock import Clock
from slotcast.slot import Slot, other_slot


class Board:
    """This board. A test may pass another with the same methods."""

    def __init__(self):
        import time

        import esp32
        import machine

        self._esp32 = esp32
        self._machine = machine
        self._time = time

    def running_slot(self) -> Slot:
        """The slot that runs: to read, never to write."""
        partition = self._esp32.Partition
        return Slot(partition(partition.RUNNING))

    def other_slot(self) -> Slot:
        """The slot that an update goes to; raises BoardError without one."""
        return other_slot(self._esp32.Partition)

    def is_pending(self) -> bool:
        """Whether the running image waits to be confirmed."""
        return boot.is_pending(self._esp32.Partition)

    def confirm(self) -> bool:
        """Keep the running image; False when it was not on trial."""
        return boot.confirm(self._esp32.Partition)

    def was_aborted(self, address: int) -> bool:
        """Whether the bootloader recorded that it gave up the image in that slot."""
        return boot.was_aborted(self._esp32.Partition, address)

    def device_id(self) -> str:
        """Hex of the chip's unique id."""
        return self._machine.unique_id().hex()

    def was_powered_on(self) -> bool:
        """Whether this boot follows a power-on (or a brown-out, which looks the same)."""
        return self._machine.reset_cause() == self._machine.PWRON_RESET

    def reset(self) -> None:
        """Reset through the bootloader; does not return."""
        self._machine.reset()

    def sleep_s(self, seconds: int) -> None:
        """Wait."""
        self._time.sleep(seconds)

    def ticks_s(self) -> int:
        """Seconds since some moment; differences of less than a day are right."""
        return self._time.ticks_ms() // 1000

    def clock(self, floor: str) -> Clock:
        """A clock that never is before `floor`, set by SNTP."""
        import ntptime

        return Clock(floor, self._time.gmtime, self._set_utc, ntptime.settime)

    def _set_utc(self, fields):
        year, month, day, hour, minute, second = fields
        # The weekday is computed by the port; the last field is microseconds.
        self._machine.RTC().datetime((year, month, day, 0, hour, minute, second, 0))
