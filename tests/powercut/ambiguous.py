"""What becomes of a board when a cut leaves in doubt what happened, and its own record may be lost.

The power goes while a new image is on trial, for the first time. The bootloader finds one of a few
states of otadata, of which only one says that the image was given up; the board's record of digest
and attempts, in NVS, is there or not; and the image is healthy, or fails in one of two ways.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from device.virtual.fakes import otadata
from device.virtual.table import DEFAULT_TABLE
from tests.powercut.bench import Bench, Life, Workshop
from tests.powercut.points import flash_before
from tests.powercut.recording import NEW, OLD, Recording
from tests.powercut.report import table

HEALTHY, PANICS, UNHEALTHY = "healthy", "panics", "health check fails"
KEPT, LOST = "kept", "lost"
_SICKNESS = {HEALTHY: {}, PANICS: {"panic": True}, UNHEALTHY: {"wifi": False}}
_ENTRY = 0xF000  # the second entry of otadata: that of the image on trial
_NVS = next(partition for partition in DEFAULT_TABLE if partition.label == "nvs")
_HEAD = ("release", "otadata says", "record", "runs", "tries after", "bytes", "last word")


@dataclass(frozen=True)
class Case:
    """One row: how the image is, what otadata says of it, and whether the record is there."""

    release: str
    entry: str
    record: str


@dataclass(frozen=True)
class Ending:
    """What became of it.

    Attributes:
        version: of the image that runs in the end, "" if it is none of the two.
        tries: how often the new image was started after the cut.
    """

    case: Case
    version: str
    tries: int
    life: Life


def cases() -> list[Case]:
    """All of them."""
    return [
        Case(release, entry, record)
        for release, record, entry in product(_SICKNESS, (KEPT, LOST), entries(b"\xff" * 32))
    ]


def endings(recording: Recording, workshop: Workshop, chosen: list[Case]) -> Iterator[Ending]:
    """Run cases, and yield what became of each in their order."""
    on_trial = trial_flash(recording)

    def run(bench: Bench, case: Case) -> Ending:
        bench.board.world["images"] = {}
        sickness = _SICKNESS[case.release]
        bench.board.world.sicken(recording.new.image_digest, **sickness)
        try:
            life = bench.live(cut_flash(on_trial, case))
        finally:
            bench.board.world["images"] = {}
        versions = {recording.old.image_digest: OLD, recording.new.image_digest: NEW}
        version = versions.get(life.boots[-1].image_digest, "")
        return Ending(case, version, life.tried(recording.new.image_digest), life)

    return workshop.each(chosen, run)


def trial_flash(recording: Recording) -> bytes:
    """Flash as the bootloader left it when the new image was started for the first time."""
    marks = recording.marks
    boot = max(index for index, mark in enumerate(marks) if mark.text.startswith("boot "))
    return flash_before(recording.base, recording.operations, marks[boot + 1].before)


def cut_flash(on_trial: bytes, case: Case) -> bytes:
    """What the cut of a case leaves."""
    flash = bytearray(on_trial)
    flash[_ENTRY : _ENTRY + 32] = entries(on_trial[_ENTRY : _ENTRY + 32])[case.entry]
    if case.record == LOST:
        flash[_NVS.offset : _NVS.offset + _NVS.size] = b"\xff" * _NVS.size
    return bytes(flash)


def entries(pending: bytes) -> dict[str, bytes]:
    """What a cut may leave of the entry of an image on trial, by name.

    Args:
        pending: the entry as it stood before.
    """
    entry = otadata.Entry.from_bytes(pending)
    valid = entry.with_state(otadata.VALID).to_bytes()
    return {
        "new": entry.with_state(otadata.NEW).to_bytes(),
        "pending": pending,
        "aborted": entry.with_state(otadata.ABORTED).to_bytes(),
        "nothing": b"\xff" * 32,
        "half an entry": valid[:30] + b"\xff\xff",
    }


def ambiguous_table(found: list[Ending]) -> list[str]:
    """Lines of a table of them."""
    rows = [
        (
            ending.case.release,
            ending.case.entry,
            ending.case.record,
            ending.version,
            ending.tries,
            ending.life.sent_bytes,
            ending.life.end,
        )
        for ending in found
    ]
    return table(_HEAD, rows)
