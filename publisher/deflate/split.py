"""Where one block should end and the next begin: the cheapest cut at estimated sizes."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate, pairwise
from math import log2
from operator import add, itemgetter, sub

from publisher.deflate.blocks import Block, Statistics
from publisher.deflate.parse import Token
from publisher.deflate.symbols import DISTANCE_SYMBOLS, LITLEN_SYMBOLS, NO_DISTANCE

UNUSED_BITS = 20  # for a symbol without code word: more than any has
# A header's estimated bits: for itself, and for each symbol in use.
_HEADER_BITS, _SYMBOL_BITS = 200, 2
_SYMBOLS = LITLEN_SYMBOLS + DISTANCE_SYMBOLS
_FEWEST = 16  # tokens in a block


def split(tokens: Sequence[Token], cuts: int) -> list[Block]:
    """Return the tokens as blocks, cut at some of about `cuts` places evenly spread."""
    step = max(_FEWEST, -(-len(tokens) // cuts))
    ends = [0, *range(step, len(tokens), step), len(tokens)]
    parts = [Statistics.of(tokens[start:end]) for start, end in pairwise(ends)]
    chosen = _cheapest_cut(parts, len(tokens))
    return [Block(tokens[ends[start] : ends[end]]) for start, end in pairwise(chosen)]


def merged(blocks: Sequence[Block]) -> list[Block]:
    """Return the blocks, neighbours made one wherever that is smaller."""
    result = [blocks[0]]
    for block in blocks[1:]:
        both = Block([*result[-1].tokens, *block.tokens])
        if both.bits < result[-1].bits + block.bits:
            result[-1] = both
        else:
            result.append(block)
    return result


def divided(tokens: Sequence[Token], coded: Sequence[Block]) -> list[Block]:
    """Return the tokens as blocks cut where it is cheapest if they have the codes of `coded`.

    Each bound is moved by itself, between the middles of the blocks around it.
    """
    ends = [0]
    for block, following in pairwise(coded):
        start = bisect_left(tokens, ((block.start + block.end) // 2,), ends[-1])
        end = bisect_left(tokens, ((following.start + following.end) // 2,), start)
        near = tokens[start:end]
        gains = accumulate(map(sub, _bits_of(near, block), _bits_of(near, following)), initial=0)
        ends.append(start + min(enumerate(gains), key=itemgetter(1))[0])
    ends.append(len(tokens))
    return [Block(tokens[start:end]) for start, end in pairwise(ends) if start < end]


def _bits_of(tokens: Sequence[Token], block: Block) -> list[int]:
    # What each token takes with the block's codes, extra bits aside.
    codes = block.codes
    litlen = [bits or UNUSED_BITS for bits in codes.litlen]
    distance = [*(bits or UNUSED_BITS for bits in codes.distance[:NO_DISTANCE]), 0]
    return [litlen[token.litlen_symbol] + distance[token.distance_symbol] for token in tokens]


def _cheapest_cut(parts: Sequence[Statistics], most: int) -> list[int]:
    # The parts' numbers at which blocks begin, and where the last one ends.
    sums = list(
        accumulate(([*p.litlen, *p.distance] for p in parts), _added, initial=[0] * _SYMBOLS)
    )
    weights = [0.0, *(n * log2(n) for n in range(1, most + len(parts) + 1))]
    costs, begins = [0.0], [0]
    for end in range(1, len(sums)):
        choices = [
            (costs[start] + _bits(sums[start], sums[end], weights), start) for start in range(end)
        ]
        cost, begin = min(choices)
        costs.append(cost)
        begins.append(begin)
    chosen = [len(parts)]
    while chosen[-1]:
        chosen.append(begins[chosen[-1]])
    return chosen[::-1]


def _added(total: list[int], part: list[int]) -> list[int]:
    return list(map(add, total, part))


def _bits(before: list[int], after: list[int], weights: list[float]) -> float:
    # The entropy of a block's symbols and its header; extra bits are the same in any block.
    counts: list[int] = list(map(sub, after, before))
    matches = sum(counts[LITLEN_SYMBOLS:])
    entropy = (
        weights[sum(counts) - matches] + weights[matches] - sum(map(weights.__getitem__, counts))
    )
    return entropy + _HEADER_BITS + _SYMBOL_BITS * (len(counts) - counts.count(0))
