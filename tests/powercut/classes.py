"""Points that a board cannot tell apart, so that one of them may be run for all.

All that survives a power cut is flash, and this is all that Slotcast and the bootloader look at in
it until the update is done (install.py, slot.py, image.py, boot.py, record.py, files.py):

- otadata: the entry at the start of each sector, byte for byte;
- nvs: the values that NVS finds, and where it writes next;
- vfs: the files that LittleFS finds; how it recovers is tried at every point by itself (look.py);
- the slot that is written: which blocks of the payload match their hash, for those are not fetched,
  and which sectors are already what they are to be, for those are not erased. Nothing else is read
  of a slot that is not armed, but where its blank end begins (erase.py): that moves with what was
  written last, and decides only which sectors behind it are erased.

So two points are of one class when these four are the same. That this holds is not taken on trust:
members of the large classes are run besides their representative, and must do the same.
"""

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field

from device.virtual.flash import SECTOR_SIZE
from device.virtual.table import DEFAULT_TABLE, ota_slots
from tests.powercut.journal import Operation
from tests.powercut.nvs import read_nvs
from tests.powercut.points import PROGRAMMED, Point, Span, cut, region, spans
from tests.powercut.recording import Recording
from tests.powercut.trees import Trees

State = Hashable
_BLANK = 0xFF
_ENTRY_BYTES = 32
_PLACES = {partition.label: partition for partition in DEFAULT_TABLE}
_SLOT = ota_slots(DEFAULT_TABLE)[1]


@dataclass
class PointClass:
    """Points of equal behaviour.

    Attributes:
        phase: what the board was doing at the first of them.
        tree: number of the tree of files that the board finds.
    """

    phase: str
    tree: int
    spans: list[Span] = field(default_factory=list)

    def __len__(self) -> int:
        return sum(len(span) for span in self.spans)

    def point(self, index: int) -> Point:
        """The member at an index below len()."""
        for span in self.spans:
            if index < len(span):
                return span.point(index)
            index -= len(span)
        raise IndexError(index)


class Part:
    """One partition as the journal goes by, and what a board sees of it.

    Args:
        data: the partition's bytes.
        offset: its address.
        see: bytes of the partition -> state.
    """

    def __init__(self, data: bytes, offset: int, see: Callable[[bytearray], State]) -> None:
        self._data = bytearray(data)
        self._offset = offset
        self._see = see
        self.state = see(self._data)

    def seen(self, number: int, operation: Operation) -> Iterator[tuple[Span, State]]:
        """The state at each point of an operation, which is then done."""
        place = self._place(operation)
        held = bytes(self._data[place])
        for span in spans(number, operation):
            for index in range(len(span)):
                point = span.point(index)
                self._data[place] = cut(operation, held, point)
                yield Span(number, point.kind, point.at, point.at + 1), self._see(self._data)
        self._data[place] = operation.result(held)
        self.state = self._see(self._data)

    def _place(self, operation: Operation) -> slice:
        start = operation.address - self._offset
        return slice(start, start + operation.size)


