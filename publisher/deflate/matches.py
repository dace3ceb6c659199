"""Every match worth taking: for each position and length the smallest distance.

Nothing is searched step by step. For lengths 3 to 8 a table says where the same bytes stood last;
beyond, bytes.rfind looks backwards from the last match found, through the window only.
"""

from functools import lru_cache

from publisher.deflate.symbols import (
    DISTANCE_SYMBOLS,
    LENGTH_BASE,
    MAX_LENGTH,
    MIN_LENGTH,
    NO_DISTANCE,
    distance_index,
    length_index,
)

_LONGEST_TABLE = 8

# One way to go on from a position: to any end in `first .. beyond - 1`, counted from the position,
# and the number of the pair of length and distance symbol.
Edge = tuple[int, int, int]
# Lengths ascending with the smallest distance of each.
Ladder = list[tuple[int, int]]


def find_ladders(data: bytes, window_bits: int) -> list[Ladder]:
    """Return each position's matches that reach back at most 2^window_bits bytes."""
    tables = {n: _last_seen(data, n) for n in range(MIN_LENGTH, _LONGEST_TABLE + 1)}
    window = 1 << window_bits
    ladders: list[Ladder] = []
    before: Ladder = []
    for position in range(len(data)):
        before = _ladder(data, position, max(0, position - window), tables, before)
        ladders.append(before)
    return ladders


def _last_seen(data: bytes, length: int) -> list[int]:
    # Where the `length` bytes from each position on stood last, or -1.
    seen: dict[bytes, int] = {}
    table = []
    for position in range(len(data) - length + 1):
        key = data[position : position + length]
        table.append(seen.get(key, -1))
        seen[key] = position
    return table + [-1] * (len(data) - len(table))


def _ladder(
    data: bytes, position: int, lowest: int, tables: dict[int, list[int]], before: Ladder
) -> Ladder:
    # A match of the byte before goes on here, one byte shorter: no need to measure it again.
    known = {distance: length - 1 for length, distance in before if length < MAX_LENGTH}
    ladder: Ladder = []
    longest = min(MAX_LENGTH, len(data) - position)
    length, start = MIN_LENGTH - 1, position
    while length < longest:
        if length < _LONGEST_TABLE:
            start = tables[length + 1][position]
        else:
            needle = data[position : position + length + 1]
            start = data.rfind(needle, lowest, start + length)
        if start < lowest:
            break
        distance = position - start
        length = known.get(distance, 0) or _common(data, start, position, longest)
        ladder.append((length, distance))
    return ladder


def _common(data: bytes, start: int, position: int, longest: int) -> int:
    # How many bytes from both places on are the same.
    for size in (24, longest):
        ours = int.from_bytes(data[position : position + size], "little")
        different = ours ^ int.from_bytes(data[start : start + size], "little")
        if different:
            return min(longest, (different & -different).bit_length() - 1 >> 3)
    return longest


def edges_of(ladder: Ladder) -> tuple[Edge, ...]:
    """Return all ways to go on with a match; only the longest where that is as long as any.

    A larger distance may have the cheaper symbol: each serves its shorter lengths too.
    """
    if not ladder:
        return ()
    length, distance = ladder[-1]
    if length == MAX_LENGTH:
        return _rung(length, length, distance_index(distance))
    edges: tuple[Edge, ...] = ()
    before, shortest = NO_DISTANCE, MIN_LENGTH
    for length, distance in ladder:
        symbol = distance_index(distance)
        edges += _rung(shortest if symbol == before else MIN_LENGTH, length, symbol)
        before, shortest = symbol, length + 1
    return edges


def distance_of(ladder: Ladder, length: int, symbol: int) -> int:
    """Return the smallest distance with this symbol that a match of `length` has."""
    distances = (distance for longest, distance in ladder if longest >= length)
    return next(distance for distance in distances if distance_index(distance) == symbol)


@lru_cache(maxsize=1 << 16)
def _rung(shortest: int, longest: int, distance_symbol: int) -> tuple[Edge, ...]:
    # The lengths of one symbol cost the same: they are one edge with several ends.
    edges = []
    for symbol in range(length_index(shortest), length_index(longest) + 1):
        first = max(shortest, LENGTH_BASE[symbol])
        last = longest if symbol == 28 else min(longest, LENGTH_BASE[symbol + 1] - 1)
        edges.append((first, last + 1, DISTANCE_SYMBOLS * symbol + distance_symbol))
    return tuple(edges)
