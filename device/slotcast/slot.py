"""A slot: read anywhere, and written in whole sectors if it is not the running one."""

from slotcast import boot
from slotcast.errors import BoardError

SECTOR_BYTES = 4096


class Slot:
    """One application partition.

    Args:
        partition: an esp32.Partition with 4096-byte blocks. Never write the running one: that
            aborts the chip (ESP-IDF, SPI_FLASH_DANGEROUS_WRITE).

    Attributes: address and size in bytes, label; written_sectors, how many `write` has changed.
    """

    def __init__(self, partition):
        self._partition = partition
        info = partition.info()
        self.address, self.size, self.label = info[2], info[3], info[4]
        self.written_sectors = 0
        self._scratch = memoryview(bytearray(512))

    def readinto(self, offset: int, buffer) -> None:
        """Fill `buffer` with the slot's bytes from `offset` on."""
        self._partition.readblocks(offset // SECTOR_BYTES, buffer, offset % SECTOR_BYTES)

    def write(self, offset: int, sector) -> None:
        """Write one sector, `offset` being its start, unless it holds the same bytes already."""
        if not self._holds(offset, sector):
            # Two arguments: erases len(sector), then writes (ports/esp32/esp32_partition.c).
            self._partition.writeblocks(offset // SECTOR_BYTES, sector)
            self.written_sectors += 1

    def _holds(self, offset, sector):
        scratch = self._scratch
        for at in range(0, SECTOR_BYTES, len(scratch)):
            self.readinto(offset + at, scratch)
            if scratch != sector[at : at + len(scratch)]:
                return False
        return True

    def set_boot(self) -> None:
        """Make the bootloader try this slot next; verifies the image once more.

        Raises OSError(-5379) when ESP-IDF finds the image bad; otadata is untouched then.
        """
        self._partition.set_boot()


def other_slot(partition_class) -> Slot:
    """Return the slot that an update goes to.

    Args:
        partition_class: esp32.Partition.

    Raises BoardError when the partition table has no second OTA slot.
    """
    running = partition_class(partition_class.RUNNING)
    try:
        other = running.get_next_update()
    except OSError:
        raise BoardError("the partition table has no OTA slots: flash one with ota_0 and ota_1")
    if other.info()[2] == running.info()[2]:
        raise BoardError("the partition table has one OTA slot only")
    return Slot(other)


def verify_can_update(partition_class) -> None:
    """Refuse a board on which an update could not be undone, or not be started at all.

    A bootloader without rollback is seen once it has started a new image: with the rollback it
    would have made PENDING of NEW before that (ESP-IDF, bootloader_utility.c).

    Args:
        partition_class: esp32.Partition.

    Raises BoardError.
    """
    slots = len(boot.ota_addresses(partition_class))
    if slots < 2:
        what = "one OTA slot only" if slots else "no OTA slots"
        raise BoardError("the partition table has %s: flash one with ota_0 and ota_1" % what)
    if not boot.has_otadata(partition_class):
        raise BoardError("the partition table has no otadata: flash one that has")
    if boot.state(partition_class) == boot.NEW:
        raise BoardError("the bootloader has no rollback: flash one that has")
