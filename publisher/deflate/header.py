"""The head of a dynamic block: two tables of code lengths, run by run, as short as they get.

RFC 1951, section 3.2.7.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from publisher.deflate.bits import BitWriter
from publisher.deflate.huffman import code_lengths, code_words
from publisher.deflate.symbols import END_OF_BLOCK

_ORDER = (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15)
CODE_LENGTH_LIMIT = 7  # of the code-length code
REPEAT, ZEROS, MANY_ZEROS = 16, 17, 18
# Of the symbols that stand for runs: the shortest run, the longest, and extra bits.
RUNS = {REPEAT: (3, 6, 2), ZEROS: (3, 10, 3), MANY_ZEROS: (11, 138, 7)}
_FIRST_PRICES = (*[4.0] * 16, 3.0, 3.0, 3.0)
_ROUNDS = 4

# A symbol of the code-length code, and the run that it stands for (1 for a plain length).
Item = tuple[int, int]


@dataclass(frozen=True)
class Header:
    """The tables of a block as they are written."""

    litlen_count: int
    distance_count: int
    lengths: tuple[int, ...]
    items: tuple[Item, ...]

    @classmethod
    def of(cls, litlen: Sequence[int], distance: Sequence[int]) -> "Header":
        """Return the shortest header for the code lengths of these two alphabets."""
        litlen, distance = _trimmed(litlen, END_OF_BLOCK + 1), _trimmed(distance, 1)
        prices: Sequence[float] = _FIRST_PRICES
        found = []
        for _ in range(_ROUNDS):
            items = _cheapest_items([*litlen, *distance], prices)
            lengths = _item_code(items)
            found.append(cls(len(litlen), len(distance), tuple(lengths), tuple(items)))
            prices = [length or CODE_LENGTH_LIMIT for length in lengths]
        return min(found, key=lambda header: header.bits)

    @property
    def bits(self) -> int:
        """How long it is."""
        extra = sum(RUNS[symbol][2] for symbol, _ in self.items if symbol in RUNS)
        return 14 + 3 * self._count + sum(self.lengths[symbol] for symbol, _ in self.items) + extra

    @property
    def _count(self) -> int:
        return max(4, *(at + 1 for at, symbol in enumerate(_ORDER) if self.lengths[symbol]))

    def write(self, writer: BitWriter) -> None:
        """Append it, from HLIT on."""
        writer.write(self.litlen_count - 257, 5)
        writer.write(self.distance_count - 1, 5)
        writer.write(self._count - 4, 4)
        for symbol in _ORDER[: self._count]:
            writer.write(self.lengths[symbol], 3)
        words = code_words(self.lengths)
        for symbol, run in self.items:
            writer.write(words[symbol], self.lengths[symbol])
            if symbol in RUNS:
                shortest, _, extra = RUNS[symbol]
                writer.write(run - shortest, extra)


def _trimmed(lengths: Sequence[int], shortest: int) -> Sequence[int]:
    used = max((symbol + 1 for symbol, length in enumerate(lengths) if length), default=0)
    return lengths[: max(shortest, used)]


def _item_code(items: Sequence[Item]) -> list[int]:
    frequencies = [0] * 19
    for symbol, _ in items:
        frequencies[symbol] += 1
    if sum(map(bool, frequencies)) == 1:
        # zlib refuses a code-length code that is not complete.
        frequencies[0 if not frequencies[0] else 1] = 1
    return code_lengths(frequencies, CODE_LENGTH_LIMIT)


def _cheapest_items(lengths: Sequence[int], prices: Sequence[float]) -> list[Item]:
    # From the end: what everything from here on costs, and the item with which it begins.
    ahead = _same_ahead(lengths)
    costs = [0.0] * (len(lengths) + 1)
    items: list[Item] = [(0, 0)] * len(lengths)
    for at in reversed(range(len(lengths))):
        costs[at], items[at] = prices[lengths[at]] + costs[at + 1], (lengths[at], 1)
        for symbol in _run_symbols(lengths, at):
            shortest, longest, extra = RUNS[symbol]
            ends = costs[at + shortest : at + min(longest, ahead[at]) + 1]
            if ends and prices[symbol] + extra + min(ends) < costs[at]:
                costs[at] = prices[symbol] + extra + min(ends)
                items[at] = (symbol, shortest + ends.index(min(ends)))
    return _follow(items)


def _same_ahead(lengths: Sequence[int]) -> list[int]:
    runs = [len(list(group)) for _, group in groupby(lengths)]
    return [left for run in runs for left in range(run, 0, -1)]


def _run_symbols(lengths: Sequence[int], at: int) -> tuple[int, ...]:
    repeat = (REPEAT,) if at and lengths[at - 1] == lengths[at] else ()
    return repeat if lengths[at] else (*repeat, ZEROS, MANY_ZEROS)


def _follow(items: Sequence[Item]) -> list[Item]:
    path, at = [], 0
    while at < len(items):
        path.append(items[at])
        at += items[at][1]
    return path
