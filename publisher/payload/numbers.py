"""varint and svarint of manifests/payload.md."""

from publisher.errors import PayloadError

LIMIT = 2**31
_MAX_BYTES = 5


def varint(value: int) -> bytes:
    """Return 0 <= value < 2^31 as a varint; ValueError for any other."""
    if not 0 <= value < LIMIT:
        raise ValueError(f"{value} is no number of the format")
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def svarint(value: int) -> bytes:
    """Return -2^30 <= value < 2^30 as an svarint; ValueError for any other."""
    return varint(value * 2 if value >= 0 else -value * 2 - 1)


class Numbers:
    """Reads bytes and numbers from `data`, one after the other; PayloadError behind its end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        """How many bytes are left."""
        return len(self._data) - self._at

    def take(self, length: int) -> bytes:
        """Return the next `length` bytes."""
        if length > self.left:
            raise PayloadError("a delta's numbers or bytes end early")
        self._at += length
        return self._data[self._at - length : self._at]

    def varint(self) -> int:
        """Return the next varint."""
        value = 0
        for place in range(_MAX_BYTES):
            (byte,) = self.take(1)
            value |= (byte & 0x7F) << 7 * place
            if byte < 0x80:
                break
        if byte > 0x7F or value >= LIMIT:
            raise PayloadError("a delta has a number that the format does not have")
        return value

    def svarint(self) -> int:
        """Return the next svarint."""
        value = self.varint()
        return -(value + 1 >> 1) if value & 1 else value >> 1
