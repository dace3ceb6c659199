"""What ESP-IDF's esp_image_verify checks of an application image, in a partition or in memory.

Pure; shared by the bootloader model (CPython) and the fake esp32.Partition (MicroPython). Source:
ESP-IDF v5.5.1, esp_image_format.c. Chip revisions are not looked at: every virtual chip is new
enough.
"""

import hashlib
import struct

try:
    from collections.abc import Callable
except ImportError:  # MicroPython: annotations are not evaluated
    pass

HEADER_SIZE = 24
DIGEST_SIZE = 32
CHIP_IDS = {"esp32": 0, "esp32s2": 2, "esp32c3": 5, "esp32s3": 9, "esp32c6": 13}

_MAGIC = 0xE9
_MAX_SEGMENTS = 16
_MAX_SEGMENT_BYTES = 0x1000000
_CHECKSUM_START = 0xEF
_CHUNK = 1024


class InvalidImageError(ValueError):
    """The bytes are not an image that ESP-IDF would accept; the message is ESP-IDF's own."""


class ImageInfo:
    """What verification learns: bytes of the image, its appended SHA-256 (or b""), its segments.

    A segment is (load address, offset of its data, bytes).
    """

    def __init__(self, size: int, digest: bytes, segments: list[tuple[int, int, int]]) -> None:
        self.size = size
        self.digest = digest
        self.segments = segments


def verify_image(read: Callable[[int, int], bytes], partition_size: int, chip_id: int) -> ImageInfo:
    """Check header, segments, XOR checksum and appended SHA-256 as esp_image_verify does.

    Args:
        read: read(offset, size) -> bytes of the partition.
        partition_size: bytes; what follows the image inside it is ignored.
        chip_id: of the board, one of CHIP_IDS.

    Raises:
        InvalidImageError: the image would not be booted, nor accepted by set_boot.
    """
    header = read(0, HEADER_SIZE)
    _check_header(header, chip_id)
    segments = _segments(read, header[1], partition_size)
    _, offset, length = segments[-1]
    checksum_at = (offset + length) | 15  # the last byte of the padding to 16
    size = checksum_at + 1
    has_digest = header[23] != 0
    if size + (DIGEST_SIZE if has_digest else 0) > partition_size:
        raise InvalidImageError("Image length doesn't fit in partition length %d" % partition_size)
    _check_checksum(read, segments, read(checksum_at, 1)[0])
    if not has_digest:
        return ImageInfo(size, b"", segments)
    digest = read(size, DIGEST_SIZE)
    if _sha256(read, size) != digest:
        raise InvalidImageError("Image hash failed - image is corrupt")
    return ImageInfo(size + DIGEST_SIZE, digest, segments)


def _check_header(header: bytes, chip_id: int) -> None:
    if header[0] != _MAGIC:
        raise InvalidImageError("image has invalid magic byte (nothing flashed here?)")
    found = header[12] | header[13] << 8
    if found != chip_id:
        raise InvalidImageError(
            "can't run on this chip: image is for %d, not %d" % (found, chip_id)
        )
    if header[1] > _MAX_SEGMENTS or header[1] == 0:
        raise InvalidImageError("segment count %d exceeds max %d" % (header[1], _MAX_SEGMENTS))


def _segments(
    read: Callable[[int, int], bytes], count: int, partition_size: int
) -> list[tuple[int, int, int]]:
    segments = []
    at = HEADER_SIZE
    for index in range(count):
        if at + 8 > partition_size:
            raise InvalidImageError("segment %d lies outside the partition" % index)
        address, length = struct.unpack("<II", read(at, 8))
        at += 8
        if length % 4 or length >= _MAX_SEGMENT_BYTES:
            raise InvalidImageError("unaligned or invalid segment length 0x%x" % length)
        if at + length > partition_size:
            raise InvalidImageError("segment %d lies outside the partition" % index)
        segments.append((address, at, length))
        at += length
    return segments


def _check_checksum(
    read: Callable[[int, int], bytes], segments: list[tuple[int, int, int]], stored: int
) -> None:
    # Whole chunks are folded as one big integer: bytecode for each of two million bytes is slow.
    folded = 0
    for _, offset, length in segments:
        for at in range(offset, offset + length, _CHUNK):
            folded ^= int.from_bytes(read(at, min(_CHUNK, offset + length - at)), "little")
    checksum = _CHECKSUM_START
    for byte in folded.to_bytes(_CHUNK, "little"):
        checksum ^= byte
    if checksum != stored:
        raise InvalidImageError("Checksum failed. Calculated 0x%x read 0x%x" % (checksum, stored))


def _sha256(read: Callable[[int, int], bytes], size: int) -> bytes:
    digest = hashlib.sha256()
    for at in range(0, size, _CHUNK):
        digest.update(read(at, min(_CHUNK, size - at)))
    return digest.digest()
