"""One deflate block: its statistics, its codes, its size, and how it is written."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter, mul

from publisher.deflate.bits import BitWriter
from publisher.deflate.header import CODE_LENGTH_LIMIT, Header
from publisher.deflate.huffman import code_lengths, code_words
from publisher.deflate.parse import Token
from publisher.deflate.shape import shaped_lengths
from publisher.deflate.symbols import (
    DISTANCE_BASE,
    DISTANCE_EXTRA,
    DISTANCE_SYMBOLS,
    END_OF_BLOCK,
    FIRST_LENGTH,
    LENGTH_BASE,
    LENGTH_EXTRA,
    LITLEN_SYMBOLS,
    NO_DISTANCE,
)

_LIMIT = 15
_STORED, _FIXED, _DYNAMIC = 0, 1, 2
_STORED_MAX = 65535
_SHAPES = 6  # rounds of shaping code lengths; more find nothing
_DAMPING = 0.7  # of the price of room from round to round: with 1 it swings


@dataclass(frozen=True)
class Codes:
    """The bits of each symbol's code word in one block."""

    litlen: Sequence[int]
    distance: Sequence[int]


def fixed_codes() -> Codes:
    """Return the codes of a fixed block (RFC 1951, 3.2.6)."""
    # With those that are never used, 286, 287, and distances 30 and 31: they have code words too.
    return Codes((*[8] * 144, *[9] * 112, *[7] * 24, *[8] * 8), (5,) * 32)


@dataclass(frozen=True)
class Statistics:
    """How often each symbol occurs in a block, its end included."""

    litlen: Sequence[int]
    distance: Sequence[int]

    @classmethod
    def of(cls, tokens: Sequence[Token]) -> "Statistics":
        """Count the tokens of a block."""
        litlen = Counter(map(attrgetter("litlen_symbol"), tokens))
        litlen[END_OF_BLOCK] = 1
        distance = Counter(map(attrgetter("distance_symbol"), tokens))
        return cls(
            [litlen[symbol] for symbol in range(LITLEN_SYMBOLS)],
            [distance[symbol] for symbol in range(DISTANCE_SYMBOLS)],
        )

    @property
    def extra_bits(self) -> int:
        """The extra bits of all lengths and distances."""
        lengths = _dot(self.litlen[FIRST_LENGTH:], LENGTH_EXTRA)
        return lengths + _dot(self.distance, DISTANCE_EXTRA)

    def bits(self, codes: Codes) -> int:
        """What all tokens and the end of the block take with these codes."""
        coded = _dot(self.litlen, codes.litlen) + _dot(self.distance, codes.distance)
        return coded + self.extra_bits


