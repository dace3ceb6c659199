"""Header and table of a payload (manifests/payload.md), and what a board needs to take it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from publisher.errors import PayloadError
from publisher.payload.relocation import ROW_SIZE, Relocation

MAGIC = b"SLC\x01"
HEADER = struct.Struct("<4sBBHII32s32s")
ROW = struct.Struct("<16sB3s")
RAW, DEFLATE, COPY, DELTA, JOINED = 0, 1, 2, 3, 0x80
BLOCK_SIZES = (4096, 8192, 16384, 32768, 65536)
WINDOW_BITS = range(9, 16)
MAX_IMAGE_SIZE = 16 * 1024 * 1024
NO_BASE = bytes(32)
HASH_BYTES = 16
# What a board gives to a payload unless slotcast.toml says otherwise.
DEFAULT_MEMORY = 28_672
# For each turn a block has so many bytes; see Turns in payload.instructions.
_BYTES_PER_TURN = 32
_ENTRY_BYTES = 8


@dataclass(frozen=True)
class Row:
    """One row of the table: what a block decodes to, and how it is stored."""

    hash: bytes
    encoding: int
    encoded_length: int

    @classmethod
    def from_bytes(cls, data: bytes) -> Row:
        """Read a row from its 20 bytes."""
        digest, encoding, length = ROW.unpack(data)
        return cls(digest, encoding, int.from_bytes(length, "little"))

    def to_bytes(self) -> bytes:
        """Return the row's 20 bytes."""
        length = self.encoded_length.to_bytes(3, "little")
        return ROW.pack(self.hash, self.encoding, length)


