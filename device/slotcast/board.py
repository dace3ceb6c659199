"""The hardware as the updater sees it.

The one module that imports esp32 and machine, but for record.py, which opens NVS, and guard.py,
which has to work where nothing else does.
"""

from slotcast.clock import Clock


class Board:
    """This board. A test may pass another with the same methods."""

    def __init__(self):
        import time

        import esp32
        import machine

        self._esp32 = esp32
        self._machine = machine
        self._time = time

    def running_slot(self):
        """The slot.Slot that runs: to read, never to write."""
        from slotcast.slot import Slot

        partition = self._esp32.Partition
        return Slot(partition(partition.RUNNING))

    def other_slot(self):
        """The slot.Slot that an update goes to; raises BoardError without one."""
        from slotcast.slots import other_slot

        return other_slot(self._esp32.Partition)

    def eraser(self, slot, block_erase: bool):
        """What erases a slot ahead: an erase.Eraser if the board was told so, else None."""
        if not block_erase:
            return None
        from slotcast.erase import Eraser, Latch

        try:
            latch = Latch(self._esp32.NVS("slotcast"))
        except OSError:  # without a memory of a try that failed there is none
            latch = None
        return Eraser(slot, latch, self._time)

    def verify_can_update(self) -> None:
        """Refuse a partition table or bootloader not made for updates, with BoardError."""
        from slotcast.slots import verify_can_update

        verify_can_update(self._esp32.Partition)

    def state(self):
        """State of the running image in otadata, see boot.state."""
        return self._boot().state(self._esp32.Partition)

    def boots_itself(self) -> bool:
        """Whether the next boot is to start what runs now."""
        return self._boot().boots_itself(self._esp32.Partition)

    def boot_state(self):
        """State of the image that boots next, see boot.boot_state."""
        return self._boot().boot_state(self._esp32.Partition)

    def confirm(self) -> bool:
        """Keep the running image; False when it was not on trial."""
        return self._boot().confirm(self._esp32.Partition)

    def disarm(self) -> None:
        """Take back a set_boot, before the reset."""
        self._boot().disarm(self._esp32.Partition)

    def was_aborted(self, address: int) -> bool:
        """Whether the bootloader recorded that it gave up the image in that slot."""
        return self._boot().was_aborted(self._esp32.Partition, address)

    def _boot(self):
        """The module, which only the beginning and the end of a poll need."""
        from slotcast import boot

        return boot

    def device_id(self) -> str:
        """Hex of the chip's unique id."""
        return self._machine.unique_id().hex()

    def was_powered_on(self) -> bool:
        """Whether this boot follows a power-on (or a brown-out, which looks the same)."""
        return self._machine.reset_cause() == self._machine.PWRON_RESET

    def woke_from_sleep(self) -> bool:
        """Whether this boot follows a deep sleep: the bootloader has not looked at otadata then."""
        return self._machine.reset_cause() == self._machine.DEEPSLEEP_RESET

    def reset(self) -> None:
        """Reset through the bootloader; does not return."""
        self._machine.reset()

    def sleep_s(self, seconds: int) -> None:
        """Wait."""
        self._time.sleep(seconds)

    def ticks(self) -> int:
        """A moment, for seconds_since."""
        return self._time.ticks_ms()

    def seconds_since(self, ticks: int) -> int:
        """Whole seconds since a moment less than six days ago."""
        return self._time.ticks_diff(self._time.ticks_ms(), ticks) // 1000

    def clock(self, built_at: str) -> Clock:
        """A clock that SNTP sets, and that is never before `built_at` (ISO time)."""
        import ntptime

        return Clock(built_at, self._time.gmtime, self._set_utc, ntptime.settime)

    def _set_utc(self, fields):
        year, month, day, hour, minute, second = fields
        # The weekday is computed by the port; the last field is microseconds.
        self._machine.RTC().datetime((year, month, day, 0, hour, minute, second, 0))
