"""Relocation: a base as the linker would have moved it (manifests/payload.md)."""

from array import array


class Relocation:
    """How the pointers of the base have changed; relocation_fields.py reads it.

    Args:
        ranges: list of (start, stop), offsets in the base: the code of a RISC-V chip.
        starts, shifts: arrays of 32-bit numbers, the map: from each start on, what is added.
    """

    def __init__(self, ranges, starts, shifts):
        self._ranges = ranges
        self._starts, self._shifts = starts, shifts

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
