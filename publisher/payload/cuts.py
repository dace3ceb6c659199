"""How an edit is cut into blocks and frames, as a board's memory allows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from publisher.payload.edits import ESTIMATE_BITS, Edit
from publisher.payload.full import fitting_sizes, quick_deflate
from publisher.payload.head import ROW, WINDOW_BITS
from publisher.payload.instructions import Writer

# Of a frame, deflated: what a connection that breaks costs at most.
_FRAME_BYTES = 32_768


@dataclass(frozen=True)
class Frame:
    """Consecutive blocks, and the instructions for those of them that are not copied.

    `most_turns` are those of the block that has most.
    """

    blocks: range
    instructions: bytes = field(repr=False)
    most_turns: int


@dataclass(frozen=True)
class Cut:
    """An edit in blocks of a size, some of which are copied, and the others in frames.

    `window_bits` is what the frames' streams keep to.
    """

    edit: Edit
    block_size: int
    window_bits: int
    copied: frozenset[int]
    frames: Sequence[Frame]

    @property
    def estimated_length(self) -> int:
        """Roughly the bytes of payload that depend on the cut."""
        streams = (quick_deflate(frame.instructions, self.window_bits) for frame in self.frames)
        return ROW.size * len(_starts(self.edit, self.block_size)) + sum(map(len, streams))

    @property
    def instruction_bytes(self) -> int:
        """Bytes of all instructions."""
        return sum(len(frame.instructions) for frame in self.frames)

    def block(self, index: int) -> bytes:
        """Return a block of the image."""
        return self.edit.image[index * self.block_size : (index + 1) * self.block_size]

    def wanted(self, frame: Frame) -> list[int]:
        """Return those blocks of a frame that are not copied."""
        return [index for index in frame.blocks if index not in self.copied]


def find_cuts(base: bytes, edit: Edit, memory: int) -> Iterator[Cut]:
    """Yield the cuts of the two largest blocks that fit a board's memory, in bytes.

    Smaller ones only lengthen the table.
    """
    sizes = fitting_sizes(memory, has_base=True, relocation=edit.relocation)
    for block_size, widest in islice(sizes, 2):
        copied = frozenset(_copied(base, edit, block_size))
        frames = _frames(edit, block_size, copied)
        for bits in range(WINDOW_BITS[0], widest + 1):
            yield Cut(edit, block_size, bits, copied, frames)


def _starts(edit: Edit, block_size: int) -> range:
    return range(0, len(edit.image), block_size)


def _copied(base: bytes, edit: Edit, block_size: int) -> Iterator[int]:
    """Yield the blocks that are the base's at the same place."""
    for index, start in enumerate(_starts(edit, block_size)):
        block = edit.image[start : start + block_size]
        if base[start : start + len(block)] == block:
            yield index


def _frames(edit: Edit, block_size: int, copied: frozenset[int]) -> list[Frame]:
    blocks = range(len(_starts(edit, block_size)))
    wanted = [index for index in blocks if index not in copied]
    if not wanted:
        return []
    whole = _frame(edit, block_size, wanted, copied)
    deflated = len(quick_deflate(whole.instructions, ESTIMATE_BITS))
    if deflated <= _FRAME_BYTES:
        return [whole]
    budget = _FRAME_BYTES * len(whole.instructions) // deflated
    lengths = {
        index: len(_frame(edit, block_size, [index], copied).instructions) for index in wanted
    }
    return [_frame(edit, block_size, group, copied) for group in _groups(lengths, budget)]


def _groups(lengths: dict[int, int], budget: int) -> Iterator[list[int]]:
    """Yield the blocks in groups, each as large as its budget allows, and of one at least."""
    group: list[int] = []
    spent = 0
    for index, length in lengths.items():
        if group and spent + length > budget:
            yield group
            group, spent = [], 0
        group.append(index)
        spent += length
    yield group


def _frame(edit: Edit, block_size: int, wanted: Sequence[int], copied: frozenset[int]) -> Frame:
    """Return the frame for some blocks, between which there are copied ones only."""
    blocks = range(wanted[0], wanted[-1] + 1)
    writer = Writer(blocks[0] * block_size)
    for index in blocks:
        if index in copied:
            writer.skip(block_size)
        else:
            end = min((index + 1) * block_size, len(edit.image))
            writer.begin_block()
            edit.write(writer, index * block_size, end)
    return Frame(blocks, writer.finish(), writer.most_turns)
