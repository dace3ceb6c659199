"""One boot of a virtual board, and the words for how it began and ended."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from device.virtual.fakes import state


class ResetCause(IntEnum):
    """Why a boot began, as machine.reset_cause() says it."""

    POWER_ON = 1
    HARD = 2  # machine.reset, and a panic
    WDT = 3
    DEEP_SLEEP = 4
    SOFT = 5


class Outcome(StrEnum):
    """How a boot ended."""

    RESET = "reset"
    PANIC = "panic"
    WDT = "wdt"
    DEEP_SLEEP = "deep sleep"  # and woke up
    SOFT_RESET = "soft reset"
    REPL = "repl"  # main.py ended or failed: powered, and nothing runs
    ASLEEP = "asleep"  # deep sleep without end
    NO_IMAGE = "no image"  # nothing that the bootloader could start
    UNTIL = "until"  # stopped from outside: the line that was waited for came
    TIMEOUT = "timeout"  # stopped from outside: it did not


# What the board's process left as its last word.
OUTCOMES = {
    state.RESET: Outcome.RESET,
    state.PANIC: Outcome.PANIC,
    state.WDT: Outcome.WDT,
    state.DEEP_SLEEP: Outcome.DEEP_SLEEP,
    state.SOFT_RESET: Outcome.SOFT_RESET,
    state.REPL: Outcome.REPL,
    state.ASLEEP: Outcome.ASLEEP,
}

# The outcomes after which the board starts again by itself, and with what cause.
RESTARTS = {
    Outcome.RESET: ResetCause.HARD,
    Outcome.PANIC: ResetCause.HARD,
    Outcome.WDT: ResetCause.WDT,
    Outcome.DEEP_SLEEP: ResetCause.DEEP_SLEEP,
    Outcome.SOFT_RESET: ResetCause.SOFT,
}


@dataclass(frozen=True)
class Boot:
    """One boot, from the bootloader to its end."""

    number: int
    cause: ResetCause
    slot: str  # label of the partition that ran, "" if none
    image_digest: str  # hex SHA-256 that the image carries, "" if it has none
    lines: list[str]
    outcome: Outcome
    peak_heap_bytes: int  # live heap of the user's code at its highest; 0 if not measured
