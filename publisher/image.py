"""ESP application images: read one from an app image or a full flash file, and check it whole.

This is the only module that imports esptool (GPL-2.0-or-later), and it does so when it is first
needed: that takes about 0.2 s. Layout: ESP-IDF, "App Image Format".
"""

import hashlib
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from publisher.errors import ImageError
from publisher.partitions import APP, ENTRY_MAGIC, TABLE_OFFSET, Partition, parse_binary

if TYPE_CHECKING:
    from esptool.bin_image import ESP32FirmwareImage

MAGIC = 0xE9
CHIP_ID = struct.Struct("<H")
CHIP_ID_OFFSET = 12
HASH_APPENDED_OFFSET = 23
# esp_app_desc_t, the first thing in segment 0: magic, secure_version, reserved, version, project.
DESCRIPTOR = struct.Struct("<II8x32s32s")
DESCRIPTOR_OFFSET = 0x20
DESCRIPTOR_MAGIC = 0xABCD5432
DIGEST_BYTES = 32
BUILD_HINT = "take the .bin that the build wrote, and copy it again if it was copied"


@dataclass(frozen=True)
class Image:
    """An application image, as it stands in a slot.

    Attributes:
        data: the image and nothing else; its last 32 bytes are `image_digest`.
        chip: esptool's name, such as "esp32c3".
        version, project: of the app descriptor; empty in stock MicroPython.
        secure_version: the app descriptor's, for eFuse anti-rollback.
        min_chip_rev: oldest chip revision, major * 100 + minor.
        sha256, md5, image_digest: hex; the first two of `data`.
        source: "app", or "flash" if it was taken out of a full flash file.
    """

    data: bytes = field(repr=False)
    chip: str
    version: str
    project: str
    secure_version: int
    min_chip_rev: int
    sha256: str
    md5: str
    image_digest: str
    source: str

    @property
    def size(self) -> int:
        """Bytes of the image."""
        return len(self.data)


@dataclass(frozen=True)
class _Chip:
    """A chip as esptool knows it; bootloader_offset is where its bootloader lies in flash."""

    name: str
    bootloader_offset: int


def read_image(data: bytes, name: str) -> Image:
    """Return the application image in `data`: an app image, or a full flash file.

    Args:
        data: the file.
        name: what messages call it.

    Raises:
        ImageError: it is no image, it is damaged, or it is not an application.
    """
    if not data:
        raise ImageError(f"{name} is empty", BUILD_HINT)
    start = _leading_blank(data)
    chip = _chip(data[start:], name)
    if not start and _has_descriptor(data):
        return _read_app(data, name, chip, "app")
    if start not in (0, chip.bootloader_offset):
        raise ImageError(f"{name} is not an ESP image: it begins with {start} blank bytes")
    app = _app_in_flash_file(data, start, name, chip)
    return _read_app(app, f"the application in {name}", _chip(app, name), "flash")


def verify_fits(image: Image, chip: str, slot_size: int) -> None:
    """Raise ImageError unless the board's chip is the image's, and its slot (bytes) holds it."""
    if image.chip != chip:
        hint = f"build the firmware for {chip}, or name another board"
        raise ImageError(f"the image is for {image.chip}, the board has an {chip}", hint)
    if image.size > slot_size:
        over = image.size - slot_size
        message = f"the image has {image.size} bytes, {over} more than the board's slot holds"
        raise ImageError(message, "a larger slot takes a new partition table, flashed by serial")


def verify_same_chip(base: str, chip: str, message: str) -> None:
    """Raise ImageError(message) unless what boards run is for the same chip as what they get."""
    if base != chip:
        raise ImageError(message, "boards of one chip never run firmware for another")


def bootloader_offset(chip: str) -> int:
    """Return the flash address at which a chip's bootloader lies; ImageError for no known chip."""
    offsets = {known.name: known.bootloader_offset for known in _chips().values()}
    if chip not in offsets:
        raise ImageError(
            f'esptool knows no chip "{chip}"', f"it knows {', '.join(sorted(offsets))}"
        )
    return offsets[chip]


def _leading_blank(data: bytes) -> int:
    # Files merged for flash 0x0 begin with 0xFF where the chip's bootloader begins later.
    starts = (start for start in (0x1000, 0x2000) if not data[:start].strip(b"\xff"))
    return max(starts, default=0)


def _chip(data: bytes, name: str) -> _Chip:
    """Return the chip that the image header names."""
    if data[:1] != bytes([MAGIC]):
        hint = "an ESP image begins with e9; an .elf or .uf2 file must be converted first"
        raise ImageError(f"{name} is not an ESP image: it begins with {data[:4].hex()}", hint)
    if len(data) < DESCRIPTOR_OFFSET:
        raise ImageError(f"{name} is cut off after {len(data)} bytes", BUILD_HINT)
    (chip_id,) = CHIP_ID.unpack_from(data, CHIP_ID_OFFSET)
    chips = _chips()
    if chip_id not in chips:
        raise ImageError(f"{name} is for a chip that esptool does not know (id {chip_id})")
    return chips[chip_id]


