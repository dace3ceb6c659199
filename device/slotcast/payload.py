"""The payload format on the board: head and blocks (manifests/payload.md). No I/O of its own.

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

_MAGIC = b"SLC\x01"
_HASH_BYTES = 16
_MAX_IMAGE_BYTES = 16 * 1024 * 1024
# Bytes inflated at a time, and the input that such a step may need at worst: 15 bits a literal and
# a dynamic block's header (RFC 1951, 3.2.7).
_STEP_BYTES = 512
_STEP_INPUT_BYTES = 1344


def head_bytes(image_size: int, block_size: int) -> int:
    """Length of the head of a payload for an image of `image_size` bytes."""
    return HEADER_BYTES + ROW_BYTES * -(-image_size // block_size)


class Head:
    """Header and table of a payload.

    Args:
        data: the head's bytes, whose SHA-256 the caller has compared with the manifest.
        max_block_bytes: the largest block that this board holds in memory.
        max_window_bits: log2 of the largest deflate window that it affords.

    Raises PayloadError when a field or a row breaks a rule of the format.
    """

    def __init__(self, data: bytes, max_block_bytes: int = 16384, max_window_bits: int = 12):
        if len(data) < HEADER_BYTES or data[:4] != _MAGIC:
            raise PayloadError("not a payload of format 1")
        fields = struct.unpack_from("<BBHII", data, 4)
        self.window_bits, self.block_size, self.image_size = fields[1], fields[3], fields[4]
        self.image_sha256 = hexlify(data[16:48]).decode()
        if fields[0] or fields[2] or any(data[48:80]):
            raise PayloadError("payload uses flags, or a base, that this board does not know")
        self._table = memoryview(data)[HEADER_BYTES:]
        self._verify_sizes(len(data), max_block_bytes, max_window_bits)
        for index in range(self.block_count):
            self._verify_row(index)

    def _verify_sizes(self, length, max_block_bytes, max_window_bits):
        size = self.block_size
        if not 4096 <= size <= 65536 or size & (size - 1):
            raise PayloadError("block size %d is not one of the format" % size)
        if not 9 <= self.window_bits <= 15:
            raise PayloadError("window of %d bits is not one of the format" % self.window_bits)
        if size > max_block_bytes or self.window_bits > max_window_bits:
            raise PayloadError("blocks or window are larger than this board's memory")
        if not 0 < self.image_size <= _MAX_IMAGE_BYTES:
            raise PayloadError("image size %d is not one of the format" % self.image_size)
        if length != head_bytes(self.image_size, size):
            raise PayloadError("table has not one row a block")
        self.block_count = -(-self.image_size // size)

    def _verify_row(self, index):
        encoding, length = self.encoding(index), self.encoded_bytes(index)
        block = self.block_bytes(index)
        if encoding == RAW:
            good = length == block
        elif encoding == DEFLATE:
            good = 0 < length < block
        else:
            raise PayloadError("block %d has encoding %d, unknown here" % (index, encoding))
        if not good:
            raise PayloadError("block %d has a length that its encoding rules out" % index)

    def block_bytes(self, index: int) -> int:
        """Length of a decoded block: `block_size`, but for the last."""
        return min(self.block_size, self.image_size - index * self.block_size)

    def encoding(self, index: int) -> int:
        """RAW or DEFLATE."""
        return self._table[index * ROW_BYTES + _HASH_BYTES]

    def encoded_bytes(self, index: int) -> int:
        """Bytes that the block takes in the payload's data."""
        at = index * ROW_BYTES + _HASH_BYTES + 1
        row = self._table
        return row[at] | row[at + 1] << 8 | row[at + 2] << 16

    def data_bytes(self) -> int:
        """Length of the payload's data, all blocks together."""
        return sum(self.encoded_bytes(index) for index in range(self.block_count))

    def matches(self, index: int, pieces) -> bool:
        """Whether a decoded block, a list of its pieces in order, has the hash of its row."""
        hashed = sha256()
        for piece in pieces:
            hashed.update(piece)
        at = index * ROW_BYTES
        return hashed.digest()[:_HASH_BYTES] == bytes(self._table[at : at + _HASH_BYTES])


class Source:
    """At most `left` bytes of a stream that has readinto(buffer) -> bytes read, 0 at its end."""

    def __init__(self, stream, left: int):
        self._stream = stream
        self.left = left

    def readinto(self, buffer) -> int:
        """Fill as much of `buffer` as one read gives; 0 once `left` is used up.

        Raises PayloadError when the stream ends before.
        """
        wanted = min(self.left, len(buffer))
        if not wanted:
            return 0
        count = self._stream.readinto(buffer if wanted == len(buffer) else buffer[:wanted])
        if not count:
            raise PayloadError("payload ended early")
        self.left -= count
        return count

    def fill(self, view) -> None:
        """Fill a memoryview, whose bytes must be left."""
        at = 0
        while at < len(view):
            count = self.readinto(view[at:])
            if not count:
                raise PayloadError("fewer bytes than were asked for")
            at += count

    def skip(self, scratch) -> None:
        """Read and drop what is left."""
        while self.readinto(scratch):
            pass


def decode_block(head: Head, index: int, source: Source, pieces) -> None:
    """Decode one block and compare its hash.

    Args:
        source: exactly the block's encoded bytes.
        pieces: memoryviews that the block is written over, of its length together. Several small
            ones are found in a fragmented heap where one large one is not.

    Raises PayloadError when the bytes end early, do not decode to exactly the block, or have
    another hash; `pieces` must not be used then.
    """
    if head.encoding(index) == RAW:
        for piece in pieces:
            source.fill(piece)
    else:
        try:
            _inflate(source, pieces, head.window_bits)
        except (OSError, EOFError, ValueError):
            raise PayloadError("block %d does not inflate" % index)
    if not head.matches(index, pieces):
        raise PayloadError("block %d has the wrong hash" % index)


def _inflate(source, pieces, window_bits):
    """Inflate through a small ring, so that the encoded block is never held in whole."""
    import deflate

    ring, feed = _pump(source)
    stream = deflate.DeflateIO(ring, deflate.RAW, window_bits)
    for piece in pieces:
        _inflate_piece(stream, feed, piece)
    feed()
    # Exactly the block: the stream ends here, and so do the encoded bytes.
    if source.left or stream.read(1) or ring.read(1):
        raise ValueError


def _inflate_piece(stream, feed, piece):
    at = 0
    while at < len(piece):
        feed()
        count = stream.readinto(piece[at : at + _STEP_BYTES])
        if not count:
            raise ValueError
        at += count


def _pump(source):
    """Return a stream for `deflate` and the function that keeps enough of `source` in it.

    deflate takes its input byte by byte: fast from a C stream, ten times slower from a Python one.
    """
    try:
        from micropython import RingIO
    except ImportError:  # before MicroPython 1.24: hold the encoded block
        return _held(source), lambda: None
    ring = RingIO(2048)
    piece = memoryview(bytearray(256))

    def feed():
        while source.left and ring.any() < _STEP_INPUT_BYTES:
            ring.write(piece[: source.readinto(piece)])

    return ring, feed


def _held(source):
    from io import BytesIO

    data = bytearray(source.left)
    source.fill(memoryview(data))
    return BytesIO(data)
