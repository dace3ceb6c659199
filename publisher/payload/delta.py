"""A delta payload: what differs from a base, in as few bytes as a board's memory allows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator

from publisher.deflate import FAST, deflate
from publisher.errors import PayloadError
from publisher.payload.cuts import Cut, Frame, find_cuts
from publisher.payload.decode import Base
from publisher.payload.edits import Edit, find_edits
from publisher.payload.full import (
    Progress,
    encode_block,
    fitting_sizes,
    hash_block,
    quick_deflate,
)
from publisher.payload.head import (
    BLOCK_SIZES,
    COPY,
    DEFAULT_MEMORY,
    DELTA,
    JOINED,
    NO_BASE,
    WINDOW_BITS,
    Head,
    Row,
    most_turns,
    verify_sizes,
)
from publisher.payload.relocation import Relocation

# Instructions up to which it pays to search for shorter streams: seconds, for five per cent. A more
# thorough search takes four times as long for a third of one more.
_SEARCHED_BYTES = 262_144
_STEPS = 5  # of progress at most: three edits, a cut, streams


def encode_delta(
    base: Base, image: bytes, memory: int = DEFAULT_MEMORY, progress: Progress | None = None
) -> bytes:
    """Return the smallest payload known that carries `image` to a board that runs `base`.

    `memory` is what the board gives to a payload, in bytes; `progress` is told bytes of work done
    and in all. Raises PayloadError when the format has no such image, or no delta fits the memory.
    """
    if base.digest == NO_BASE:
        raise PayloadError("a base has an image_digest that is not zero")
    verify_sizes(WINDOW_BITS[0], BLOCK_SIZES[0], len(image))
    tell = _steps_of(progress, len(image))
    edit = _shortest_edit(_told(find_edits(base.data, image), tell), memory)
    cut = min(find_cuts(base.data, edit, memory), key=lambda cut: cut.estimated_length)
    tell(_STEPS - 1)
    payload = _encode(cut, base)
    tell(_STEPS)
    return payload


def _steps_of(progress: Progress | None, total: int) -> Callable[[int], None]:
    def tell(step: int) -> None:
        if progress:
            progress(total * step // _STEPS, total)

    return tell


def _told(edits: Iterator[Edit], tell: Callable[[int], None]) -> Iterator[Edit]:
    for step, edit in enumerate(edits, 1):
        tell(step)
        yield edit


def _shortest_edit(edits: Iterable[Edit], memory: int) -> Edit:
    """Return the shortest of those that some cut brings into the memory; PayloadError if none."""
    fitting = [
        edit
        for edit in edits
        if any(fitting_sizes(memory, has_base=True, relocation=edit.relocation))
    ]
    if not fitting:
        raise PayloadError(f"no delta can be decoded in {memory} bytes of memory")
    return min(fitting, key=lambda edit: edit.estimated_length)


def _encode(cut: Cut, base: Base) -> bytes:
    rows = {index: Row(hash_block(cut.block(index)), COPY, 0) for index in cut.copied}
    data = []
    for frame in cut.frames:
        for index, encoding, encoded in _encode_frame(cut, frame):
            rows[index] = Row(hash_block(cut.block(index)), encoding, len(encoded))
            data.append(encoded)
    return _head(cut, base, rows).to_bytes() + b"".join(data)


def _head(cut: Cut, base: Base, rows: dict[int, Row]) -> Head:
    image = cut.edit.image
    encodings = {row.encoding for row in rows.values()}
    return Head(
        window_bits=cut.window_bits,
        block_size=cut.block_size,
        image_size=len(image),
        image_sha256=hashlib.sha256(image).digest(),
        base_digest=base.digest if encodings & {COPY, DELTA} else NO_BASE,
        rows=tuple(rows[index] for index in sorted(rows)),
        relocation=cut.edit.relocation if DELTA in encodings else Relocation(),
    )


def _encode_frame(cut: Cut, frame: Frame) -> list[tuple[int, int, bytes]]:
    """Return (block, encoding, bytes) of a frame's blocks, or of the blocks by themselves.

    What has little in common with the base is shorter without it, or takes more turns than boards
    put up with.
    """
    stream = _shortest(frame.instructions, cut)
    wanted = cut.wanted(frame)
    alone = [(index, *encode_block(cut.block(index), cut.window_bits)) for index in wanted]
    is_shorter = sum(len(encoded) for _, _, encoded in alone) < len(stream)
    if is_shorter or frame.most_turns > most_turns(cut.block_size):
        return alone
    return [(wanted[0], DELTA, stream), *((index, DELTA | JOINED, b"") for index in wanted[1:])]


def _shortest(instructions: bytes, cut: Cut) -> bytes:
    """Return the shortest stream that is worth its time."""
    quick = quick_deflate(instructions, cut.window_bits)
    if cut.instruction_bytes > _SEARCHED_BYTES:
        return quick
    return min(quick, deflate(instructions, cut.window_bits, FAST), key=len)
