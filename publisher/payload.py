"""The payload format of manifests/payload.md: encode a full image, read a head, decode blocks.

Section names in comments are that page's. Everything here takes bytes and gives bytes or raises
PayloadError; the board has a decoder of its own, and both pass manifests/vectors/payload.json.
"""

import hashlib
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from publisher.errors import PayloadError

MAGIC = b"SLC\x01"
HEADER = struct.Struct("<4sBBHII32s32s")
ROW = struct.Struct("<16sB3s")
RAW, DEFLATE = 0, 1
BLOCK_SIZES = (4096, 8192, 16384, 32768, 65536)
WINDOW_BITS = range(9, 16)
# What boards have memory for (device/slotcast/payload.py); the format knows larger ones.
BOARD_BLOCK_SIZE = 16384
BOARD_WINDOW_BITS = 12
MAX_IMAGE_SIZE = 16 * 1024 * 1024
NO_BASE = bytes(32)

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Row:
    """One row of the table: what a block decodes to, and how it is stored."""

    hash: bytes
    encoding: int
    encoded_length: int

    @classmethod
    def from_bytes(cls, data: bytes) -> "Row":
        """Read a row from its 20 bytes."""
        digest, encoding, length = ROW.unpack(data)
        return cls(digest, encoding, int.from_bytes(length, "little"))

    def to_bytes(self) -> bytes:
        """Return the row's 20 bytes."""
        length = self.encoded_length.to_bytes(3, "little")
        return ROW.pack(self.hash, self.encoding, length)


