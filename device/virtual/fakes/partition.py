"""esp32.Partition, with the error codes of the real one.

Source: ports/esp32/esp32_partition.c of MicroPython; esp_partition.c and esp_ota_ops.c of ESP-IDF
v5.5.1.
"""

import gc
import struct

import uctypes
from fakes import otadata
from fakes.chip import chip
from fakes.flash import SECTOR_SIZE
from fakes.image import CHIP_IDS, InvalidImageError, verify_image

_TABLE = 0x8000
_TABLE_MAX = 0xC00
_APP = 0
_DATA = 1
_ANY = 0xFF
_OTA_0 = 0x10
_OTADATA = (_DATA, 0x00)
_FACTORY = (_APP, 0x00)


def esp_error(code: int, name: str) -> OSError:
    """An ESP-IDF error as the ESP32 port raises it: OSError(-code, name)."""
    return OSError(-code, name)


def read_table() -> list:
    """The partition table in flash: (type, subtype, offset, size, label) of each, in its order."""
    table = []
    for at in range(_TABLE, _TABLE + _TABLE_MAX, 32):
        row = chip.flash.read(at, 32)
        if row[:2] != b"\xaa\x50":
            break
        kind, subtype, offset, size, label = struct.unpack("<BBII16s", row[2:28])
        table.append((kind, subtype, offset, size, label.rstrip(b"\x00").decode()))
    return table


def slots() -> list:
    """The OTA slots of the table, in the order of their numbers."""
    found = [row for row in read_table() if row[0] == _APP and _OTA_0 <= row[1] < _OTA_0 + 16]
    return sorted(found, key=lambda row: row[1])


