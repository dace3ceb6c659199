"""What two images have in common, as bsdiff finds it (C. Percival, "Naive differences of
executable code", 2003). The search is bsdiff4's; this reads its answer.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bsdiff4 import core

_NUMBER_BYTES = 8


class Match(NamedTuple):
    """Bytes of the image, from `at` on, that resemble the base's from `base_at` on.

    `differences` are image - base modulo 256, byte by byte; mostly zeros.
    """

    at: int
    base_at: int
    differences: bytes

    @property
    def end(self) -> int:
        """Where the match ends in the image."""
        return self.at + len(self.differences)

    def part(self, start: int, end: int) -> "Match":
        """Return what lies in image[start:end], which may be nothing."""
        start, end = max(start, self.at), max(min(end, self.end), self.at)
        before = start - self.at
        return Match(start, self.base_at + before, self.differences[before : end - self.at])


def find_matches(base: bytes, image: bytes) -> list[Match]:
    """Return the matches in the order of the image; between them lies what is like nothing."""
    if not base or not image:
        return []
    control, differences, _ = core.diff(base, image)
    return list(_matches(_numbers(control), differences))


def _numbers(control: bytes) -> list[int]:
    return [
        core.decode_int64(control[at : at + _NUMBER_BYTES])
        for at in range(0, len(control), _NUMBER_BYTES)
    ]


def _matches(numbers: Sequence[int], differences: bytes) -> Iterator[Match]:
    at = base_at = done = 0
    for length, extra, seek in zip(numbers[::3], numbers[1::3], numbers[2::3], strict=True):
        if length:
            yield Match(at, base_at, differences[done : done + length])
        done += length
        at += length + extra
        base_at += length + seek
