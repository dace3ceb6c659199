"""ESP-IDF's second-stage bootloader: which image starts, and what that does to otadata.

Source: ESP-IDF v5.5.1, bootloader_utility.c and bootloader_common_loader.c, with
CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE as every MicroPython build since v1.21 has it, or without.
"""

from dataclasses import dataclass

from device.virtual.fakes import otadata
from device.virtual.fakes.image import CHIP_IDS, ImageInfo, InvalidImageError, verify_image
from device.virtual.flash import Flash
from device.virtual.table import (
    APP,
    DATA,
    FACTORY,
    OTADATA,
    Partition,
    find,
    ota_slots,
)

_FACTORY_INDEX = -1

# The bootloader's own data and loader code, which no segment may overwrite: bootloader.ld of
# ESP-IDF, and the segments of stock bootloaders.
_BOOTLOADER_RAM = {
    "esp32": ((0x3FFF0000, 0x3FFF6000), (0x40078000, 0x40080000)),
    "esp32s2": ((0x3FFE5000, 0x3FFEB000), (0x4004A000, 0x40052000)),
    "esp32c3": ((0x3FCD5000, 0x3FCDC710), (0x403CB000, 0x403D2000)),
    "esp32s3": ((0x3FCE2000, 0x3FCE9700), (0x403C8000, 0x403D0000)),
    "esp32c6": ((0x40875000, 0x4087C610), (0x4086B000, 0x40872000)),
}


@dataclass(frozen=True)
class Started:
    """What the bootloader started."""

    partition: Partition
    image: ImageInfo


class Bootloader:
    """One boot: `start` may change otadata, and nothing else.

    Args:
        flash: the flash to read, and to change through.
        partitions: the partition table in it.
        chip: esptool's name of the chip.
        rollback: whether it was built with the rollback; without, it knows no trial.
    """

    def __init__(
        self,
        flash: Flash,
        partitions: tuple[Partition, ...],
        chip: str,
        rollback: bool = True,
    ) -> None:
        self._flash = flash
        self._rollback = rollback
        self._chip = chip
        self._factory = find(partitions, APP, FACTORY)
        self._slots = ota_slots(partitions)
        self._otadata = find(partitions, DATA, OTADATA)
        self._has_initial_otadata = False
        self.messages: list[str] = []

    def start(self) -> Started | None:
        """Choose and verify an image; None if no partition holds one that starts."""
        first = self._select()
        candidates = [*range(first, -2, -1), *range(first + 1, len(self._slots))]
        for index in candidates:
            partition = self._partition(index)
            image = self._verified(partition) if partition else None
            if partition and image:
                self._record_first_start(index)
                self.messages.append(
                    f"I (boot): Loaded app from partition at offset {partition.offset:#x}"
                )
                return Started(partition, image)
        self.messages.append("E (boot): No bootable app partitions in the partition table")
        return None

    def restart(self, label: str) -> Started | None:
        """Start the image that ran before a deep sleep: otadata is not looked at."""
        for partition in (self._factory, *self._slots):
            image = self._verified(partition) if partition and partition.label == label else None
            if partition and image:
                return Started(partition, image)
        return self.start()

    def _select(self) -> int:
        """bootloader_utility_get_selected_boot_partition: a slot's number, or factory's -1."""
        if self._otadata is None:
            return _FACTORY_INDEX
        entries = [self._abort_pending(index, entry) for index, entry in enumerate(self._entries())]
        if all(entry.is_invalid() for entry in entries) or not self._slots:
            if self._factory:
                return _FACTORY_INDEX
            self._has_initial_otadata = all(entry.is_initial() for entry in entries)
            return 0
        active = otadata.active_index(entries)
        if active < 0:  # neither valid nor both invalid: a wrong CRC
            return _FACTORY_INDEX
        if self._rollback and entries[active].state == otadata.NEW:
            self._write(active, entries[active].with_state(otadata.PENDING))
        return otadata.slot_of(entries[active], len(self._slots))

    def _abort_pending(self, index: int, entry: otadata.Entry) -> otadata.Entry:
        # An image that was started once and not confirmed. The CRC is not looked at.
        if not self._rollback or entry.state != otadata.PENDING:
            return entry
        aborted = entry.with_state(otadata.ABORTED)
        self._write(index, aborted)
        return aborted

    def _record_first_start(self, index: int) -> None:
        if self._has_initial_otadata:
            self._write(0, otadata.first_entry(index))

    def _partition(self, index: int) -> Partition | None:
        if index == _FACTORY_INDEX:
            return self._factory
        return self._slots[index] if index < len(self._slots) else None

    def _verified(self, partition: Partition) -> ImageInfo | None:
        def read(offset: int, size: int) -> bytes:
            return self._flash.read(partition.offset + offset, size)

        try:
            image = verify_image(read, partition.size, CHIP_IDS[self._chip])
            verify_load_addresses(image.segments, self._chip)
        except InvalidImageError as error:
            self.messages.append(f"E (esp_image): {error}")
            self.messages.append(f"E (boot): OTA app partition {partition.label} is not bootable")
            return None
        return image

    def _entries(self) -> list[otadata.Entry]:
        return [otadata.Entry.from_bytes(self._flash.read(self._sector(i), 32)) for i in (0, 1)]

    def _write(self, index: int, entry: otadata.Entry) -> None:
        self._flash.erase(self._sector(index))
        self._flash.program(self._sector(index), entry.to_bytes())

    def _sector(self, index: int) -> int:
        assert self._otadata
        return self._otadata.offset + index * otadata.SECTOR_SIZE


def verify_load_addresses(segments: list[tuple[int, int, int]], chip: str) -> None:
    """Refuse an image that would overwrite the bootloader while it loads.

    This is where a full flash file fails: its first image *is* a bootloader. set_boot has no such
    check (verify_load_addresses is compiled into the bootloader alone).

    Raises:
        InvalidImageError: a segment lies in the bootloader's memory.
    """
    for number, (address, _, size) in enumerate(segments):
        for start, end in _BOOTLOADER_RAM[chip]:
            if address < end and start < address + size:
                raise InvalidImageError(
                    f"Segment {number} load address {address:#x}-{address + size:#x} "
                    "overlaps bootloader data"
                )