@dataclass(frozen=True)
class Head:
    """Header, table and relocation of a payload; sizes are in bytes, digests are raw."""

    window_bits: int
    block_size: int
    image_size: int
    image_sha256: bytes
    base_digest: bytes
    rows: tuple[Row, ...]
    relocation: Relocation = field(default_factory=Relocation)

    @property
    def length(self) -> int:
        """Bytes that the head takes."""
        return HEADER.size + ROW.size * len(self.rows) + len(self._relocation_bytes)

    @property
    def payload_length(self) -> int:
        """Bytes of the whole object, as the table has it."""
        return self.length + sum(row.encoded_length for row in self.rows)

    @property
    def memory(self) -> int:
        """Bytes of memory that decoding takes, as boards count it."""
        return needed_memory(self.block_size, self.window_bits, self.has_base, self.relocation)

    @property
    def has_base(self) -> bool:
        """Whether blocks read a base."""
        return self.base_digest != NO_BASE

    def block_length(self, index: int) -> int:
        """Bytes of image in block `index`: block_size, or what remains for the last one."""
        return min(self.block_size, self.image_size - index * self.block_size)

    @property
    def most_turns(self) -> int:
        """How often the instructions of a block may turn to another row of the base."""
        return most_turns(self.block_size)

    def frames(self) -> Iterator[range]:
        """Yield the blocks of each frame, in order; a copy row between joined ones is among them.

        A copy row that no joined row follows is a frame of its own.
        """
        first, end = 0, 0
        for index, row in enumerate(self.rows):
            if row.encoding == DELTA | JOINED:
                end = index + 1
            elif row.encoding != COPY:
                yield from _split(first, end, index)
                first, end = index, index + 1
        yield from _split(first, end, len(self.rows))

    @classmethod
    def from_bytes(cls, data: bytes) -> Head:
        """Read the head with which `data` begins, and check every rule of its fields and rows.

        Raises PayloadError. What the manifest says is compared by the caller, who has it.
        """
        if len(data) < HEADER.size:
            raise PayloadError(f"the payload's header is cut off after {len(data)} bytes")
        magic, flags, window_bits, relocation_length, *sizes, image_sha256, base_digest = (
            HEADER.unpack_from(data)
        )
        if magic != MAGIC:
            raise PayloadError(f"not a payload of format 1: it begins with {magic.hex()}")
        if flags:
            raise PayloadError("a reserved field of the payload's header is not zero")
        block_size, image_size = sizes
        verify_sizes(window_bits, block_size, image_size)
        rows = _read_rows(data, -(-image_size // block_size))
        relocation = _read_relocation(data, len(rows), relocation_length)
        head = cls(window_bits, block_size, image_size, image_sha256, base_digest, rows, relocation)
        _verify_rows(head)
        return head

    def to_bytes(self) -> bytes:
        """Return the head as it stands in the payload."""
        relocation = self._relocation_bytes
        sizes = (self.window_bits, len(relocation), self.block_size, self.image_size)
        header = HEADER.pack(MAGIC, 0, *sizes, self.image_sha256, self.base_digest)
        return header + b"".join(row.to_bytes() for row in self.rows) + relocation

    @property
    def _relocation_bytes(self) -> bytes:
        return self.relocation.to_bytes() if self.relocation.entries else b""


def most_turns(block_size: int) -> int:
    """Return how often the instructions of a block may turn to another row of the base."""
    return block_size // _BYTES_PER_TURN


def needed_memory(
    block_size: int, window_bits: int, has_base: bool, relocation: Relocation | None = None
) -> int:
    """Return the bytes that a board needs: a block, a window; with a base a row and the map."""
    entries = len(relocation.entries) if relocation else 0
    base = ROW_SIZE + _ENTRY_BYTES * entries if has_base else 0
    return block_size + (1 << window_bits) + base


def verify_sizes(window_bits: int, block_size: int, image_size: int) -> None:
    """Raise PayloadError for a size that the format does not have."""
    if window_bits not in WINDOW_BITS:
        raise PayloadError(f"window_bits is {window_bits}: it must be 9 to 15")
    if block_size not in BLOCK_SIZES:
        raise PayloadError(f"block_size is {block_size}: it must be a power of two, 4096 to 65536")
    if not 1 <= image_size <= MAX_IMAGE_SIZE:
        raise PayloadError(f"image_size is {image_size}: it must be 1 to {MAX_IMAGE_SIZE}")


def _split(first: int, end: int, until: int) -> Iterator[range]:
    """Yield the frame first..end, then each copy row up to `until` by itself."""
    if first < end:
        yield range(first, end)
    for index in range(end, until):
        yield range(index, index + 1)


def _read_rows(data: bytes, block_count: int) -> tuple[Row, ...]:
    end = HEADER.size + ROW.size * block_count
    if len(data) < end:
        raise PayloadError(f"the payload's table is cut off: {len(data)} of {end} bytes")
    return tuple(
        Row.from_bytes(data[at : at + ROW.size]) for at in range(HEADER.size, end, ROW.size)
    )


def _read_relocation(data: bytes, row_count: int, length: int) -> Relocation:
    start = HEADER.size + ROW.size * row_count
    if len(data) < start + length:
        raise PayloadError(f"the payload's relocation is cut off: {len(data) - start} of {length}")
    if not length:
        return Relocation()
    relocation = Relocation.from_bytes(data[start : start + length])
    if not relocation.entries or len(relocation.to_bytes()) != length:
        raise PayloadError("the payload's relocation is not written in the shortest way")
    return relocation


def _verify_rows(head: Head) -> None:
    joinable, reads_base = False, False
    for index, row in enumerate(head.rows):
        _verify_row(row, head.block_length(index), index)
        if row.encoding == DELTA | JOINED and not joinable:
            raise PayloadError(f"block {index} is joined, but there is no frame to go on with")
        joinable = row.encoding & DELTA == DELTA or (joinable and row.encoding == COPY)
        reads_base |= row.encoding >= COPY
    if reads_base != head.has_base:
        said = "is zero, but a block" if reads_base else "is not zero, but no block"
        raise PayloadError(f"base_digest {said} reads a base")
    if head.relocation.entries and not reads_base:
        raise PayloadError("there is a relocation, but no block reads a base")


def _verify_row(row: Row, length: int, index: int) -> None:
    encoded = row.encoded_length
    if row.encoding not in (RAW, DEFLATE, COPY, DELTA, DELTA | JOINED):
        raise PayloadError(f"block {index} has encoding {row.encoding}, which is not known")
    if row.encoding == RAW and encoded != length:
        raise PayloadError(f"block {index} is raw, but not {length} bytes long")
    if row.encoding == DEFLATE and not 0 < encoded < length:
        raise PayloadError(f"block {index} is deflated to {encoded} of {length} bytes")
    if row.encoding in (COPY, DELTA | JOINED) and encoded:
        raise PayloadError(f"block {index} has {encoded} bytes, where its encoding has none")
    if row.encoding == DELTA and not encoded:
        raise PayloadError(f"block {index} begins a frame without bytes")
