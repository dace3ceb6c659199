"""How an image comes out of a base: the relocation and the matches that make it short to say."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from publisher.payload.full import quick_deflate
from publisher.payload.instructions import Writer
from publisher.payload.linker import Linker
from publisher.payload.matching import Match, find_matches
from publisher.payload.relocation import Relocation

_ROUNDS = 2  # a better relocation finds better matches, and they a better relocation
ESTIMATE_BITS = 12  # window with which lengths are estimated


@dataclass(frozen=True)
class Edit:
    """What is said about an image: how to relocate the base, and what resembles it then."""

    image: bytes = field(repr=False)
    relocation: Relocation
    matches: Sequence[Match] = field(repr=False)

    @cached_property
    def estimated_length(self) -> int:
        """Roughly the bytes that it takes."""
        writer = Writer(0)
        self.write(writer, 0, len(self.image))
        return len(self.relocation.to_bytes()) + len(quick_deflate(writer.finish(), ESTIMATE_BITS))

    def write(self, writer: Writer, start: int, end: int) -> None:
        """Write instructions for image[start:end]."""
        at = start
        for match in self._within(start, end):
            writer.literal(self.image[at : match.at])
            writer.copy(match)
            at = match.end
        writer.literal(self.image[at:end])

    def _within(self, start: int, end: int) -> Iterator[Match]:
        first = max(0, bisect_right(self._starts, start) - 1)
        for match in self.matches[first : bisect_right(self._starts, end)]:
            part = match.part(start, end)
            if part.differences:
                yield part

    @cached_property
    def _starts(self) -> list[int]:
        return [match.at for match in self.matches]


def find_edits(base: bytes, image: bytes) -> Iterator[Edit]:
    """Yield edits: one that leaves the base as it is, then those with better relocations."""
    linker = Linker(base, image)
    edit = Edit(image, Relocation(), find_matches(base, image))
    yield edit
    for _ in range(_ROUNDS):
        relocation = linker.relocation(edit.matches)
        if relocation == edit.relocation:
            return
        edit = Edit(image, relocation, find_matches(linker.relocate(relocation), image))
        yield edit
