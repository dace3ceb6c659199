"""Code lengths for which data and header together are shortest.

Huffman's lengths make the data shortest, but their tables may take more than they save: lengths in
runs are cheap to write. A shortest path chooses both at once: which item of the code-length code
comes next (RFC 1951, 3.2.7), and with it the length of one symbol or of several. That all code
words fit (Kraft) is paid for as a price on the room that a word takes, F / ln 2 where F is the sum
of frequencies: at that price Huffman's lengths are the cheapest if tables cost nothing.
"""

from collections.abc import Sequence
from itertools import accumulate
from math import inf, log
from typing import NamedTuple

from publisher.deflate.header import MANY_ZEROS, REPEAT, RUNS, ZEROS

_REPEATS = range(3, 7)  # the runs of item 16
_LENGTHS = range(1, 16)
_PADDING = 5  # before the first symbol: repeats look as far back as six


def shaped_lengths(
    alphabets: Sequence[Sequence[int]], prices: Sequence[float], room: float
) -> list[list[int]]:
    """Return code lengths for the frequencies of two alphabets; they may not fit, or leave room.

    `prices` are the bits of the 19 items of the code-length code; `room` scales the price of room.
    """
    path = _Path(alphabets, prices, room).lengths()
    first = len(alphabets[0])
    return [path[:first], path[first:]]


class _Path:
    # cheapest[i]: what the lengths of the first i symbols cost at least. Of each length, ending[i]:
    # the same where the last symbol has that length, less what it would cost to give it to all of
    # them (totals[i]), so that a longer run costs no more than its item.

    def __init__(
        self, alphabets: Sequence[Sequence[int]], prices: Sequence[float], room: float
    ) -> None:
        self._frequencies = [count for alphabet in alphabets for count in alphabet]
        self._prices = prices
        rooms = [room * sum(alphabet) / log(2) for alphabet in alphabets for _ in alphabet]
        self._rows = [_Row.of(length, self._frequencies, rooms) for length in _LENGTHS]
        self._cheapest = [0.0]
        zeros = 0
        for frequency in self._frequencies:
            zeros = 0 if frequency else zeros + 1
            self._step(zeros)

    def _step(self, zeros: int) -> None:
        at = len(self._cheapest)
        before, prices = self._cheapest[-1], self._prices
        repeat = prices[REPEAT] + 2
        best = self._zeros(at, zeros)[0] if zeros else inf
        for length, totals, ending in self._rows:
            cost = before + prices[length] - totals[at - 1]
            repeated = min(ending[-6:-2]) + repeat
            if repeated < cost:
                cost = repeated
            ending.append(cost)
            if cost + totals[at] < best:
                best = cost + totals[at]
        self._cheapest.append(best)

    def _zeros(self, at: int, zeros: int) -> tuple[float, int]:
        # The cheapest way to end before symbol `at` with a run of length 0, and that run.
        costs = self._cheapest
        choices = [(costs[at - 1] + self._prices[0], 1)]
        for symbol in (ZEROS, MANY_ZEROS):
            shortest, longest, extra = RUNS[symbol]
            longest = min(longest, zeros)
            if longest >= shortest:
                before = costs[at - longest : at - shortest + 1]
                cost = min(before)
                run = longest - before.index(cost)
                choices.append((cost + self._prices[symbol] + extra, run))
        return min(choices)

    def lengths(self) -> list[int]:
        """Walk back along the choices that gave the least."""
        path: list[int] = []
        at = len(self._frequencies)
        while at:
            length, run = self._last_run(at)
            path += [length] * run
            at -= run
        return path[::-1]

    def _last_run(self, at: int) -> tuple[int, int]:
        # One length and how many symbols at the end have it: an item for it, and repeats.
        for row in self._rows:
            if row.ending[at + _PADDING] + row.totals[at] == self._cheapest[at]:
                return row.length, self._run(row, at)
        zeros = next((n for n, count in enumerate(self._frequencies[at - 1 :: -1]) if count), at)
        return 0, self._zeros(at, zeros)[1]

    def _run(self, row: "_Row", at: int) -> int:
        ending, run = row.ending[_PADDING:], 1
        price, repeat = self._prices[row.length], self._prices[REPEAT] + 2
        while self._cheapest[at - 1] + price - row.totals[at - 1] != ending[at]:
            some = next(n for n in _REPEATS if at > n and ending[at - n] + repeat == ending[at])
            at, run = at - some, run + some
        return run


class _Row(NamedTuple):
    length: int
    totals: list[float]
    ending: list[float]

    @classmethod
    def of(cls, length: int, frequencies: Sequence[int], rooms: Sequence[float]) -> "_Row":
        costs = (
            count * length + room / (1 << length)
            for count, room in zip(frequencies, rooms, strict=True)
        )
        return cls(length, list(accumulate(costs, initial=0.0)), [inf] * (_PADDING + 1))
