"""A deflate writer for the vectors, with RFC 1951's fixed codes: no library's choices decide the
bytes, and broken streams can be written too.
"""

END_OF_BLOCK = 256


class Stream:
    """A deflate stream under construction; bits fill each byte from the lowest (3.1.1)."""

    def __init__(self) -> None:
        self._value = 0
        self._bits = 0

    def to_bytes(self) -> bytes:
        """Return the stream, its last byte filled with zero bits."""
        return self._value.to_bytes((self._bits + 7) // 8, "little")

    def bits(self, value: int, count: int) -> "Stream":
        """Append `count` bits of `value`, lowest first."""
        self._value |= value << self._bits
        self._bits += count
        return self

    def begin(self, kind: int = 1, final: bool = True) -> "Stream":
        """Begin a deflate block: kind 0 stored, 1 fixed codes, 2 dynamic codes, 3 reserved."""
        return self.bits(final, 1).bits(kind, 2)

    def stored(self, data: bytes, final: bool = True) -> "Stream":
        """Append a stored block (3.2.4)."""
        self.begin(0, final)
        self._bits = -(-self._bits // 8) * 8
        self.bits(len(data), 16).bits(len(data) ^ 0xFFFF, 16)
        return self.bits(int.from_bytes(data, "little"), 8 * len(data))

    def literals(self, data: bytes) -> "Stream":
        """Append literal bytes."""
        for byte in data:
            self._symbol(byte)
        return self

    def end(self) -> "Stream":
        """End the deflate block."""
        return self._symbol(END_OF_BLOCK)

    def copy(self, distance: int, length: int) -> "Stream":
        """Append `length` bytes from `distance` bytes back, in matches of 258 and of 3 to 10."""
        while length:
            take = 258 if length == 258 or length > 260 else min(length, 10)
            take -= 3 if take < length < take + 3 else 0  # never leave less than a match
            self._symbol(285 if take == 258 else 254 + take)
            self._distance(distance)
            length -= take
        return self

    def _symbol(self, symbol: int) -> "Stream":
        # 3.2.6, the table of fixed literal/length codes.
        if symbol < 144:
            return self._code(0x30 + symbol, 8)
        if symbol < 256:
            return self._code(0x190 + symbol - 144, 9)
        if symbol < 280:
            return self._code(symbol - 256, 7)
        return self._code(0xC0 + symbol - 280, 8)

    def _distance(self, distance: int) -> None:
        # 3.2.5: codes 0-3 stand for 1-4; from there two codes for each number of extra bits.
        rest = distance - 1
        extra_bits = max(rest.bit_length() - 2, 0)
        self._code(2 * extra_bits + (rest >> extra_bits), 5)
        self.bits(rest & ((1 << extra_bits) - 1), extra_bits)

    def _code(self, code: int, count: int) -> "Stream":
        # Huffman codes go in from their highest bit.
        return self.bits(int(f"{code:0{count}b}"[::-1], 2), count)


def repeat(period: bytes, length: int) -> bytes:
    """Return a stream that decodes to `length` bytes of `period`, over and over."""
    stream = Stream().begin().literals(period).copy(len(period), length - len(period))
    return stream.end().to_bytes()
