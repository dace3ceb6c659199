"""The payload format on the board: head and table (manifests/payload.md). No I/O of its own.

A head is trusted once its SHA-256 matches the signed manifest; blocks are trusted one by one, by
the hash in their row, after decoding and before anything is written.
"""

from binascii import hexlify
from hashlib import sha256

HEADER_BYTES = 80
ROW_BYTES = 20
RAW = 0
DEFLATE = 1
COPY = 2
DELTA = 3
JOINED = 0x83
BASE_ROW_BYTES = 4096
DEFAULT_MEMORY_BYTES = 28672

_HASH_BYTES = 16
# Of a head; no row is torn, and a heap in use has room for as much.
_PIECE_BYTES = 51 * ROW_BYTES


class HeadBytes:
    """The bytes of a head, in pieces: a heap in use has room for them where it has none for all.

    Args:
        source: an inflate.Source of exactly these bytes.
    """

    def __init__(self, source):
        self._pieces = []
        while source.left:
            piece = bytearray(min(source.left, _PIECE_BYTES))
            source.fill(memoryview(piece))
            self._pieces.append(piece)

    def __len__(self) -> int:
        """How many there are."""
        return sum(len(piece) for piece in self._pieces)

    def __getitem__(self, at: int) -> int:
        """One of them."""
        return self._pieces[at // _PIECE_BYTES][at % _PIECE_BYTES]

    def cut(self, at: int, length: int) -> bytes:
        """Bytes of the header, or of one row."""
        at, piece = at % _PIECE_BYTES, self._pieces[at // _PIECE_BYTES]
        return bytes(piece[at : at + length])

    def sha256(self) -> str:
        """The hash of all of them, in hex."""
        hashed = sha256()
        for piece in self._pieces:
            hashed.update(piece)
        return hexlify(hashed.digest()).decode()


class Head:
    """Header, table and relocation of a payload; head_fields.py reads it.

    Args:
        data: HeadBytes, whose SHA-256 the caller has compared with the manifest.
        window_bits, block_size, image_size: of the header.
        image_sha256: hex.
        base_digest: hex, or "" where no block reads a base.

    Attributes: these, block_count, and relocation (a relocation.Relocation, or None).
    """

    def __init__(self, data, window_bits, block_size, image_size, image_sha256, base_digest):
        self._data = data
        self.window_bits = window_bits
        self.block_size = block_size
        self.image_size = image_size
        self.block_count = -(-image_size // block_size)
        self.image_sha256 = image_sha256
        self.base_digest = base_digest
        self.relocation = None

    def block_bytes(self, index: int) -> int:
        """Length of a decoded block: `block_size`, but for the last."""
        return min(self.block_size, self.image_size - index * self.block_size)

    def encoding(self, index: int) -> int:
        """RAW, DEFLATE, COPY, DELTA or JOINED."""
        return self._data[HEADER_BYTES + index * ROW_BYTES + _HASH_BYTES]

    def encoded_bytes(self, index: int) -> int:
        """Bytes that the block takes in the payload's data."""
        data, at = self._data, HEADER_BYTES + index * ROW_BYTES + _HASH_BYTES + 1
        return data[at] | data[at + 1] << 8 | data[at + 2] << 16

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
        expected = self._data.cut(HEADER_BYTES + index * ROW_BYTES, _HASH_BYTES)
        return hashed.digest()[:_HASH_BYTES] == expected
