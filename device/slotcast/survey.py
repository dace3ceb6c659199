"""What of a slot is still as the factory left it."""

from slotcast.slot import BLOCK_BYTES, SECTOR_BYTES


def survey_steps(slot):
    """Spare the erases of sectors that were never written.

    Those at the end of the slot are found that are blank as the factory left them. An erase that
    was interrupted, of a sector or of 64 KiB, is not part of it: installs write in ascending order,
    so it lies before what they have not reached, and the first 64 to 128 KiB that read blank are
    not trusted.

    Args:
        slot: a slot.Slot, whose sectors are written by this install alone, in ascending order.
    """
    start = slot.size
    while start and slot.is_blank(start - SECTOR_BYTES):
        start -= SECTOR_BYTES
        yield
    start += slot.address
    start += BLOCK_BYTES + -start % BLOCK_BYTES - slot.address
    slot.trust_blank(start, slot.size)
