"""Builds small ESP images: app images, bootloaders, partition tables and full flash files.

Layout: ESP-IDF, API guides "App Image Format" and "Partition Tables".
"""

import hashlib
import struct
from functools import reduce
from operator import xor

CHIP_IDS = {"esp32": 0, "esp32s2": 2, "esp32c3": 5, "esp32s3": 9, "esp32c6": 13, "esp32p4": 18}
BOOTLOADER_OFFSETS = {"esp32": 0x1000, "esp32s2": 0x1000, "esp32p4": 0x2000}
ARTICLE_TABLE = (
    ("nvs", 1, 2, 0x9000, 0x4000),
    ("otadata", 1, 0, 0xD000, 0x2000),
    ("phy_init", 1, 1, 0xF000, 0x1000),
    ("app0", 0, 0x10, 0x10000, 0x1E0000),
    ("app1", 0, 0x11, 0x1F0000, 0x1E0000),
)


def descriptor(version="", project="", secure_version=0):
    """esp_app_desc_t: 256 bytes."""
    head = struct.pack("<II8x32s32s", 0xABCD5432, secure_version, *_texts(version, project))
    return head.ljust(256, b"\0")


def app_image(chip="esp32", version="", project="", secure_version=0, code=b"code" * 64):
    """An app image with two segments, checksum and digest."""
    first = descriptor(version, project, secure_version)
    return image(chip, [(0x3F400020, first), (0x400D0020, code)])


def bootloader(chip="esp32"):
    """An image without an app descriptor."""
    return image(chip, [(0x3FFF0000, b"boot" * 32)])


def image(chip, segments, hash_appended=1, min_rev_full=3):
    """An image of (load address, data) segments."""
    header = struct.pack("<BBBBI", 0xE9, len(segments), 2, 0x20, 0x40081000)
    revisions = (CHIP_IDS.get(chip, chip), 0, min_rev_full, 399)
    header += struct.pack("<4B HBHH 4x B", 0xEE, 0, 0, 0, *revisions, hash_appended)
    body = b"".join(struct.pack("<II", address, len(data)) + data for address, data in segments)
    checksum = reduce(xor, b"".join(data for _, data in segments), 0xEF)
    data = header + body
    data += bytes(15 - len(data) % 16) + bytes([checksum])
    return data + (hashlib.sha256(data).digest() if hash_appended else b"")


def table(partitions=ARTICLE_TABLE):
    """The binary partition table, with its MD5 row."""
    entries = b"".join(
        struct.pack("<2sBBII16sI", b"\xaa\x50", kind, sub, at, size, name.encode(), 0)
        for name, kind, sub, at, size in partitions
    )
    digest = hashlib.md5(entries).digest()
    return (entries + b"\xeb\xeb" + b"\xff" * 14 + digest).ljust(0xC00, b"\xff")


def flash_file(chip="esp32", apps=None, partitions=ARTICLE_TABLE, base=None):
    """A full flash file; `apps` are images by flash address, `base` is where the file begins."""
    at = BOOTLOADER_OFFSETS.get(chip, 0)
    base = at if base is None else base
    parts = {at: bootloader(chip), 0x8000: table(partitions)}
    parts |= apps if apps is not None else {0x10000: app_image(chip)}
    data = bytearray(b"\xff" * (max(start + len(part) for start, part in parts.items()) - base))
    for start, part in parts.items():
        data[start - base : start - base + len(part)] = part
    return bytes(data)


def _texts(*texts):
    return (text.encode() for text in texts)
