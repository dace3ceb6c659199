"""Relocation: a base as the linker would have moved it (manifests/payload.md)."""

from array import array

from slotcast.errors import PayloadError

_MAX_RANGES = 8
_MAX_ENTRIES = 512
_MAX_VARINT_BYTES = 5
_LIMIT = 1 << 31


class Relocation:
    """What a head says of how the pointers of the base have changed.

    Args:
        data: a memoryview of the head's relocation.
        max_entries: as many entries of the map as this board has memory for.

    Raises PayloadError when it breaks a rule of the format.
    """

    def __init__(self, data, max_entries: int = _MAX_ENTRIES):
        numbers = _Numbers(data)
        range_count, count = numbers.varint(), numbers.varint()
        if range_count > _MAX_RANGES or not 0 < count <= _MAX_ENTRIES:
            raise PayloadError("relocation has a count that is not one of the format")
        if count > max_entries:
            raise PayloadError("relocation is larger than this board's memory")
        self._ranges = _ranges(numbers, range_count)
        self._starts = array("i", bytes(4 * count))
        self._shifts = array("i", bytes(4 * count))
        self._fill_map(numbers)
        numbers.verify_ended()

    def _fill_map(self, numbers):
        start = shift = 0
        for index in range(len(self._starts)):
            gap = numbers.varint()
            if index and not gap:
                raise PayloadError("relocation has an entry twice")
            start += gap
            shift += numbers.svarint()
            if start >= _LIMIT or not -_LIMIT < shift < _LIMIT:
                raise PayloadError("relocation has a number out of its range")
            self._starts[index] = start
            self._shifts[index] = shift

    def apply(self, row, offset: int, length: int, words, pairs) -> None:
        """Relocate one row of the base in place.

        Args:
            row: a bytearray that begins with the row.
            offset: of the row in the base, in bytes.
            length: of the row, in bytes.
            words, pairs: of delta_plain or delta_viper.
        """
        at = 0
        for start, stop in self._ranges:
            start = min(max(start - offset, 0), length)
            stop = min(max(stop - offset, 0), length)
            words(row, at, start, self._starts, self._shifts, len(self._starts))
            if stop - start >= 4:
                pending = array("i", bytes(256))
                pairs(row, start, stop, pending, self._starts, self._shifts, len(self._starts))
            at = stop
        words(row, at, length, self._starts, self._shifts, len(self._starts))


def _ranges(numbers, count):
    """List of (start, stop), offsets in the base."""
    found, at = [], 0
    for _ in range(count):
        start = at + numbers.varint()
        at = start + numbers.varint()
        if start % 4 or at % 4 or at >= _LIMIT:
            raise PayloadError("relocation has a range that is not one of the format")
        found.append((start, at))
    return found


class _Numbers:
    """Varints, one behind the other."""

    def __init__(self, data):
        self._data = data
        self._at = 0

    def varint(self):
        value = 0
        for count in range(_MAX_VARINT_BYTES):
            if self._at == len(self._data):
                raise PayloadError("relocation ends early")
            byte = self._data[self._at]
            self._at += 1
            value |= (byte & 0x7F) << 7 * count
            if byte < 0x80:
                break
        if byte >= 0x80 or value >= _LIMIT or (count and not byte):
            raise PayloadError("relocation has a number that is too large, or not the shortest")
        return value

    def svarint(self):
        value = self.varint()
        return -(value >> 1) - 1 if value & 1 else value >> 1

    def verify_ended(self):
        if self._at != len(self._data):
            raise PayloadError("relocation goes on behind its last entry")
