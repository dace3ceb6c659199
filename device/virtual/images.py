"""Small ESP images that are valid in every respect but that they hold no code.

What stands for a factory firmware on a virtual board, and what tests break. Layout: "Firmware Image
Format" of esptool's documentation; esp_app_desc_t of ESP-IDF's esp_app_format.
"""

import hashlib
import struct
from random import Random

from device.virtual.fakes.image import CHIP_IDS
from device.virtual.table import APP, TABLE_OFFSET, Partition, table_to_bytes

_MAGIC = 0xE9
_DESCRIPTOR_MAGIC = 0xABCD5432
_DESCRIPTOR_SIZE = 256
# Where the first segment of an app is mapped (read-only data), and where a bootloader's is loaded;
# both read off stock images.
_RODATA = {
    "esp32": 0x3F400020,
    "esp32s2": 0x3F000020,
    "esp32c3": 0x3C140020,
    "esp32s3": 0x3C130020,
    "esp32c6": 0x42170020,
}
_BOOTLOADER_DATA = {
    "esp32": 0x3FFF0030,
    "esp32s2": 0x3FFE5110,
    "esp32c3": 0x3FCD5820,
    "esp32s3": 0x3FCE2820,
    "esp32c6": 0x40875730,
}


def build_app(
    chip: str = "esp32", version: str = "", project: str = "", size: int = 65536, seed: int = 0
) -> bytes:
    """An application image of about `size` bytes: one segment, app descriptor, checksum, SHA-256.

    Images of different versions or seeds have different digests.
    """
    noise = Random(seed).randbytes(max(0, size - _DESCRIPTOR_SIZE - 0x50) // 4 * 4)
    return build_image(chip, _RODATA[chip], _descriptor(version, project) + noise)


def build_bootloader(chip: str = "esp32") -> bytes:
    """An image in the place of a second-stage bootloader."""
    return build_image(chip, _BOOTLOADER_DATA[chip], bytes(1024))


def build_image(chip: str, load_address: int, segment: bytes) -> bytes:
    """An image of one segment, with checksum and appended SHA-256; whole words only."""
    header = struct.pack("<BBBBI", _MAGIC, 1, 2, 0x20, load_address)
    extended = struct.pack("<B3sHBHH4sB", 0xEE, b"", CHIP_IDS[chip], 0, 0, 0xFFFF, b"", 1)
    body = header + extended + struct.pack("<II", load_address, len(segment)) + segment
    checksum = 0xEF
    for byte in segment:
        checksum ^= byte
    body += bytes(15 - len(body) % 16) + bytes([checksum])
    return body + hashlib.sha256(body).digest()


def bootloader_offset(chip: str) -> int:
    """Where the ROM of a chip looks for the bootloader, and a full flash file begins."""
    return 0x1000 if chip in ("esp32", "esp32s2") else 0


def build_flash_file(chip: str, table: tuple[Partition, ...], app: bytes) -> bytes:
    """A full flash file as a serial flasher takes it: from the bootloader's offset on.

    The app stands in the first app partition; what lies between is 0xFF.
    """
    app_offset = min(partition.offset for partition in table if partition.type == APP)
    flash = bytearray(b"\xff" * (app_offset + len(app)))
    parts = (
        (bootloader_offset(chip), build_bootloader(chip)),
        (TABLE_OFFSET, table_to_bytes(table)),
        (app_offset, app),
    )
    for offset, part in parts:
        flash[offset : offset + len(part)] = part
    return bytes(flash[bootloader_offset(chip) :])


def _descriptor(version: str, project: str) -> bytes:
    words = struct.pack("<II8x", _DESCRIPTOR_MAGIC, 0)
    texts = struct.pack(
        "<32s32s16s16s32s",
        version.encode(),
        project.encode(),
        b"12:00:00",
        b"Jan  1 2026",
        b"v5.5.1",
    )
    return (words + texts).ljust(_DESCRIPTOR_SIZE, b"\x00")
