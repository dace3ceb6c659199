"""What otadata says of the running firmware and the next, and how a trial ends.

Imports nothing of Slotcast, so that an application can confirm though the rest fails to load.

otadata is two sectors, an entry in each: sequence u32, label 20 bytes, state u32, CRC-32 of the
sequence alone (ESP-IDF, esp_flash_partitions.h). The valid entry with the higher sequence is the
active one.
"""

import struct
from binascii import crc32

# esp_ota_img_states_t
NEW = 0
PENDING = 1
VALID = 2
INVALID = 3
ABORTED = 4
UNDEFINED = 0xFFFFFFFF  # written by builds without rollback

_ERASED = 0xFFFFFFFF
_ERASE_BLOCK = 6  # of the block device protocol


def entries(partition_class) -> list:
    """Return (sequence, state) of both otadata entries; None in place of a blank or broken one.

    Args:
        partition_class: esp32.Partition.
    """
    found = _otadata(partition_class)
    if not found:
        return [None, None]
    return [_entry(found[0], sector) for sector in (0, 1)]


def _otadata(partition_class):
    return partition_class.find(partition_class.TYPE_DATA, subtype=0)


def _entry(otadata, sector):
    raw = bytearray(32)
    otadata.readblocks(sector, raw)
    sequence, _, state, crc = struct.unpack("<I20sII", raw)
    if sequence in (0, _ERASED) or crc32(raw[:4], _ERASED) != crc:
        return None
    return sequence, state


def state(partition_class):
    """State of the running image: NEW, PENDING, VALID or UNDEFINED; None where otadata has none.

    The active entry speaks of the running image only when the running slot is the boot slot; else
    the bootloader has fallen back, or another slot was armed and no reset came since.
    """
    if not boots_itself(partition_class):
        return None
    entry = _active(partition_class)
    return entry[1] if entry else None


def boots_itself(partition_class) -> bool:
    """Whether the next boot is to start what runs now."""
    try:
        boot = partition_class(partition_class.BOOT)
    except OSError:  # a table without OTA slots
        return True
    return boot.info()[2] == partition_class(partition_class.RUNNING).info()[2]


def boot_state(partition_class):
    """State of the image that boots next, whether it runs or not; None where otadata is blank."""
    entry = _active(partition_class)
    return entry[1] if entry else None


def _active(partition_class):
    """The valid entry with the higher sequence; a tie goes to the first."""
    usable = [e for e in entries(partition_class) if e and e[1] not in (INVALID, ABORTED)]
    return max(usable, key=lambda e: e[0]) if usable else None


def confirm(partition_class) -> bool:
    """Keep the running image for good; False when it is not on trial, and nothing is written.

    Confirming rewrites the *active* entry, whichever slot runs: after a fallback that would declare
    a broken slot valid.
    """
    if state(partition_class) != PENDING:
        return False
    partition_class.mark_app_valid_cancel_rollback()
    return True


def has_otadata(partition_class) -> bool:
    """Whether the partition table has a place for the boot choice."""
    return bool(_otadata(partition_class))


def disarm(partition_class) -> None:
    """Take back a set_boot that was called since the last reset.

    It left the entry of the image before as it was, in the other sector: with the new one erased
    that one counts again. A cut in the middle leaves one of the two.
    """
    found, active = _otadata(partition_class), _active(partition_class)
    if active:
        found[0].ioctl(_ERASE_BLOCK, entries(partition_class).index(active))


def was_aborted(partition_class, address: int) -> bool:
    """Whether otadata says that the bootloader gave up the image in the slot at `address`.

    A power cut at the wrong moment leaves no such record: False does not mean that it ran well.
    """
    slots = ota_addresses(partition_class)
    for entry in entries(partition_class):
        gave_up = entry and entry[1] in (INVALID, ABORTED)
        if gave_up and slots[(entry[0] - 1) % len(slots)] == address:
            return True
    return False


def ota_addresses(partition_class) -> list:
    """Addresses of ota_0, ota_1 and so on, whose subtypes are 0x10 and up."""
    found = [p.info() for p in partition_class.find(partition_class.TYPE_APP)]
    return [info[2] for info in sorted(found, key=lambda info: info[1]) if info[1] & 0x10]
