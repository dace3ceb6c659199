"""Reads a payload's head by the rules of its format; apart, as blocks come without it."""

import struct
from binascii import hexlify

from slotcast.errors import PayloadError
from slotcast.payload import (
    BASE_ROW_BYTES,
    COPY,
    DEFAULT_MEMORY_BYTES,
    DEFLATE,
    DELTA,
    HEADER_BYTES,
    JOINED,
    RAW,
    ROW_BYTES,
    Head,
)

_MAGIC = b"SLC\x01"
_MAX_IMAGE_BYTES = 16 * 1024 * 1024
_MIN_BLOCK_BYTES = 4096
_MAX_BLOCK_BYTES = 65536
_ENTRY_BYTES = 8  # of the relocation's map: a start and a shift
# Two counts, and two varints for each of 8 ranges and 512 entries.
_MAX_RELOCATION_BYTES = 5 * (2 + 2 * 8 + 2 * 512)


def head_bytes(image_size: int, block_size: int) -> int:
    """Length of the head of a payload for an image of `image_size` bytes, without a relocation."""
    return HEADER_BYTES + ROW_BYTES * -(-image_size // block_size)


def most_head_bytes(image_size: int) -> int:
    """Length of the longest head that a payload for an image of `image_size` bytes may have."""
    return head_bytes(image_size, _MIN_BLOCK_BYTES) + _MAX_RELOCATION_BYTES


def read_head(data, memory: int = DEFAULT_MEMORY_BYTES) -> Head:
    """The Head in HeadBytes.

    Args:
        memory: bytes that this board gives to a block, a deflate window, and for a payload with a
            base a row of it and the map of the relocation.

    Raises PayloadError when a field or a row breaks a rule of the format.
    """
    header = data.cut(0, HEADER_BYTES) if len(data) >= HEADER_BYTES else b""
    if header[:4] != _MAGIC:
        raise PayloadError("not a payload of format 1")
    flags, window_bits, relocation_bytes, block_size, image_size = struct.unpack_from(
        "<BBHII", header, 4
    )
    if flags:
        raise PayloadError("payload has flags that this board does not know")
    base_digest = hexlify(header[48:]).decode() if any(header[48:]) else ""
    spare = memory - block_size - (1 << window_bits) - (BASE_ROW_BYTES if base_digest else 0)
    table_end = len(data) - relocation_bytes
    _verify_sizes(window_bits, block_size, image_size, spare, table_end)
    image_sha256 = hexlify(header[16:48]).decode()
    head = Head(data, window_bits, block_size, image_size, image_sha256, base_digest)
    _verify_rows(head)
    if relocation_bytes:
        head.relocation = _read_relocation(head, data, table_end, spare)
    return head


def _verify_sizes(window_bits, block_size, image_size, spare, table_end):
    if not _MIN_BLOCK_BYTES <= block_size <= _MAX_BLOCK_BYTES or block_size & (block_size - 1):
        raise PayloadError("block size %d is not one of the format" % block_size)
    if not 9 <= window_bits <= 15:
        raise PayloadError("window of %d bits is not one of the format" % window_bits)
    if spare < 0:
        raise PayloadError("blocks or window are larger than this board's memory")
    if not 0 < image_size <= _MAX_IMAGE_BYTES:
        raise PayloadError("image size %d is not one of the format" % image_size)
    if table_end != head_bytes(image_size, block_size):
        raise PayloadError("table has not one row a block")


def _read_relocation(head, data, start, spare):
    if not head.base_digest:
        raise PayloadError("payload relocates a base that it has not")
    from slotcast.relocation_fields import read_relocation

    return read_relocation(data, start, spare // _ENTRY_BYTES)


def _verify_rows(head):
    may_join, reads_base = False, False
    for index in range(head.block_count):
        encoding = head.encoding(index)
        _verify_row(head, index, encoding, may_join)
        if encoding != COPY:
            may_join = encoding in (DELTA, JOINED)
        reads_base = reads_base or encoding in (COPY, DELTA)
    if reads_base != bool(head.base_digest):
        raise PayloadError("payload names a base that no block reads, or none that one reads")


def _verify_row(head, index, encoding, may_join):
    length, block = head.encoded_bytes(index), head.block_bytes(index)
    if encoding == RAW:
        good = length == block
    elif encoding == DEFLATE:
        good = 0 < length < block
    elif encoding == DELTA:
        good = length > 0
    elif encoding in (COPY, JOINED):
        good = length == 0
    else:
        raise PayloadError("block %d has encoding %d, unknown here" % (index, encoding))
    if not good:
        raise PayloadError("block %d has a length that its encoding rules out" % index)
    if encoding == JOINED and not may_join:
        raise PayloadError("block %d joins no delta" % index)
