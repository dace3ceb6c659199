"""What of a slot is still as the factory left it."""

from slotcast.slot import BLOCK_BYTES, SECTOR_BYTES


class Surveyor:
    """Spares the erases of sectors that were never written, and leaves the others to slot.Slot.

    Args:
        slot: a slot.Slot, whose sectors are written by this install alone, in ascending order.
    """

    def __init__(self, slot):
        self._slot = slot

    def survey_steps(self):
        """Find the end of the slot that is blank as the factory left it, to spare its erases.

        An erase that was interrupted, of a sector or of 64 KiB, is not part of it: installs write
        in ascending order, so it lies before what they have not reached, and the first 64 to 128
        KiB that read blank are not trusted.
        """
        start = self._slot.size
        while start and self._slot.is_blank(start - SECTOR_BYTES):
            start -= SECTOR_BYTES
            yield
        start += self._slot.address
        start += BLOCK_BYTES + -start % BLOCK_BYTES - self._slot.address
        self._slot.trust_blank(start, self._slot.size)

    def erase_ahead(self, offset: int, sectors, stop: int, image_size: int) -> None:
        """Erase nothing; see erase.Eraser."""