@dataclass(frozen=True)
class Head:
    """Header and table of a payload; sizes are in bytes, digests are raw."""

    window_bits: int
    block_size: int
    image_size: int
    image_sha256: bytes
    base_digest: bytes
    rows: tuple[Row, ...]

    @property
    def length(self) -> int:
        """Bytes that header and table take."""
        return HEADER.size + ROW.size * len(self.rows)

    @property
    def payload_length(self) -> int:
        """Bytes of the whole object, as the table has it."""
        return self.length + sum(row.encoded_length for row in self.rows)

    def block_length(self, index: int) -> int:
        """Bytes of image in block `index`: block_size, or what remains for the last one."""
        return min(self.block_size, self.image_size - index * self.block_size)

    @classmethod
    def from_bytes(cls, data: bytes) -> "Head":
        """Read the head with which `data` begins, and check every rule of its fields and rows.

        Raises PayloadError. What the manifest says is compared by the caller, who has it.
        """
        if len(data) < HEADER.size:
            raise PayloadError(f"the payload's header is cut off after {len(data)} bytes")
        magic, flags, window_bits, reserved, block_size, image_size, image_sha256, base_digest = (
            HEADER.unpack_from(data)
        )
        if magic != MAGIC:
            raise PayloadError(f"not a payload of format 1: it begins with {magic.hex()}")
        if flags or reserved:
            raise PayloadError("a reserved field of the payload's header is not zero")
        _verify_sizes(window_bits, block_size, image_size)
        rows = _read_rows(data, -(-image_size // block_size))
        head = cls(window_bits, block_size, image_size, image_sha256, base_digest, rows)
        _verify_rows(head)
        return head

    def to_bytes(self) -> bytes:
        """Return header and table as they stand in the payload."""
        sizes = (self.window_bits, 0, self.block_size, self.image_size)
        header = HEADER.pack(MAGIC, 0, *sizes, self.image_sha256, self.base_digest)
        return header + b"".join(row.to_bytes() for row in self.rows)


def encode_full(
    image: bytes, block_size: int = 16384, window_bits: int = 12, progress: Progress | None = None
) -> bytes:
    """Return the payload that carries `image` by itself: each block deflated where that is shorter.

    Raises PayloadError when a size is one that the format does not have; `progress` is told bytes
    of image done and in all.
    """
    _verify_sizes(window_bits, block_size, len(image))
    rows, encoded = [], []
    for start in range(0, len(image), block_size):
        block = image[start : start + block_size]
        encoding, data = _encode_block(block, window_bits)
        rows.append(Row(hashlib.sha256(block).digest()[:16], encoding, len(data)))
        encoded.append(data)
        if progress:
            progress(start + len(block), len(image))
    digest = hashlib.sha256(image).digest()
    head = Head(window_bits, block_size, len(image), digest, NO_BASE, tuple(rows))
    return head.to_bytes() + b"".join(encoded)


def decode(payload: bytes) -> bytes:
    """Return the image that `payload` carries; PayloadError when any part of it breaks a rule."""
    head = Head.from_bytes(payload)
    image = b"".join(decode_blocks(head, payload))
    if hashlib.sha256(image).digest() != head.image_sha256:
        raise PayloadError("the decoded image does not have the header's image_sha256")
    return image


def decode_blocks(head: Head, payload: bytes) -> Iterator[bytes]:
    """Yield the blocks of image in order, each checked against its row; raises PayloadError."""
    if len(payload) != head.payload_length:
        raise PayloadError(f"the table adds up to {head.payload_length} bytes, not {len(payload)}")
    start = head.length
    for index, row in enumerate(head.rows):
        encoded = payload[start : start + row.encoded_length]
        yield decode_block(row, encoded, head.block_length(index), index)
        start += row.encoded_length


def decode_block(row: Row, encoded: bytes, length: int, index: int = 0) -> bytes:
    """Return one block of `length` bytes; PayloadError when it is not what its row promises."""
    block = encoded if row.encoding == RAW else _inflate(encoded, length, index)
    if hashlib.sha256(block).digest()[:16] != row.hash:
        raise PayloadError(f"block {index} does not have the hash of its row")
    return block


def _encode_block(block: bytes, window_bits: int) -> tuple[int, bytes]:
    deflater = zlib.compressobj(9, zlib.DEFLATED, -window_bits)
    deflated = deflater.compress(block) + deflater.flush()
    return (DEFLATE, deflated) if len(deflated) < len(block) else (RAW, block)


def _inflate(encoded: bytes, length: int, index: int) -> bytes:
    # The stream is not trusted yet: never more than one byte past the block. Its reach is not held
    # to window_bits here; encode_full keeps to it, and a board's window cannot be overrun.
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        block = inflater.decompress(encoded, length + 1)
    except zlib.error as error:
        raise PayloadError(f"block {index} is not a deflate stream: {error}") from error
    if len(block) > length:
        raise PayloadError(f"block {index} decodes to more than {length} bytes")
    if len(block) < length or not inflater.eof:
        raise PayloadError(f"the deflate stream of block {index} ends early")
    if inflater.unused_data:
        raise PayloadError(f"there are bytes behind the deflate stream of block {index}")
    return block


def _verify_sizes(window_bits: int, block_size: int, image_size: int) -> None:
    # Header.
    if window_bits not in WINDOW_BITS:
        raise PayloadError(f"window_bits is {window_bits}: it must be 9 to 15")
    if block_size not in BLOCK_SIZES:
        raise PayloadError(f"block_size is {block_size}: it must be a power of two, 4096 to 65536")
    if not 1 <= image_size <= MAX_IMAGE_SIZE:
        raise PayloadError(f"image_size is {image_size}: it must be 1 to {MAX_IMAGE_SIZE}")


def _read_rows(data: bytes, block_count: int) -> tuple[Row, ...]:
    end = HEADER.size + ROW.size * block_count
    if len(data) < end:
        raise PayloadError(f"the payload's table is cut off: {len(data)} of {end} bytes")
    return tuple(
        Row.from_bytes(data[at : at + ROW.size]) for at in range(HEADER.size, end, ROW.size)
    )


def _verify_rows(head: Head) -> None:
    # Table row. Encodings 0 and 1 read no base, so base_digest must say that there is none.
    for index, row in enumerate(head.rows):
        length = head.block_length(index)
        if row.encoding not in (RAW, DEFLATE):
            raise PayloadError(f"block {index} has encoding {row.encoding}, which is not known")
        if row.encoding == RAW and row.encoded_length != length:
            raise PayloadError(f"block {index} is raw, but not {length} bytes long")
        if row.encoding == DEFLATE and not 0 < row.encoded_length < length:
            raise PayloadError(
                f"block {index} is deflated to {row.encoded_length} of {length} bytes"
            )
    if head.base_digest != NO_BASE:
        raise PayloadError("base_digest is not zero, but no block reads a base")
