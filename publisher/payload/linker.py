"""How the linker moved things between two images: learnt from the pointers that changed alike."""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from publisher.payload.matching import Match
from publisher.payload.numbers import LIMIT
from publisher.payload.relocation import MAX_ENTRIES, MAX_RANGES, Relocation, words_of
from publisher.payload.riscv import Pair, address_at

_IMAGE_MAGIC = 0xE9
_IMAGE_HEADER = 24
_SEGMENT = struct.Struct("<II")
# A segment is RISC-V code if there is a pair for so many bytes; in code it is about one for 70.
_BYTES_PER_PAIR = 500
# In bits of payload, roughly: one more entry, and one pointer that is foretold wrongly.
_ENTRY_COST = 60
_MISS_COST = 12
_MAX_SHIFT = 2**28

Observation = tuple[int, int]  # the address that a pointer had, and by how much it changed


@dataclass(frozen=True)
class Segment:
    """A segment of an ESP image: where it is loaded, and where it stands in the image."""

    address: int
    offset: int
    size: int

    def holds(self, address: int) -> bool:
        """Whether an address lies in the segment, or at its end."""
        return self.address <= address <= self.address + self.size


def read_segments(image: bytes) -> tuple[Segment, ...]:
    """Return an ESP image's segments (ESP-IDF, "App Image Format"); none where it is no image."""
    if len(image) < _IMAGE_HEADER or image[0] != _IMAGE_MAGIC:
        return ()
    segments, at = [], _IMAGE_HEADER
    for _ in range(image[1]):
        if at + _SEGMENT.size > len(image):
            return ()
        address, size = _SEGMENT.unpack_from(image, at)
        segments.append(Segment(address, at + _SEGMENT.size, size))
        at += _SEGMENT.size + size
    return tuple(segments) if at <= len(image) else ()


class Linker:
    """Learns the relocation of a base from the matches with an image."""

    def __init__(self, base: bytes, image: bytes) -> None:
        self._base, self._image = base, image
        self._segments, self._new_segments = read_segments(base), read_segments(image)
        self._ranges, self._pairs = self._find_code()

    def relocation(self, matches: Sequence[Match]) -> Relocation:
        """Return the relocation that foretells most of what the matches say of pointers."""
        seen = sorted([*self._words(matches), *self._completed(matches)])
        entries = self._fenced(_steps(seen))
        return Relocation(self._ranges, tuple(entries)) if entries else Relocation()

    def relocate(self, relocation: Relocation) -> bytes:
        """Return the relocated base."""
        return relocation.relocate_with(self._base, self._pairs)

    def _find_code(self) -> tuple[tuple[tuple[int, int], ...], list[Pair]]:
        """Return the ranges of RISC-V code, and the pairs in them."""
        ranges, pairs = [], []
        for segment in self._segments[:MAX_RANGES]:
            part = (segment.offset + 3 & ~3, segment.offset + segment.size & ~3)
            found = Relocation((part,)).find_pairs(self._base)
            if len(self._addresses(found)) * _BYTES_PER_PAIR > segment.size:
                ranges.append(part)
                pairs += found
        return tuple(ranges), pairs

    def _addresses(self, pairs: Iterable[Pair]) -> list[int]:
        return [pair.address for pair in pairs if _any_holds(self._segments, pair.address)]

    def _words(self, matches: Iterable[Match]) -> Iterator[Observation]:
        """Yield what became of pointers that are words of their own, outside of the code."""
        for match in matches:
            if (match.at - match.base_at) % 4 == 0:
                for start, end in self._outside(match):
                    yield from self._words_in(match, start, end)

    def _outside(self, match: Match) -> Iterator[tuple[int, int]]:
        """Yield the aligned parts of a match that are not in a range, as offsets in the base."""
        start, end = match.base_at + 3 & ~3, match.base_at + len(match.differences) & ~3
        for first, last in self._ranges:
            yield start, min(first, end)
            start = max(start, last)
        yield start, end

    def _words_in(self, match: Match, start: int, end: int) -> Iterator[Observation]:
        if start >= end:
            return
        ahead = match.at - match.base_at
        old, new = (
            words_of(self._base[start:end]),
            words_of(self._image[start + ahead : end + ahead]),
        )
        low, high = _bounds(self._segments)
        for word, now in zip(old, new, strict=True):
            if low <= word <= high:
                yield from self._observed(word, now)

    def _completed(self, matches: Sequence[Match]) -> Iterator[Observation]:
        """Yield what became of the addresses in pairs of instructions."""
        by_base = sorted((match.base_at, match) for match in matches)
        starts = [start for start, _ in by_base]
        for pair in self._pairs:
            at = bisect_right(starts, pair.lui) - 1
            if at >= 0:
                match = by_base[at][1]
                ahead, end = match.at - match.base_at, match.base_at + len(match.differences)
                if pair.completion + 4 <= end:
                    now = address_at(self._image, pair.lui + ahead, pair.completion + ahead)
                    yield from self._observed(pair.address, now)

    def _observed(self, old: int, new: int | None) -> Iterator[Observation]:
        if new is None or not _any_holds(self._segments, old):
            return
        if abs(new - old) < _MAX_SHIFT and _any_holds(self._new_segments, new):
            yield old, new - old

    def _fenced(self, steps: Sequence[Observation]) -> list[Observation]:
        """Return steps that shift nothing outside of the base's segments, and no more than fit."""
        starts = [start for start, _ in steps]
        edges = [
            edge
            for segment in self._segments
            for edge in (segment.address, segment.address + segment.size + 1)
        ]
        fenced: list[Observation] = []
        for start in sorted({*starts, *edges}):
            at = bisect_right(starts, start) - 1
            moved = at >= 0 and _any_holds(self._segments, start)
            shift = steps[at][1] if moved else 0
            if start < LIMIT and shift != (fenced[-1][1] if fenced else 0):
                fenced.append((start, shift))
        return fenced if len(fenced) <= MAX_ENTRIES else []


def _bounds(segments: Sequence[Segment]) -> tuple[int, int]:
    low = min((segment.address for segment in segments), default=1)
    return low, max((segment.address + segment.size for segment in segments), default=0)


def _any_holds(segments: Sequence[Segment], address: int) -> bool:
    return any(segment.holds(address) for segment in segments)


@dataclass(frozen=True)
class _Path:
    """A way through the observations: its last step, and the way to that."""

    start: int
    shift: int
    before: _Path | None


def _steps(seen: Iterable[Observation]) -> list[Observation]:
    """Return the cheapest steps (start, shift) for observations in the order of their addresses.

    A step costs _ENTRY_COST, an observation that differs from its step's shift _MISS_COST. Costs
    are kept relative to missing all, so that an observation touches one shift only (Viterbi).
    """
    paths: dict[int, _Path | None] = {0: None}
    costs = {0: 0}
    best = 0
    for address, shift in seen:
        fresh = costs[best] + _ENTRY_COST
        if shift not in costs or costs[shift] > fresh:
            paths[shift], costs[shift] = _Path(address, shift, paths[best]), fresh
        costs[shift] -= _MISS_COST
        if costs[shift] < costs[best]:
            best = shift
    steps, path = [], paths[best]
    while path:
        steps.append((path.start, path.shift))
        path = path.before
    return steps[::-1]
