"""Whether a board that lived on after a power cut did all that it has to."""

from dataclasses import dataclass
from io import BytesIO

from device.virtual.fakes import otadata
from device.virtual.flash import Flash
from device.virtual.table import DEFAULT_TABLE, ota_slots
from tests.powercut.bench import Life
from tests.powercut.boots import start
from tests.powercut.points import region
from tests.powercut.recording import NEW, Recording
from tests.powercut.trees import ROLES, Tree, look_at, versions

_CURRENT = f"current: runs {NEW} already"
_OTADATA = 0xE000


@dataclass(frozen=True)
class Verdict:
    """What is wrong with the lives after one cut; all well where all three are empty.

    Attributes:
        boots: a boot that was not of an intact, known image.
        ends: how it does not run the new release for good.
        trust: trusted metadata that is lost, or older than it was.
    """

    boots: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    trust: tuple[str, ...] = ()

    @property
    def problems(self) -> tuple[str, ...]:
        """All of them."""
        return self.boots + self.ends + self.trust


class Judge:
    """Knows how an update has to end.

    Args:
        recording: of the update.
        end: the files after it.
    """

    def __init__(self, recording: Recording, end: Tree) -> None:
        self._recording = recording
        self._newest = versions(end)
        self._digests = (recording.old.image_digest, recording.new.image_digest)

    def judge(self, cut: Tree | None, *lives: Life) -> Verdict:
        """Judge lives of one board, one after the other, with the last cut in none of them.

        Args:
            cut: the files that the cut left, where they are known.
        """
        boots = tuple(problem for life in lives for problem in self._boots(life))
        end = look_at(lives[-1].flash)
        trust = older(versions(cut), versions(end)) if cut else ()
        return Verdict(boots, self._ends(lives[-1]), trust + older(self._newest, versions(end)))

    def judge_kept(self, cut: Tree, life: Life) -> Verdict:
        """Judge a life with an edge that serves what was published before the update."""
        lost = older(versions(cut), versions(look_at(life.flash)))
        return Verdict(tuple(self._boots(life)), (), lost)

    def _boots(self, life: Life) -> list[str]:
        wrong = [boot for boot in life.boots if boot.image_digest not in self._digests]
        return [f"boot {boot.number} ran {boot.image_digest or 'nothing'}" for boot in wrong]

    def _ends(self, life: Life) -> tuple[str, ...]:
        if life.end != _CURRENT:
            return (f"ended with: {life.end}",)
        new = self._recording.new
        at = ota_slots(DEFAULT_TABLE)[1].offset
        found = []
        if not is_kept(life.flash):
            found.append("the new image is not kept")
        if life.flash[at : at + len(new.data)] != new.data:
            found.append("the slot holds something else")
        if start(life.flash) != new.image_digest:
            found.append("the next boot starts something else")
        return tuple(found)


def is_kept(flash: bytes) -> bool:
    """Whether the active entry of otadata selects the second slot for good."""
    read = Flash(BytesIO(flash)).read
    entries = [otadata.Entry.from_bytes(read(_OTADATA + at, 32)) for at in (0, 4096)]
    active = otadata.active_index(entries)
    if active < 0:
        return False
    entry = entries[active]
    return otadata.slot_of(entry, 2) == 1 and entry.state == otadata.VALID


def older(before: dict[str, int], after: dict[str, int]) -> tuple[str, ...]:
    """The roles whose trusted metadata is lost, damaged or older than before."""
    return tuple(
        f"{role}.json went from version {before[role]} to {after[role]}"
        for role in ROLES
        if after[role] < max(1, before[role])
    )


class Traffic:
    """What an update that is not interrupted still has to fetch, from any point on."""

    def __init__(self, recording: Recording) -> None:
        self._end = len(recording.operations)
        self._parts = _requests(recording) + _blocks(recording)

    def left_bytes(self, number: int) -> int:
        """Bytes, as its edge sends them, from before this operation on."""
        return sum(
            size for before, size in self._parts if before > number or before == number == self._end
        )


def _requests(recording: Recording) -> list[tuple[int, int]]:
    """(operations before its answer, bytes) of each request but the one for the blocks."""
    found = []
    for mark in recording.marks:
        word, *rest = mark.text.split()
        if word == "sent" and not (rest[2].endswith(".slc") and not rest[1].startswith("bytes=0-")):
            found.append((mark.before, int(rest[0])))
    return found


def _blocks(recording: Recording) -> list[tuple[int, int]]:
    """(operations before it was there, encoded bytes) of each block."""
    rows, size = recording.head.rows, recording.head.block_size
    slot = ota_slots(DEFAULT_TABLE)[1]
    first: dict[int, int] = {}
    for number, operation in enumerate(recording.operations):
        if region(operation) == slot.label:
            first.setdefault((operation.address - slot.offset) // size, number)
    return [(number, rows[block].encoded_length) for block, number in first.items()]
