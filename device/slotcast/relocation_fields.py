"""Reads a head's relocation; apart, as it is not needed once blocks come."""

from array import array

from slotcast.errors import PayloadError
from slotcast.relocation import Relocation

_MAX_RANGES = 8
_MAX_ENTRIES = 512
_MAX_VARINT_BYTES = 5
_LIMIT = 1 << 31


def read_relocation(data, start: int, max_entries: int = _MAX_ENTRIES) -> Relocation:
    """What a head says of how the pointers of the base have changed.

    Args:
        data: the head, a payload.HeadBytes.
        start: where in it the relocation begins, which goes to its end.
        max_entries: as many entries of the map as this board has memory for.

    Raises PayloadError when it breaks a rule of the format.
    """
    numbers = _Numbers(data, start)
    range_count, count = numbers.varint(), numbers.varint()
    if range_count > _MAX_RANGES or not 0 < count <= _MAX_ENTRIES:
        raise PayloadError("relocation has a count that is not one of the format")
    if count > max_entries:
        raise PayloadError("relocation is larger than this board's memory")
    ranges = _ranges(numbers, range_count)
    starts, shifts = array("i", bytes(4 * count)), array("i", bytes(4 * count))
    _fill_map(numbers, starts, shifts)
    numbers.verify_ended()
    return Relocation(ranges, starts, shifts)


def _fill_map(numbers, starts, shifts):
    start = shift = 0
    for index in range(len(starts)):
        gap = numbers.varint()
        if index and not gap:
            raise PayloadError("relocation has an entry twice")
        start += gap
        shift += numbers.svarint()
        if start >= _LIMIT or not -_LIMIT < shift < _LIMIT:
            raise PayloadError("relocation has a number out of its range")
        starts[index] = start
        shifts[index] = shift


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

    def __init__(self, data, start):
        self._data = data
        self._at, self._stop = start, len(data)

    def varint(self):
        value = 0
        for count in range(_MAX_VARINT_BYTES):
            if self._at == self._stop:
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
        if self._at != self._stop:
            raise PayloadError("relocation goes on behind its last entry")