def _chips() -> dict[int, _Chip]:
    from esptool.targets import CHIP_DEFS

    return {
        rom.IMAGE_CHIP_ID: _Chip(name, rom.BOOTLOADER_FLASH_OFFSET)
        for name, rom in CHIP_DEFS.items()
        if hasattr(rom, "IMAGE_CHIP_ID")
    }


def _has_descriptor(data: bytes) -> bool:
    magic = DESCRIPTOR_MAGIC.to_bytes(4, "little")
    return data[DESCRIPTOR_OFFSET : DESCRIPTOR_OFFSET + 4] == magic


def _app_in_flash_file(data: bytes, start: int, name: str, chip: _Chip) -> bytes:
    """Return the application that a full flash file holds; its bootloader is at `start`."""
    base = chip.bootloader_offset - start  # the flash address of the file's first byte
    table = data[TABLE_OFFSET - base :]
    if not table.startswith(ENTRY_MAGIC):
        _refuse_without_table(data[start:], name, chip)
    partitions = [entry for entry in parse_binary(table) if _holds_image(data, base, entry)]
    if not partitions:
        hint = "give the application image, such as micropython.bin"
        raise ImageError(f"{name} is a full flash file with no application in it", hint)
    apps = [data[entry.offset - base : entry.end - base] for entry in partitions]
    if len(apps) > 1:
        names = ", ".join(entry.name for entry in partitions)
        hint = "give the application image that is meant, such as micropython.bin"
        raise ImageError(f"{name} holds more than one application: {names}", hint)
    # What follows in the partition may be left over from what was flashed there before.
    return apps[0][: _image_length(apps[0], f"the application in {name}")]


def _holds_image(data: bytes, base: int, partition: Partition) -> bool:
    at = partition.offset - base
    return partition.type == APP and at > 0 and data[at : at + 1] == bytes([MAGIC])


def _refuse_without_table(data: bytes, name: str, chip: _Chip) -> None:
    hint = "give the application image, such as micropython.bin"
    rest = data[_image_length(data, name) :]
    if rest.strip(b"\xff"):
        message = f"{name} is a full flash file for {chip.name} without a partition table at 0x8000"
        raise ImageError(message, hint)
    raise ImageError(f"{name} is a bootloader: it has no application descriptor", hint)


def _image_length(data: bytes, name: str) -> int:
    length: int = _parse(data, name, _chip(data, name)).data_length
    return length + DIGEST_BYTES


def _read_app(data: bytes, name: str, chip: _Chip, source: str) -> Image:
    """Check an app image from its first byte to its last, and say what it is."""
    parsed = _parse(data, name, chip)
    size = parsed.data_length + DIGEST_BYTES
    _verify_integrity(parsed, name)
    if not _has_descriptor(data):
        raise ImageError(f"{name} has no application descriptor", "is it a bootloader?")
    if data[size:].strip(b"\xff"):
        hint = "only padding of ff may follow; secure boot signatures are not carried"
        raise ImageError(f"{name} goes on for {len(data) - size} bytes after the image", hint)
    _, secure_version, version, project = DESCRIPTOR.unpack_from(data, DESCRIPTOR_OFFSET)
    data = data[:size]
    return Image(
        data=data,
        chip=chip.name,
        version=_text(version),
        project=_text(project),
        secure_version=secure_version,
        min_chip_rev=parsed.min_rev_full,
        sha256=hashlib.sha256(data).hexdigest(),
        md5=hashlib.md5(data, usedforsecurity=False).hexdigest(),
        image_digest=data[-DIGEST_BYTES:].hex(),
        source=source,
    )


def _parse(data: bytes, name: str, chip: _Chip) -> "ESP32FirmwareImage":
    from esptool.bin_image import LoadFirmwareImage

    if data[HASH_APPENDED_OFFSET] == 0:
        hint = "a board knows by it which image it runs: build without --dont-append-digest"
        raise ImageError(f"{name} carries no SHA-256 of its own (hash_appended is 0)", hint)
    # What esptool raises on broken files: FatalError (a RuntimeError), and, where a file ends
    # within a field, struct.error or ord()'s TypeError.
    try:
        parsed = LoadFirmwareImage(chip.name, data)
    except (RuntimeError, struct.error, TypeError) as error:
        raise ImageError(f"{name} is cut off or damaged: {error}", BUILD_HINT) from error
    if len(parsed.stored_digest) < DIGEST_BYTES:
        raise ImageError(f"{name} is cut off within its digest", BUILD_HINT)
    return parsed


def _verify_integrity(parsed: "ESP32FirmwareImage", name: str) -> None:
    if parsed.calculate_checksum() != parsed.checksum:
        raise ImageError(f"{name} is damaged: its checksum is wrong", BUILD_HINT)
    if parsed.calc_digest != parsed.stored_digest:
        raise ImageError(f"{name} is damaged: its SHA-256 is wrong", BUILD_HINT)


def _text(padded: bytes) -> str:
    return padded.split(b"\0", 1)[0].decode("utf-8", "replace")