class Block:
    """Some tokens in a row, not none, that share their codes."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = tokens
        self.start = tokens[0].position
        self.end = tokens[-1].position + tokens[-1].length
        self.statistics = Statistics.of(tokens)

    @cached_property
    def bits(self) -> int:
        """The least that the block takes; up to 7 bits more if it is stored."""
        return 3 + min(self._fixed_bits, self._stored_bits, self.dynamic.bits)

    def write(self, writer: BitWriter, data: bytes, final: bool) -> None:
        """Append the block in the smallest form; `data` is the whole that the stream gives."""
        dynamic = self.dynamic
        stored_bits = self._stored_bits + (writer.bits_to_byte - 3) % 8
        if stored_bits < min(dynamic.bits, self._fixed_bits):
            _write_stored(writer, data[self.start : self.end], final)
        elif self._fixed_bits <= dynamic.bits:
            writer.write(final | _FIXED << 1, 3)
            _write_tokens(writer, self.tokens, fixed_codes())
        else:
            writer.write(final | _DYNAMIC << 1, 3)
            dynamic.header.write(writer)
            _write_tokens(writer, self.tokens, dynamic.codes)

    @property
    def _fixed_bits(self) -> int:
        return self.statistics.bits(fixed_codes())

    @property
    def _stored_bits(self) -> int:
        # But for the first three bits, and those that fill up the byte behind them.
        length = self.end - self.start
        return 8 * length + 40 * -(-length // _STORED_MAX) - 8

    @property
    def codes(self) -> Codes:
        """The codes that its tokens are best written with."""
        return fixed_codes() if self._fixed_bits <= self.dynamic.bits else self.dynamic.codes

    @property
    def rough_bits(self) -> int:
        """About what it takes, quickly."""
        return 3 + min(self._fixed_bits, self._stored_bits, self._plain.bits)

    @cached_property
    def _plain(self) -> "Dynamic":
        return Dynamic.of(self.statistics, _huffman(self.statistics))

    @cached_property
    def dynamic(self) -> "Dynamic":
        """The block with codes of its own, as small as they get."""
        found = [self._plain]
        room = 1.0
        for _ in range(_SHAPES):
            codes, used = _shaped(self.statistics, found[-1].header, room)
            found.append(Dynamic.of(self.statistics, codes))
            room *= used**_DAMPING
        return min(found, key=lambda form: form.bits)


@dataclass(frozen=True)
class Dynamic:
    """A dynamic block: its codes, the header that tells them, and the bits of all."""

    codes: Codes
    header: Header
    bits: int

    @classmethod
    def of(cls, statistics: Statistics, codes: Codes) -> "Dynamic":
        """Return the form that a block has with these codes."""
        header = Header.of(codes.litlen, codes.distance)
        return cls(codes, header, header.bits + statistics.bits(codes))


def _dot(counts: Sequence[int], bits: Sequence[int]) -> int:
    total: int = sum(map(mul, counts, bits))
    return total


def _huffman(statistics: Statistics) -> Codes:
    return Codes(code_lengths(statistics.litlen, _LIMIT), code_lengths(statistics.distance, _LIMIT))


def _shaped(statistics: Statistics, header: Header, room: float) -> tuple[Codes, float]:
    # Also how much room the words of the literal and length code would take; 1.0 is all there is.
    prices = [length or CODE_LENGTH_LIMIT for length in header.lengths]
    alphabets = (
        statistics.litlen[: header.litlen_count],
        statistics.distance[: header.distance_count],
    )
    litlen, distance = shaped_lengths(alphabets, prices, room)
    used = sum(2.0**-length for length in litlen if length)
    return Codes(_complete(litlen, LITLEN_SYMBOLS), _complete(distance, DISTANCE_SYMBOLS)), used


def _complete(lengths: Sequence[int], symbols: int) -> list[int]:
    # The code nearest to these lengths whose words fill the room.
    weights = [1 << _LIMIT - length if length else 0 for length in lengths]
    return code_lengths(weights + [0] * (symbols - len(lengths)), _LIMIT)


def _write_stored(writer: BitWriter, data: bytes, final: bool) -> None:
    for start in range(0, len(data), _STORED_MAX):
        part = data[start : start + _STORED_MAX]
        last = final and start + len(part) == len(data)
        writer.write(last | _STORED << 1, 3)
        length = len(part).to_bytes(2, "little")
        writer.write_stored(length + bytes(byte ^ 0xFF for byte in length) + part)


def _write_tokens(writer: BitWriter, tokens: Sequence[Token], codes: Codes) -> None:
    litlen, distances = code_words(codes.litlen), code_words(codes.distance)
    for token in tokens:
        symbol = token.litlen_symbol
        writer.write(litlen[symbol], codes.litlen[symbol])
        if token.distance_symbol == NO_DISTANCE:
            continue
        index = symbol - FIRST_LENGTH
        writer.write(token.length - LENGTH_BASE[index], LENGTH_EXTRA[index])
        index = token.distance_symbol
        writer.write(distances[index], codes.distance[index])
        writer.write(token.distance - DISTANCE_BASE[index], DISTANCE_EXTRA[index])
    writer.write(litlen[END_OF_BLOCK], codes.litlen[END_OF_BLOCK])
