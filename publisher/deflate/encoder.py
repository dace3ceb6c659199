"""The deflate encoder: parse, count, price anew, and keep the smallest of all rounds."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2

from publisher.deflate.bits import BitWriter
from publisher.deflate.blocks import Block, fixed_codes
from publisher.deflate.parse import Parser, Prices, Stretch
from publisher.deflate.split import UNUSED_BITS, divided, merged, split

_EMPTY = b"\x03\x00"  # one fixed block that ends at once


@dataclass(frozen=True)
class Effort:
    """How much work to do.

    Attributes:
        rounds: parses at estimated prices, each with the statistics of the one before.
        cuts: places at which a block may end.
        polish: parses at the true prices of these codes, at most.
    """

    rounds: int
    cuts: int
    polish: int


FAST = Effort(3, 32, 1)
THOROUGH = Effort(10, 96, 4)


def deflate(data: bytes, window_bits: int, effort: Effort = THOROUGH) -> bytes:
    """Return `data` as a raw deflate stream whose matches reach back 2^window_bits bytes at most.

    `window_bits` is 9 to 15; ValueError otherwise.
    """
    if window_bits not in range(9, 16):
        raise ValueError(f"window_bits is {window_bits}: it must be 9 to 15")
    if not data:
        return _EMPTY
    return _written(data, _best_blocks(data, Parser(data, window_bits), effort))


def _written(data: bytes, blocks: Sequence[Block]) -> bytes:
    writer = BitWriter()
    for block in blocks:
        block.write(writer, data, block is blocks[-1])
    return writer.to_bytes()


def _best_blocks(data: bytes, parser: Parser, effort: Effort) -> list[Block]:
    fixed = fixed_codes()
    tokens = parser.parse([(len(data), Prices.from_codes(fixed.litlen, fixed.distance))])
    plans = [[Block(tokens)]]
    for _ in range(effort.rounds):
        before, tokens = tokens, parser.parse([_estimated(block) for block in plans[-1]])
        if len(plans) > 1 and tokens == before:
            break
        plans.append(split(tokens, effort.cuts))
    best = merged(min(plans, key=_rough_bits))
    for _ in range(effort.polish):
        polished = divided(parser.parse([_true(block) for block in best]), best)
        if _bits(polished) >= _bits(best):
            break
        best = polished
    return best


def _true(block: Block) -> Stretch:
    # At the prices of the very codes that the block has.
    codes = block.codes
    litlen = [bits or UNUSED_BITS for bits in codes.litlen]
    distance = [bits or UNUSED_BITS for bits in codes.distance]
    return block.end, Prices.from_codes(litlen, distance)


def _bits(blocks: Sequence[Block]) -> int:
    return sum(block.bits for block in blocks)


def _rough_bits(blocks: Sequence[Block]) -> int:
    return sum(block.rough_bits for block in blocks)


def _estimated(block: Block) -> Stretch:
    statistics = block.statistics
    return block.end, Prices.from_codes(_entropy(statistics.litlen), _entropy(statistics.distance))


def _entropy(frequencies: Sequence[int]) -> list[float]:
    # What never occurred is taken to cost what would occur once.
    total = max(1, sum(frequencies))
    return [log2(total / (frequency or 1)) for frequency in frequencies]
