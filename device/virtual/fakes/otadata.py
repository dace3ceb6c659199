"""otadata as ESP-IDF keeps it: which entry counts, and what each operation writes next.

Pure; the bootloader model (CPython) and the fake esp32.Partition (MicroPython) share it. There are
two entries, each at the start of a sector of its own. Source: ESP-IDF v5.5.1,
bootloader_common_loader.c and esp_ota_ops.c.
"""

import struct
from binascii import crc32

NEW = 0
PENDING = 1
VALID = 2
INVALID = 3
ABORTED = 4
UNDEFINED = 0xFFFFFFFF

ENTRY_SIZE = 32
SECTOR_SIZE = 4096

_BLANK = 0xFFFFFFFF
_BLANK_LABEL = b"\xff" * 20
_FORMAT = "<I20sII"


class Entry:
    """One otadata entry: sequence number, label, state of the image, CRC of the sequence number."""

    def __init__(self, seq: int, state: int, crc: int, label: bytes = _BLANK_LABEL) -> None:
        self.seq = seq
        self.state = state
        self.crc = crc
        self.label = label

    @staticmethod
    def from_bytes(data: bytes) -> "Entry":
        """The entry in the first 32 bytes of a sector."""
        seq, label, state, crc = struct.unpack(_FORMAT, data[:ENTRY_SIZE])
        return Entry(seq, state, crc, label)

    def to_bytes(self) -> bytes:
        """The 32 bytes that go to flash."""
        return struct.pack(_FORMAT, self.seq, self.label, self.state, self.crc)

    def with_state(self, state: int) -> "Entry":
        """The same entry in another state; its CRC covers the sequence number alone."""
        return Entry(self.seq, state, self.crc, self.label)

    def has_crc(self) -> bool:
        """Whether the CRC belongs to the sequence number."""
        return self.crc == sequence_crc(self.seq)

    def is_invalid(self) -> bool:
        """ESP-IDF's own "invalid": blank or written off. A wrong CRC does not make it so."""
        return self.seq == _BLANK or self.state in (INVALID, ABORTED)

    def is_valid(self) -> bool:
        """Whether the entry may select a slot."""
        return not self.is_invalid() and self.has_crc()

    def is_initial(self) -> bool:
        """Whether nothing was ever recorded here: blank, or a wrong CRC."""
        return self.seq == _BLANK or not self.has_crc()


def sequence_crc(seq: int) -> int:
    """The CRC-32 that ESP-IDF stores beside a sequence number: start value 0xFFFFFFFF."""
    return crc32(struct.pack("<I", seq), 0xFFFFFFFF)


def active_index(entries: list[Entry]) -> int:
    """The entry that selects the slot: of valid ones the higher sequence, 0 on a tie; -1: none."""
    first, second = entries
    if first.is_valid() and second.is_valid():
        return 0 if first.seq >= second.seq else 1
    if first.is_valid():
        return 0
    return 1 if second.is_valid() else -1


def slot_of(entry: Entry, slots: int) -> int:
    """The OTA slot that an entry selects, of `slots` slots; arithmetic of 32 bits as in C."""
    return ((entry.seq - 1) & 0xFFFFFFFF) % slots


def arm(entries: list[Entry], slot: int, slots: int) -> tuple[int, Entry]:
    """What set_boot writes: (sector to erase and write, entry), so that `slot` boots next as NEW.

    The sector that is not active gets the smallest sequence number that selects the slot and is not
    below the active one. With no active entry that is sector 0.
    """
    active = active_index(entries)
    if active < 0:
        return 0, _entry(slot + 1, NEW, entries[0].label)
    seq = (slot + 1) % slots
    behind = max(0, entries[active].seq - seq)
    seq += (behind + slots - 1) // slots * slots
    other = 1 - active
    return other, _entry(seq, NEW, entries[other].label)


def confirm(entries: list[Entry]) -> tuple[int, Entry | None]:
    """What mark_app_valid writes: (sector, entry); (-1, None) with no active entry.

    The entry is None when it is VALID already. It is the *active* entry, whichever slot is running.
    """
    active = active_index(entries)
    if active < 0:
        return -1, None
    if entries[active].state == VALID:
        return active, None
    return active, entries[active].with_state(VALID)


def first_entry(slot: int) -> Entry:
    """What the bootloader records when both entries are initial and `slot` has started."""
    return _entry(slot + 1, VALID, _BLANK_LABEL)


def _entry(seq: int, state: int, label: bytes) -> Entry:
    return Entry(seq, state, sequence_crc(seq), label)
