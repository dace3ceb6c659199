"""The payload format on the board: head and table (manifests/payload.md). No I/O of its own.

A head is trusted once its SHA-256 matches the signed manifest; blocks are trusted one by one, by
the hash in their row, after decoding and before anything is written.
"""

import struct
from binascii import hexlify
from hashlib import sha256

from slotcast.errors import PayloadError

HEADER_BYTES = 80
ROW_BYTES = 20
RAW = 0
DEFLATE = 1
COPY = 2
DELTA = 3
JOINED = 0x83
BASE_ROW_BYTES = 4096
DEFAULT_MEMORY_BYTES = 28672

_MAGIC = b"SLC\x01"
_HASH_BYTES = 16
_MAX_IMAGE_BYTES = 16 * 1024 * 1024
_MIN_BLOCK_BYTES = 4096
_MAX_BLOCK_BYTES = 65536
_MIN_WINDOW_BYTES = 512
_ENTRY_BYTES = 8  # of the relocation's map: a start and a shift
# Two counts, and two varints for each of 8 ranges and 512 entries.
_MAX_RELOCATION_BYTES = 5 * (2 + 2 * 8 + 2 * 512)


def head_bytes(image_size: int, block_size: int) -> int:
    """Length of the head of a payload for an image of `image_size` bytes, without a relocation."""
    return HEADER_BYTES + ROW_BYTES * -(-image_size // block_size)


def most_head_bytes(image_size: int) -> int:
    """Length of the longest head that a payload for an image of `image_size` bytes may have."""
    return head_bytes(image_size, _MIN_BLOCK_BYTES) + _MAX_RELOCATION_BYTES


def largest_block_bytes(memory: int) -> int:
    """The largest block that fits, beside the smallest window, a board's memory for a payload."""
    size = _MAX_BLOCK_BYTES
    while size > _MIN_BLOCK_BYTES and size + _MIN_WINDOW_BYTES > memory:
        size >>= 1
    return size


class Head:
    """Header, table and relocation of a payload.

    Args:
        data: the head's bytes, whose SHA-256 the caller has compared with the manifest.
        memory: bytes that this board gives to a block, a deflate window, and for a payload with a
            base a row of it and the map of the relocation.

    Attributes: window_bits, block_size, block_count, image_size, image_sha256 (hex), base_digest
    (hex, or "" where no block reads a base), relocation (a relocation.Relocation, or None).

    Raises PayloadError when a field or a row breaks a rule of the format.
    """

    def __init__(self, data: bytes, memory: int = DEFAULT_MEMORY_BYTES):
        if len(data) < HEADER_BYTES or data[:4] != _MAGIC:
            raise PayloadError("not a payload of format 1")
        flags, self.window_bits, relocation_bytes, self.block_size, self.image_size = (
            struct.unpack_from("<BBHII", data, 4)
        )
        self.image_sha256 = hexlify(data[16:48]).decode()
        self.base_digest = hexlify(data[48:80]).decode() if any(data[48:80]) else ""
        if flags:
            raise PayloadError("payload has flags that this board does not know")
        table_bytes = len(data) - relocation_bytes
        self._verify_sizes(table_bytes, memory)
        self._table = memoryview(data)[HEADER_BYTES:table_bytes]
        self._verify_rows()
        self.relocation = self._relocation(memoryview(data)[table_bytes:], memory)

    def _verify_sizes(self, table_bytes, memory):
        size = self.block_size
        if not _MIN_BLOCK_BYTES <= size <= _MAX_BLOCK_BYTES or size & (size - 1):
            raise PayloadError("block size %d is not one of the format" % size)
        if not 9 <= self.window_bits <= 15:
            raise PayloadError("window of %d bits is not one of the format" % self.window_bits)
        if self._spare_bytes(memory) < 0:
            raise PayloadError("blocks or window are larger than this board's memory")
        if not 0 < self.image_size <= _MAX_IMAGE_BYTES:
            raise PayloadError("image size %d is not one of the format" % self.image_size)
        if table_bytes != head_bytes(self.image_size, size):
            raise PayloadError("table has not one row a block")
        self.block_count = -(-self.image_size // size)

    def _spare_bytes(self, memory):
        """What a block, the window and the base's row leave of `memory`, for the map."""
        row = BASE_ROW_BYTES if self.base_digest else 0
        return memory - self.block_size - (1 << self.window_bits) - row

    def _relocation(self, data, memory):
        if not len(data):
            return None
        if not self.base_digest:
            raise PayloadError("payload relocates a base that it has not")
        from slotcast.relocation import Relocation

        return Relocation(data, self._spare_bytes(memory) // _ENTRY_BYTES)

    def _verify_rows(self):
        may_join, reads_base = False, False
        for index in range(self.block_count):
            encoding = self.encoding(index)
            self._verify_row(index, encoding, may_join)
            if encoding != COPY:
                may_join = encoding in (DELTA, JOINED)
            reads_base = reads_base or encoding in (COPY, DELTA)
        if reads_base != bool(self.base_digest):
            raise PayloadError("payload names a base that no block reads, or none that one reads")

    def _verify_row(self, index, encoding, may_join):
        length, block = self.encoded_bytes(index), self.block_bytes(index)
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

    def block_bytes(self, index: int) -> int:
        """Length of a decoded block: `block_size`, but for the last."""
        return min(self.block_size, self.image_size - index * self.block_size)

    def encoding(self, index: int) -> int:
        """RAW, DEFLATE, COPY, DELTA or JOINED."""
        return self._table[index * ROW_BYTES + _HASH_BYTES]

    def encoded_bytes(self, index: int) -> int:
        """Bytes that the block takes in the payload's data."""
        at = index * ROW_BYTES + _HASH_BYTES + 1
        row = self._table
        return row[at] | row[at + 1] << 8 | row[at + 2] << 16

    def data_bytes(self) -> int:
        """Length of the payload's data, all blocks together."""
        return sum(self.encoded_bytes(index) for index in range(self.block_count))

    def frame_stop(self, first: int) -> int:
        """The block behind the frame that begins with block `first`, or behind that one copy."""
        stop = first + 1
        if self.encoding(first) == DELTA:
            for index in range(stop, self.block_count):
                encoding = self.encoding(index)
                if encoding == JOINED:
                    stop = index + 1
                elif encoding != COPY:
                    break
        return stop

    def matches(self, index: int, pieces) -> bool:
        """Whether a decoded block, a list of its pieces in order, has the hash of its row."""
        hashed = sha256()
        for piece in pieces:
            hashed.update(piece)
        at = index * ROW_BYTES
        return hashed.digest()[:_HASH_BYTES] == bytes(self._table[at : at + _HASH_BYTES])
