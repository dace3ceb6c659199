"""What an ESP image in a slot is, read from flash (ESP-IDF, esp_image_format.h)."""

import struct
from binascii import hexlify
from hashlib import md5, sha256

from slotcast.errors import ImageError

# esp_chip_id_t, by esptool's names.
CHIP_IDS = {
    "esp32": 0,
    "esp32s2": 2,
    "esp32c3": 5,
    "esp32s3": 9,
    "esp32c2": 12,
    "esp32c6": 13,
    "esp32h2": 16,
    "esp32p4": 18,
    "esp32c61": 20,
    "esp32c5": 23,
}
DIGEST_BYTES = 32

_MAGIC = 0xE9
_HEADER_BYTES = 24
_APP_DESCRIPTOR = b"\x32\x54\xcd\xab"  # esp_app_desc_t.magic_word, the first word of segment 0
_MAX_SEGMENTS = 16
_STEP_BYTES = 16384


def verify_header(slot, chip: str) -> None:
    """Refuse what is no application image for `chip`.

    set_boot checks the chip too, but takes a full flash file (a bootloader first) that the
    bootloader then refuses; that has no application descriptor.

    Raises ImageError.
    """
    header = bytearray(36)
    slot.readinto(0, header)
    if header[0] != _MAGIC:
        raise ImageError("slot holds no ESP image")
    if struct.unpack_from("<H", header, 12)[0] != CHIP_IDS.get(chip):
        raise ImageError("image is for another chip than " + chip)
    if header[23] != 1:
        raise ImageError("image carries no SHA-256 of its own")
    if bytes(header[32:36]) != _APP_DESCRIPTOR:
        raise ImageError("image is no application: a bootloader or a full flash file?")


def image_digest(slot) -> str:
    """Return the SHA-256, in hex, that the image in `slot` carries behind its checksum.

    It is read, not computed: for the running slot the bootloader has verified it.

    Raises ImageError when no image with a digest stands there.
    """
    digest = bytearray(DIGEST_BYTES)
    slot.readinto(image_bytes(slot) - DIGEST_BYTES, digest)
    return hexlify(digest).decode()


def running_digest(board) -> str:
    """Digest of the running image, as image_digest; "" where it carries none."""
    try:
        return image_digest(board.running_slot())
    except ImageError:
        return ""


def image_bytes(slot) -> int:
    """Return the length of the image in `slot`, its digest included.

    Raises ImageError when no image with a digest stands there.
    """
    header = bytearray(_HEADER_BYTES)
    slot.readinto(0, header)
    if header[0] != _MAGIC or header[23] != 1 or header[1] > _MAX_SEGMENTS:
        raise ImageError("no ESP image with a digest")
    at = _HEADER_BYTES
    segment = bytearray(8)
    for _ in range(header[1]):
        slot.readinto(at, segment)
        at += 8 + struct.unpack_from("<I", segment, 4)[0]
        if _after_checksum(at) + DIGEST_BYTES > slot.size:
            raise ImageError("a segment reaches beyond the slot")
    return _after_checksum(at) + DIGEST_BYTES


def _after_checksum(at):
    """Where the digest of an image begins whose segments end at `at`."""
    return (at | 15) + 1  # the checksum is the last byte of a 16-byte line


def verify_image_steps(slot, manifest, buffer):
    """Read the whole image back and compare it with the manifest; a step is 16 KiB, or a buffer.

    Args:
        slot: where it stands.
        manifest: gives size, sha256, md5, image_digest and chip.
        buffer: a memoryview to read through.

    Raises ImageError on any difference.
    """
    verify_header(slot, manifest.chip)
    whole, body, sum5 = sha256(), sha256(), md5()
    for at in range(0, manifest.size, len(buffer)):
        piece = buffer[: min(len(buffer), manifest.size - at)]
        slot.readinto(at, piece)
        whole.update(piece)
        sum5.update(piece)
        in_body = min(len(piece), manifest.size - DIGEST_BYTES - at)
        if in_body > 0:
            body.update(piece[:in_body])
        if (at + len(piece)) % _STEP_BYTES < len(piece):
            yield
    _compare("SHA-256", whole.digest(), manifest.sha256)
    _compare("MD5", sum5.digest(), manifest.md5)
    _compare("own digest", body.digest(), manifest.image_digest)
    if image_digest(slot) != manifest.image_digest:
        raise ImageError("image has other bytes behind its digest")


def _compare(what, found, wanted):
    if hexlify(found).decode() != wanted:
        raise ImageError("image in the slot has the wrong " + what)
