"""ESP32 partition tables: Espressif's CSV, and the binary form at flash 0x8000.

Formats: ESP-IDF, API guide "Partition Tables", and its tool gen_esp32part.py. Offsets and sizes are
in bytes of flash.
"""

import hashlib
import re
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from publisher.errors import ImageError, SettingsError

TABLE_OFFSET = 0x8000
TABLE_BYTES = 0x1000
MAX_TABLE_BYTES = 0xC00
ENTRY = struct.Struct("<2sBBII16sI")
ENTRY_MAGIC = b"\xaa\x50"
MD5_MAGIC = b"\xeb\xeb"
TYPES = {"app": 0x00, "data": 0x01, "bootloader": 0x02, "partition_table": 0x03}
APP, DATA = TYPES["app"], TYPES["data"]
OTA_SLOTS = range(0x10, 0x20)
OTADATA = 0x00
APP_SUBTYPES = {"factory": 0x00, "test": 0x20, **{f"ota_{n}": 0x10 + n for n in range(16)}}
DATA_SUBTYPES = {
    "ota": 0x00,
    "phy": 0x01,
    "nvs": 0x02,
    "coredump": 0x03,
    "nvs_keys": 0x04,
    "efuse": 0x05,
    "undefined": 0x06,
    "esphttpd": 0x80,
    "fat": 0x81,
    "spiffs": 0x82,
    "littlefs": 0x83,
}
# Where an app, and anything else, may begin.
APP_ALIGNMENT, DATA_ALIGNMENT = 0x10000, 0x1000
FLASH_SIZES = tuple(size << 20 for size in (2, 4, 8, 16, 32))
MIN_FILESYSTEM_BYTES = 0x10000

_NUMBER = re.compile(r"(-?)(0[xX][0-9a-fA-F]+|[0-9]+)([kKmM]?)", re.ASCII)
_UNITS = {"": 1, "k": 1024, "m": 1024 * 1024}


@dataclass(frozen=True)
class Partition:
    """One partition: type and subtype as numbers, `end` is the first byte behind it."""

    name: str
    type: int
    subtype: int
    offset: int
    size: int

    @property
    def end(self) -> int:
        """Offset of the first byte behind the partition."""
        return self.offset + self.size

    @property
    def is_ota_slot(self) -> bool:
        """Whether an update may be installed here."""
        return self.type == APP and self.subtype in OTA_SLOTS


def slot_size(partitions: Iterable[Partition]) -> int:
    """Return the size of the smallest OTA slot.

    Raises SettingsError where the table has no otadata, or fewer than two OTA slots.
    """
    table = tuple(partitions)
    slots = [partition.size for partition in table if partition.is_ota_slot]
    if len(slots) < 2:
        hint = (
            "a board that updates itself needs ota_0 and ota_1; the stock table of most has neither"
        )
        raise SettingsError(f"the partition table has {len(slots)} OTA slots of at least 2", hint)
    if not any(entry.type == DATA and entry.subtype == OTADATA for entry in table):
        hint = "add a line such as: otadata, data, ota, , 0x2000"
        raise SettingsError("the partition table has no otadata partition", hint)
    return min(slots)


