"""Length-limited Huffman codes: the shortest by package-merge, and canonical code words."""

from collections.abc import Sequence
from itertools import accumulate


def code_lengths(frequencies: Sequence[int], limit: int) -> list[int]:
    """Return the bits of each symbol's code word, none above `limit`; 0 where the frequency is 0.

    A lone symbol gets one bit. Package-merge after Larmore and Hirschberg, "A fast algorithm for
    optimal length-limited Huffman codes" (1990). The used symbols must be at most 2^limit.
    """
    used = sorted((frequency, symbol) for symbol, frequency in enumerate(frequencies) if frequency)
    lengths = [0] * len(frequencies)
    if len(used) == 1:
        lengths[used[0][1]] = 1
    if len(used) < 2:
        return lengths
    for depth in _leaves_per_level([frequency for frequency, _ in used], limit):
        for _, symbol in used[:depth]:
            lengths[symbol] += 1
    return lengths


def _leaves_per_level(weights: list[int], limit: int) -> list[int]:
    # How many of the lightest symbols each level takes; a symbol's length is how often it is taken.
    # The lowest bit of an item tells a package from a leaf, so that plain integers can be sorted.
    leaves = [weight << 1 for weight in weights]
    levels = [leaves]
    for _ in range(limit - 1):
        below = levels[-1]
        pairs = zip(below[::2], below[1::2], strict=False)
        packages = [(first >> 1) + (second >> 1) << 1 | 1 for first, second in pairs]
        levels.append(sorted(leaves + packages))
    counts, taken = [], 2 * len(leaves) - 2
    for level in reversed(levels):
        packages_taken = sum(item & 1 for item in level[:taken])
        counts.append(taken - packages_taken)
        taken = 2 * packages_taken
    return counts


def code_words(lengths: Sequence[int]) -> list[int]:
    """Return the canonical code word of each symbol (RFC 1951, 3.2.2), its first bit lowest."""
    counts = [0] * (max(lengths) + 1)
    for length in lengths:
        counts[length] += 1
    counts[0] = 0
    following = [0, *accumulate(counts[1:], lambda code, count: code + count << 1, initial=0)]
    words = []
    for length in lengths:
        words.append(int(f"{following[length]:0{length}b}"[::-1], 2) if length else 0)
        following[length] += 1
    return words