class Partition:
    """One partition: a block device, and the door to OTA."""

    BOOT = 0
    RUNNING = 1
    TYPE_APP = _APP
    TYPE_DATA = _DATA

    def __init__(self, id: object, block_size: int = SECTOR_SIZE) -> None:
        self._block_size = block_size
        self._row = _by_label(id) if isinstance(id, str) else _by_number(id)
        if self._row is None:
            raise OSError(2)

    @staticmethod
    def find(
        type: int = _APP, subtype: int = _ANY, label: object = None, block_size: int = SECTOR_SIZE
    ) -> list:
        """All partitions of that type, subtype and label; 0xFF is any."""
        return [
            Partition(row, block_size)
            for row in read_table()
            if type in (row[0], _ANY) and subtype in (row[1], _ANY) and label in (row[4], None)
        ]

    def info(self) -> tuple:
        """(type, subtype, address, size, label, encrypted)."""
        return self._row + (False,)

    def readblocks(self, block: int, buffer: object, offset: int = 0) -> None:
        """Fill `buffer`, of any length, from a block."""
        at = block * self._block_size + offset
        self._check_range(at, len(buffer))
        chip.flash.readinto(self._row[2] + at, buffer)

    def writeblocks(self, block: int, buffer: object, offset: object = None) -> None:
        """Erase and write (two arguments), or only clear bits (three)."""
        chip.sample_heap()
        at = block * self._block_size
        if offset is not None:
            self._program(at + offset, buffer)
        elif self._block_size < SECTOR_SIZE:
            self._rewrite(at, buffer)
        else:
            self._erase(at, len(buffer))
            self._program(at, buffer)

    def ioctl(self, command: int, argument: int = 0) -> object:
        """The block device protocol: 4 count, 5 size, 6 erase one block."""
        if command in (1, 2, 3):
            return 0
        if command == 4:
            return self._row[3] // self._block_size
        if command == 5:
            return self._block_size
        if command != 6:
            return None
        if self._block_size != SECTOR_SIZE:
            return -22
        self._erase(argument * SECTOR_SIZE, SECTOR_SIZE)
        return 0

    def set_boot(self) -> None:
        """Verify the image and let the bootloader choose it next; OSError(-5379) if it is bad."""
        try:
            self._verify_image()
        except InvalidImageError as error:
            print("E (esp_image): %s" % error)
            raise esp_error(5379, "ESP_ERR_OTA_VALIDATE_FAILED")
        if self._row[0] != _APP:
            raise esp_error(258, "ESP_ERR_INVALID_ARG")
        data = _otadata()
        if self._row[:2] == _FACTORY:
            data._erase(0, 2 * SECTOR_SIZE)
            return
        sector, entry = otadata.arm(_entries(data), self._row[1] - _OTA_0, len(slots()))
        if not chip.host.world()["app_rollback"]:  # set_new_state_otadata
            entry = entry.with_state(otadata.UNDEFINED)
        _write_entry(data, sector, entry)

    def get_next_update(self) -> "Partition":
        """The OTA slot after this one, the first after the last."""
        rows = slots()
        if not rows:
            raise OSError(2)
        index = rows.index(self._row) + 1 if self._row in rows else 0
        return Partition(rows[index % len(rows)])

    def _verify_image(self) -> None:
        # C on a chip, which makes no garbage; an install has it collected every two kilobytes.
        threshold = gc.threshold()
        gc.threshold(-1)
        try:
            verify_image(self._read, self._row[3], CHIP_IDS[chip.host.boot["chip"]])
        finally:
            gc.threshold(threshold)

    @classmethod
    def mark_app_valid_cancel_rollback(cls) -> None:
        """Make the *active* otadata entry VALID; nothing is written if it is already."""
        data = _otadata()
        sector, entry = otadata.confirm(_entries(data))
        if sector < 0:
            raise esp_error(1, "ESP_FAIL")
        if entry:
            _write_entry(data, sector, entry)

    def _read(self, offset: int, size: int) -> bytes:
        return chip.flash.read(self._row[2] + offset, size)

    def _erase(self, at: int, size: int) -> None:
        self._check_range(at, size)
        if size % SECTOR_SIZE:
            raise esp_error(260, "ESP_ERR_INVALID_SIZE")
        self._check_not_running()
        chip.flash.erase(self._row[2] + at, size)

    def _program(self, at: int, buffer: object) -> None:
        self._check_range(at, len(buffer))
        self._check_not_running()
        if len(buffer) and not uctypes.addressof(buffer):
            raise esp_error(258, "ESP_ERR_INVALID_ARG")  # esp_flash_write: a null pointer
        chip.flash.program(self._row[2] + at, buffer)

    def _rewrite(self, at: int, buffer: object) -> None:
        # Blocks smaller than a sector: read the sector, change it, erase it, write it.
        sector = bytearray(SECTOR_SIZE)
        done = 0
        while done < len(buffer):
            base = (at + done) // SECTOR_SIZE * SECTOR_SIZE
            inside = at + done - base
            count = min(SECTOR_SIZE - inside, len(buffer) - done)
            self._check_range(at + done, count)
            chip.flash.readinto(self._row[2] + base, sector)
            sector[inside : inside + count] = memoryview(buffer)[done : done + count]
            self._erase(base, SECTOR_SIZE)
            self._program(base, sector)
            done += count

    def _check_range(self, at: int, size: int) -> None:
        if at < 0 or at > self._row[3]:
            raise esp_error(258, "ESP_ERR_INVALID_ARG")
        if at + size > self._row[3]:
            raise esp_error(260, "ESP_ERR_INVALID_SIZE")

    def _check_not_running(self) -> None:
        # CONFIG_SPI_FLASH_DANGEROUS_WRITE_ABORTS, the default of ESP-IDF.
        if self._row[0] == _APP and self._row[4] == chip.host.boot["running"]:
            chip.panic("abort() was called at PC 0x40083f1e on core 0")


def _by_label(label: str) -> object:
    rows = [row for row in read_table() if row[4] == label]
    return min(rows, key=lambda row: row[0]) if rows else None


def _by_number(id: object) -> object:
    if isinstance(id, tuple):
        return id  # a row of the table: this module's own way in
    if id == Partition.BOOT:
        return _boot_row()
    if id == Partition.RUNNING:
        return _by_label(chip.host.boot["running"])
    raise ValueError


def _boot_row() -> object:
    # esp_ota_get_boot_partition: what otadata selects, else factory, else the first slot.
    data = Partition.find(*_OTADATA)
    rows = slots()
    if not data:
        return None
    entries = _entries(data[0])
    active = otadata.active_index(entries)
    if active >= 0 and rows:
        return rows[otadata.slot_of(entries[active], len(rows))]
    factory = [row for row in read_table() if row[:2] == _FACTORY]
    return (factory + rows or [None])[0]


def _otadata() -> Partition:
    found = Partition.find(*_OTADATA)
    if not found:
        raise esp_error(261, "ESP_ERR_NOT_FOUND")
    return found[0]


def _entries(data: Partition) -> list:
    sectors = (data._read(0, otadata.ENTRY_SIZE), data._read(SECTOR_SIZE, otadata.ENTRY_SIZE))
    return [otadata.Entry.from_bytes(sector) for sector in sectors]


def _write_entry(data: Partition, sector: int, entry: otadata.Entry) -> None:
    data._erase(sector * SECTOR_SIZE, SECTOR_SIZE)
    data._program(sector * SECTOR_SIZE, entry.to_bytes())