def ota_table(slot_bytes: int) -> tuple[Partition, ...]:
    """Return a table with two OTA slots and, in what remains of the flash, MicroPython's `vfs`.

    It has the shape of the Arduino core's default table, for the smallest flash that takes it.
    Raises SettingsError where none does.
    """
    size = -(-slot_bytes // APP_ALIGNMENT) * APP_ALIGNMENT
    app1 = 0x10000 + size
    vfs = app1 + size
    flash = next((end for end in FLASH_SIZES if end >= vfs + MIN_FILESYSTEM_BYTES), None)
    if flash is None:
        raise SettingsError(f"no flash has room for two slots of {slot_bytes} bytes")
    return (
        Partition("nvs", DATA, DATA_SUBTYPES["nvs"], 0x9000, 0x5000),
        Partition("otadata", DATA, OTADATA, 0xE000, 0x2000),
        Partition("app0", APP, OTA_SLOTS[0], 0x10000, size),
        Partition("app1", APP, OTA_SLOTS[1], app1, size),
        Partition("vfs", DATA, DATA_SUBTYPES["fat"], vfs, flash - vfs),
    )


def to_csv(partitions: Iterable[Partition]) -> str:
    """Return the table in CSV, all numbers written out."""
    lines = [f"{e.name}, {_type_names(e)}, {e.offset:#x}, {e.size:#x}," for e in partitions]
    return "\n".join(["# Name, Type, SubType, Offset, Size, Flags", *lines, ""])


def to_binary(partitions: Iterable[Partition]) -> bytes:
    """Return the table as it stands in flash, with its MD5, filled up to 0xC00 bytes."""
    entries = b"".join(
        ENTRY.pack(ENTRY_MAGIC, e.type, e.subtype, e.offset, e.size, e.name.encode("ascii"), 0)
        for e in partitions
    )
    digest = hashlib.md5(entries, usedforsecurity=False).digest()
    return (entries + MD5_MAGIC + b"\xff" * 14 + digest).ljust(MAX_TABLE_BYTES, b"\xff")


def parse_csv(text: str) -> tuple[Partition, ...]:
    """Read a partition table in CSV; blank offsets follow the partition before.

    Raises SettingsError that names the line.
    """
    partitions: list[Partition] = []
    end = TABLE_OFFSET + TABLE_BYTES
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.strip().startswith("#"):
            continue
        try:
            partition = _parse_line(line, end)
            _verify_placement(partition, partitions)
        except ValueError as error:
            raise SettingsError(f"partition table, line {number}: {error}") from error
        partitions.append(partition)
        end = partition.end
    return tuple(partitions)


def parse_binary(data: bytes) -> tuple[Partition, ...]:
    """Read the binary table with which `data` begins.

    Raises ImageError when an entry is broken, the table has no end, or its MD5 is wrong.
    """
    partitions: list[Partition] = []
    for at in range(0, MAX_TABLE_BYTES, ENTRY.size):
        entry = data[at : at + ENTRY.size]
        if entry == b"\xff" * ENTRY.size:
            return tuple(partitions)
        if len(entry) == ENTRY.size and entry[:2] == MD5_MAGIC:
            _verify_md5(data[:at], entry)
        elif len(entry) == ENTRY.size and entry[:2] == ENTRY_MAGIC:
            partitions.append(_parse_entry(entry))
        else:
            raise ImageError(f"the partition table is broken in entry {at // ENTRY.size}")
    raise ImageError("the partition table has no end")


def _parse_line(line: str, end: int) -> Partition:
    fields = [part.strip() for part in line.split(",")] + [""] * 5
    name, type_name, subtype_name, offset_text, size_text = fields[:5]
    if not 0 < len(name) < 16:
        raise ValueError(f'the name "{name}" must have 1 to 15 characters')
    type_ = _named(type_name, TYPES, "type")
    names = {APP: APP_SUBTYPES, DATA: DATA_SUBTYPES}.get(type_, {})
    subtype = _named(subtype_name or "0", names, "subtype")
    alignment = APP_ALIGNMENT if type_ == APP else DATA_ALIGNMENT
    offset = _number(offset_text) if offset_text else -(-end // alignment) * alignment
    size = _number(size_text)
    if size < 0:  # gen_esp32part: a negative size says where the partition ends
        size = -size - offset
    if offset % alignment:
        raise ValueError(f"offset {offset:#x} is not a multiple of {alignment:#x}")
    return Partition(name, type_, subtype, offset, size)


def _verify_placement(partition: Partition, before: Sequence[Partition]) -> None:
    if partition.offset < TABLE_OFFSET + TABLE_BYTES and partition.type in (APP, DATA):
        raise ValueError(f"offset {partition.offset:#x} is in the bootloader or this table")
    if partition.size <= 0:
        raise ValueError(f"{partition.name} has a size of {partition.size}")
    for other in before:
        if partition.name == other.name:
            raise ValueError(f"{partition.name} is there twice")
        if partition.offset < other.end and other.offset < partition.end:
            raise ValueError(f"{partition.name} overlaps {other.name}")


def _type_names(partition: Partition) -> str:
    subtypes = {APP: APP_SUBTYPES, DATA: DATA_SUBTYPES}.get(partition.type, {})
    names = {value: name for name, value in TYPES.items()}
    subnames = {value: name for name, value in subtypes.items()}
    type_name = names.get(partition.type, f"{partition.type:#x}")
    return f"{type_name}, {subnames.get(partition.subtype, f'{partition.subtype:#x}')}"


def _named(text: str, names: dict[str, int], what: str) -> int:
    if text in names:
        return names[text]
    try:
        value = int(text, 0)
    except ValueError:
        raise ValueError(f'the {what} "{text}" is not known') from None
    if not 0 <= value <= 0xFE:
        raise ValueError(f"the {what} {value} must be 0 to 254")
    return value


def _number(text: str) -> int:
    match = _NUMBER.fullmatch(text)
    if not match:
        raise ValueError(f'"{text}" is not a number such as 0x1E0000, 1920K or 1M')
    sign, digits, unit = match.groups()
    base = 16 if digits[:2].lower() == "0x" else 10
    value = int(digits, base) * _UNITS[unit.lower()]
    return -value if sign else value


def _parse_entry(entry: bytes) -> Partition:
    _, type_, subtype, offset, size, name, _ = ENTRY.unpack(entry)
    text = name.rstrip(b"\0").decode("ascii", "replace")
    return Partition(text, type_, subtype, offset, size)


def _verify_md5(entries: bytes, row: bytes) -> None:
    if hashlib.md5(entries, usedforsecurity=False).digest() != row[16:]:
        raise ImageError("the partition table's MD5 is wrong")
