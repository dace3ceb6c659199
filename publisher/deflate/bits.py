"""A stream of bits as RFC 1951, section 3.1.1, packs them into bytes."""


class BitWriter:
    """Collects bits, the first in the lowest bit of the first byte."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._pending = 0
        self._count = 0

    def write(self, value: int, count: int) -> None:
        """Append the `count` low bits of `value`, lowest first; `value` has no others."""
        self._pending |= value << self._count
        self._count += count
        if self._count >= 512:
            self._flush()

    def write_stored(self, data: bytes) -> None:
        """Fill up to a whole byte with zeros, and append `data`."""
        self._align()
        self._bytes += data

    def to_bytes(self) -> bytes:
        """Everything written, the last byte filled up with zeros."""
        self._align()
        return bytes(self._bytes)

    @property
    def bits_to_byte(self) -> int:
        """How many bits are missing to a whole byte: 0 to 7."""
        return -self._count % 8

    def _align(self) -> None:
        self._count += self.bits_to_byte
        self._flush()

    def _flush(self) -> None:
        whole = self._count // 8
        self._bytes += (self._pending & (1 << 8 * whole) - 1).to_bytes(whole, "little")
        self._pending >>= 8 * whole
        self._count -= 8 * whole
