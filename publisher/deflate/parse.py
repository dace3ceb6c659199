"""The cheapest way through the data: literals and matches at given prices of their symbols."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from publisher.deflate.matches import Edge, distance_of, edges_of, find_ladders
from publisher.deflate.symbols import (
    DISTANCE_EXTRA,
    DISTANCE_SYMBOLS,
    FIRST_LENGTH,
    LENGTH_EXTRA,
    NO_DISTANCE,
)


@dataclass(frozen=True)
class Prices:
    """What symbols cost in bits: of each literal, and of each pair of length and distance."""

    literals: Sequence[float]
    pairs: Sequence[float]

    @classmethod
    def from_codes(cls, litlen: Sequence[float], distance: Sequence[float]) -> "Prices":
        """Make the prices from the bits of each symbol's code word; extra bits are added here."""
        far = [bits + extra for bits, extra in zip(distance, DISTANCE_EXTRA, strict=False)]
        lengths = zip(litlen[FIRST_LENGTH:], LENGTH_EXTRA, strict=False)
        pairs = [bits + extra + price for bits, extra in lengths for price in far]
        return cls(litlen[:256], pairs)


class Token(NamedTuple):
    """A literal (length 1, distance 0, NO_DISTANCE) or a match, and the byte at which it begins."""

    position: int
    length: int
    distance: int
    litlen_symbol: int
    distance_symbol: int


# Up to which byte, not included, these prices hold.
Stretch = tuple[int, Prices]


class Parser:
    """Finds the matches in `data` once, then as many parses of it as asked for."""

    def __init__(self, data: bytes, window_bits: int) -> None:
        self._data = data
        self._ladders = find_ladders(data, window_bits)
        self._edges = [edges_of(ladder) for ladder in self._ladders]

    def parse(self, stretches: Sequence[Stretch]) -> list[Token]:
        """Return the tokens that cost least; the last of `stretches` ends with the data."""
        costs = self._costs(stretches)
        return list(self._walk(stretches, costs))

    def _costs(self, stretches: Sequence[Stretch]) -> list[float]:
        # costs[i]: the bits that everything from byte i on needs at least.
        costs = [0.0] * (len(self._data) + 1)
        starts = [0, *(end for end, _ in stretches[:-1])]
        for start, (end, prices) in reversed(list(zip(starts, stretches, strict=True))):
            _fill(costs, self._data[start:end], self._edges[start:end], start, prices)
        return costs

    def _walk(self, stretches: Sequence[Stretch], costs: list[float]) -> Iterator[Token]:
        position = 0
        for end, prices in stretches:
            while position < end:
                token = self._token(position, prices, costs)
                yield token
                position += token.length

    def _token(self, position: int, prices: Prices, costs: list[float]) -> Token:
        # Which choice gave this position its cost: computed as in _fill, so equal to the last bit.
        cost = costs[position]
        if costs[position + 1] + prices.literals[self._data[position]] == cost:
            return Token(position, 1, 0, self._data[position], NO_DISTANCE)
        for first, beyond, pair in self._edges[position]:
            after = min(costs[position + first : position + beyond])
            if after + prices.pairs[pair] == cost:
                end = costs.index(after, position + first, position + beyond)
                return self._match(position, end - position, pair)
        raise AssertionError("no choice has the cost of its position")

    def _match(self, position: int, length: int, pair: int) -> Token:
        symbol, distance_symbol = divmod(pair, DISTANCE_SYMBOLS)
        distance = distance_of(self._ladders[position], length, distance_symbol)
        return Token(position, length, distance, FIRST_LENGTH + symbol, distance_symbol)


def _fill(
    costs: list[float],
    data: bytes,
    edges: Sequence[tuple[Edge, ...]],
    start: int,
    prices: Prices,
) -> None:
    # The loop that takes the time: one turn for each byte, one inner turn for each edge.
    literals, pairs = prices.literals, prices.pairs
    position = start + len(data)
    best = costs[position]
    for byte, ways in zip(reversed(data), reversed(edges), strict=True):
        position -= 1
        best += literals[byte]
        for first, beyond, pair in ways:
            if beyond - first == 1:
                cost = costs[position + first] + pairs[pair]
            else:
                cost = min(costs[position + first : position + beyond]) + pairs[pair]
            if cost < best:
                best = cost
        costs[position] = best
