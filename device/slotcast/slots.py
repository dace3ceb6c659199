"""The slots of a board: which one an update goes to, and whether it can be taken back."""

from slotcast import boot
from slotcast.errors import BoardError


def other_slot(partition_class):
    """Return the slot.Slot that an update goes to.

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
    from slotcast.slot import Slot

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
