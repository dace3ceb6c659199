"""Partition tables in Espressif's binary form: rows of 32 bytes, then one with their MD5.

Source: ESP-IDF, gen_esp32part.py and "Partition Tables" of the programming guide.
"""

import hashlib
import struct
from dataclasses import dataclass

TABLE_OFFSET = 0x8000
TABLE_SIZE = 0xC00

APP = 0
DATA = 1
FACTORY = 0x00
OTA_0 = 0x10
OTADATA = 0x00
NVS = 0x02
FAT = 0x81

_ROW = "<2sBBII16sI"
_ROW_SIZE = 32
_MAGIC = b"\xaa\x50"
_MD5_MAGIC = b"\xeb\xeb" + b"\xff" * 14


@dataclass(frozen=True)
class Partition:
    """One partition; offset and size in bytes of flash."""

    label: str
    type: int
    subtype: int
    offset: int
    size: int


# The shape of the Arduino core's default table: two slots of 1.9 MB and the rest a filesystem.
DEFAULT_TABLE = (
    Partition("nvs", DATA, NVS, 0x9000, 0x5000),
    Partition("otadata", DATA, OTADATA, 0xE000, 0x2000),
    Partition("app0", APP, OTA_0, 0x10000, 0x1E0000),
    Partition("app1", APP, OTA_0 + 1, 0x1F0000, 0x1E0000),
    Partition("vfs", DATA, FAT, 0x3D0000, 0x30000),
)


def table_to_bytes(partitions: tuple[Partition, ...]) -> bytes:
    """The table as it stands in flash at TABLE_OFFSET, padded to TABLE_SIZE."""
    rows = b"".join(_row(partition) for partition in partitions)
    digest = _MD5_MAGIC + hashlib.md5(rows, usedforsecurity=False).digest()
    return (rows + digest).ljust(TABLE_SIZE, b"\xff")


def table_from_bytes(data: bytes) -> tuple[Partition, ...]:
    """The partitions of a table, up to its MD5 row.

    Raises:
        ValueError: no table begins here, or its MD5 does not match.
    """
    partitions = []
    for at in range(0, TABLE_SIZE, _ROW_SIZE):
        row = data[at : at + _ROW_SIZE]
        if row[:2] != _MAGIC:
            _check_md5(data[:at], row)
            break
        _, kind, subtype, offset, size, label, _ = struct.unpack(_ROW, row)
        name = label.rstrip(b"\x00").decode()
        partitions.append(Partition(name, kind, subtype, offset, size))
    if not partitions:
        raise ValueError("no partition table")
    return tuple(partitions)


def ota_slots(partitions: tuple[Partition, ...]) -> list[Partition]:
    """The OTA slots, in the order of their numbers."""
    slots = [p for p in partitions if p.type == APP and OTA_0 <= p.subtype < OTA_0 + 16]
    return sorted(slots, key=lambda slot: slot.subtype)


def find(partitions: tuple[Partition, ...], kind: int, subtype: int) -> Partition | None:
    """The first partition of a type and subtype."""
    found = (p for p in partitions if (p.type, p.subtype) == (kind, subtype))
    return next(found, None)


def _row(partition: Partition) -> bytes:
    label = partition.label.encode()
    place = (partition.offset, partition.size)
    return struct.pack(_ROW, _MAGIC, partition.type, partition.subtype, *place, label, 0)


def _check_md5(rows: bytes, row: bytes) -> None:
    digest = hashlib.md5(rows, usedforsecurity=False).digest()
    if row.startswith(_MD5_MAGIC) and row[16:] != digest:
        raise ValueError("the partition table's MD5 does not match")
