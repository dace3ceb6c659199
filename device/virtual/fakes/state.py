"""What a running chip and its supervisor share beside flash: a small file of 64-bit fields.

The RTC domain of a chip keeps these through a reset and loses them with power, all but SKIPPED_NS,
which belongs to the virtual world. Plain Python for both interpreters; the file is unbuffered, so
that what a killed process wrote is there.
"""

import struct

try:
    from typing import BinaryIO
except ImportError:  # MicroPython: annotations are not evaluated
    pass

SKIPPED_NS = 0  # how far sleeping at more than real speed has taken virtual time ahead
RTC_SKEW_NS = 8  # the board's clock minus virtual time
WDT_DEADLINE_NS = 16  # real Unix time at which the watchdog fires; 0: not started
OUTCOME = 24  # how this boot ended, one of the codes below
PEAK_HEAP = 32  # bytes in use, the prelude's included; 0: not measured
PRELUDE_HEAP = 40  # bytes in use before the first line of user code
HEARTBEAT_NS = 48  # real Unix time at which the supervisor was last seen
MEMORY_SIZE = 56  # of RTC().memory()
MEMORY = 64

MEMORY_MAX = 2048
STATE_SIZE = MEMORY + MEMORY_MAX

# Where the image with the board's code is mounted, if that runs from flash.
ROM_MOUNT = "/.rom"

RUNNING = 0
RESET = 1
PANIC = 2
WDT = 3
DEEP_SLEEP = 4
SOFT_RESET = 5
REPL = 6
ASLEEP = 7


class State:
    """The fields, over an open unbuffered binary file of STATE_SIZE bytes."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def get(self, field: int) -> int:
        """The value of one field."""
        self._file.seek(field)
        value: int = struct.unpack("<q", self._file.read(8))[0]
        return value

    def put(self, field: int, value: int) -> None:
        """Write one field."""
        self._file.seek(field)
        self._file.write(struct.pack("<q", value))

    def memory(self) -> bytes:
        """The user's RTC memory."""
        size = self.get(MEMORY_SIZE)
        self._file.seek(MEMORY)
        return self._file.read(size)

    def put_memory(self, data: bytes) -> None:
        """Replace the user's RTC memory; at most MEMORY_MAX bytes."""
        self._file.seek(MEMORY)
        self._file.write(data)
        self.put(MEMORY_SIZE, len(data))