class SlotPart(Part):
    """The slot that is written; its state has a bit for each sector that is as it is to be.

    The low bits tell it of whole sectors, those above of the bytes of the image alone, which is all
    that a block's hash covers: they differ where the image ends within a sector.
    """

    def __init__(self, data: bytes, image: bytes) -> None:
        self._image = image
        self._count = -(-len(image) // SECTOR_SIZE)
        self._goal = image.ljust(self._count * SECTOR_SIZE, b"\xff")
        super().__init__(data, _SLOT.offset, self._see_all)

    def seen(self, number: int, operation: Operation) -> Iterator[tuple[Span, State]]:
        """As Part has it, with one look for all bytes that cannot complete a sector."""
        place = self._place(operation)
        held = bytes(self._data[place])
        for span in spans(number, operation):
            if span.kind == PROGRAMMED:
                yield from self._programmed(span, operation, held)
                continue
            for index in range(len(span)):
                self._data[place] = cut(operation, held, span.point(index))
                at = span.start + index
                yield Span(number, span.kind, at, at + 1), self._with(place.start)
        self._data[place] = operation.result(held)
        self.state = self._with(place.start)

    def _programmed(self, span: Span, operation: Operation, held: bytes) -> Iterator[tuple]:
        """A sector that was erased is complete with the last byte of its goal that is not 0xFF."""
        sector = (operation.address - self._offset) // SECTOR_SIZE
        goal = self._goal[sector * SECTOR_SIZE : (sector + 1) * SECTOR_SIZE]
        assert operation.data == goal
        assert held.count(_BLANK) == len(held)
        complete = len(goal.rstrip(b"\xff"))
        before = self._with(sector * SECTOR_SIZE)
        yield Span(span.number, span.kind, 0, complete), before
        if complete < span.stop:
            bits = 1 << sector | 1 << (self._count + sector)
            yield Span(span.number, span.kind, complete, span.stop), before | bits

    def _see_all(self, data: bytearray) -> int:
        self._bits = 0
        for sector in range(self._count):
            self._bits = self._with(sector * SECTOR_SIZE, data)
        return self._bits

    def _with(self, start: int, data: bytearray | None = None) -> int:
        """The state, seen anew at one sector."""
        data = self._data if data is None else data
        sector = start // SECTOR_SIZE
        whole, image = 1 << sector, 1 << (self._count + sector)
        end = min(start + SECTOR_SIZE, len(self._image))
        bits = self._bits & ~whole & ~image
        bits |= whole if data[start : start + SECTOR_SIZE] == self._goal_at(start) else 0
        bits |= image if data[start:end] == self._image[start:end] else 0
        self._bits = bits
        return bits

    def _goal_at(self, start: int) -> bytes:
        return self._goal[start : start + SECTOR_SIZE]


class FilesPart:
    """The filesystem; what LittleFS finds there was looked up before."""

    def __init__(self, trees: Trees) -> None:
        self._spans = trees.spans
        self._end = trees.end
        self._order = sorted(trees.spans)
        self.state = trees.spans[self._order[0]][0][1] if self._order else trees.end

    def seen(self, number: int, operation: Operation) -> Iterator[tuple[Span, State]]:
        """The tree at each point of an operation."""
        yield from self._spans[number]
        after = self._order.index(number) + 1
        is_last = after == len(self._order)
        self.state = self._end if is_last else self._spans[self._order[after]][0][1]


def classify(recording: Recording, trees: Trees) -> list[PointClass]:
    """All points of a recording, in classes, in the order in which the update meets them."""
    parts = _parts(recording, trees)
    phases = _phases(recording)
    classes: dict[State, PointClass] = {}

    def add(span: Span, states: dict[str, State]) -> None:
        found = PointClass(phases[span.number], int(str(states["vfs"])))
        classes.setdefault(tuple(states.values()), found).spans.append(span)

    states = {label: part.state for label, part in parts.items()}
    for number, operation in enumerate(recording.operations):
        label = region(operation)
        for span, state in parts[label].seen(number, operation):
            add(span, {**states, label: state})
        states[label] = parts[label].state
    add(Span(len(recording.operations), PROGRAMMED, 0, 1), states)
    return list(classes.values())


def _parts(recording: Recording, trees: Trees) -> dict[str, Part | FilesPart]:
    def held(label: str) -> bytes:
        place = _PLACES[label]
        return recording.base[place.offset : place.offset + place.size]

    def part(label: str, see: Callable[[bytearray], State]) -> Part:
        return Part(held(label), _PLACES[label].offset, see)

    return {
        "otadata": part("otadata", see_otadata),
        "nvs": part("nvs", see_nvs),
        "vfs": FilesPart(trees),
        _SLOT.label: SlotPart(held(_SLOT.label), recording.new.data),
    }


def see_otadata(data: bytearray) -> State:
    """Both entries."""
    return bytes(data[:_ENTRY_BYTES]), bytes(data[SECTOR_SIZE : SECTOR_SIZE + _ENTRY_BYTES])


def see_nvs(data: bytearray) -> State:
    """What NVS finds."""
    values, generation, end = read_nvs(bytes(data))
    return tuple(sorted(values.items())), generation, end


_WHAT = {"otadata": "otadata", "nvs": "record", "vfs": "files", _SLOT.label: "download, slot write"}


def _phases(recording: Recording) -> list[str]:
    """Of each operation, what changes, and the last step that the board had logged before."""
    steps = {m.before: m.text.split()[1] for m in recording.marks if m.text.startswith("step ")}
    boots = {m.before: "bootloader" for m in recording.marks if m.text.startswith("boot ")}
    phases, last = [], "start"
    for number, operation in enumerate(recording.operations):
        # A boot whose first mark is a step's changed nothing before it.
        last = steps.get(number) or boots.get(number) or last
        phases.append(f"{_WHAT[region(operation)]} (after {last})")
    return [*phases, "the end"]
