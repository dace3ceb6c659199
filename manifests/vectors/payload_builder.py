"""Puts payloads together by hand from manifests/payload.md, good ones and broken ones: no code of
either decoder has a part in it.
"""

import hashlib
import struct
from dataclasses import dataclass, field

from fixed_huffman import repeat

RAW, DEFLATE, COPY, DELTA, JOINED = 0, 1, 2, 3, 0x83
SHOWN_IMAGE_BYTES = 1100


@dataclass(frozen=True)
class Block:
    """One block: its bytes of image and as stored; `row` holds fields that its row has wrong."""

    image: bytes
    encoding: int
    encoded: bytes
    row: dict[str, int | bytes] = field(default_factory=dict)

    def row_bytes(self) -> bytes:
        """Return the 20 bytes of the table's row."""
        right = {
            "hash": hashlib.sha256(self.image).digest()[:16],
            "encoding": self.encoding,
            "encoded_length": len(self.encoded),
        }
        digest, encoding, length = {**right, **self.row}.values()
        return struct.pack("<16sB", digest, encoding) + length.to_bytes(3, "little")


@dataclass(frozen=True)
class Base:
    """What a board runs; `digest` is the 32 bytes of what it takes for its image_digest."""

    name: str
    data: bytes
    digest: bytes

    @classmethod
    def of(cls, name: str, data: bytes) -> "Base":
        """Return a base whose digest is the SHA-256 of all of it, as it need be no image."""
        return cls(name, data, hashlib.sha256(data).digest())


@dataclass(frozen=True)
class Payload:
    """A payload; `header` holds fields that differ from the usual or right ones."""

    blocks: tuple[Block, ...]
    header: dict[str, int | bytes] = field(default_factory=dict)
    base: Base | None = None
    relocation: bytes = b""

    @property
    def image(self) -> bytes:
        """The image that is carried."""
        return b"".join(block.image for block in self.blocks)

    def head(self) -> bytes:
        """Return header, table and relocation."""
        usual = {
            "magic": b"SLC\x01",
            "flags": 0,
            "window_bits": 12,
            "relocation_length": len(self.relocation),
            "block_size": 4096,
            "image_size": len(self.image),
            "image_sha256": hashlib.sha256(self.image).digest(),
            "base_digest": self.base.digest if self.base else bytes(32),
        }
        header = struct.pack("<4sBBHII32s32s", *{**usual, **self.header}.values())
        return header + b"".join(block.row_bytes() for block in self.blocks) + self.relocation

    def to_bytes(self) -> bytes:
        """Return the whole object."""
        return self.head() + b"".join(block.encoded for block in self.blocks)

    def manifest(self) -> dict[str, int | str]:
        """Return what a release manifest says of it."""
        head = self.head()
        return {
            "length": len(self.to_bytes()),
            "head_length": len(head),
            "head_sha256": hashlib.sha256(head).hexdigest(),
            "size": len(self.image),
            "sha256": hashlib.sha256(self.image).hexdigest(),
        }


def noise(length: int, seed: str = "noise") -> bytes:
    """Return bytes that do not compress: SHA-256 of a counter."""
    count = length // 32 + 1
    return b"".join(hashlib.sha256(f"{seed} {n}".encode()).digest() for n in range(count))[:length]


def periodic(period: bytes, length: int) -> bytes:
    """Return `length` bytes of `period`, over and over."""
    return (period * (length // len(period) + 1))[:length]


def raw(image: bytes) -> Block:
    """Return a block stored as it is."""
    return Block(image, RAW, image)


def deflated(period: bytes, length: int = 4096) -> Block:
    """Return a block of a repeated period, deflated."""
    return Block(periodic(period, length), DEFLATE, repeat(period, length))


@dataclass(frozen=True)
class Board:
    """What a case says of the board: what it runs, and its payload_memory where that matters."""

    base: Base | None = None
    memory: int = 0


def case(
    name: str,
    why: str,
    payload: Payload,
    stage: str = "",
    board: Board | None = None,
    **manifest: int | str,
) -> dict[str, object]:
    """Return one case of payload.json.

    Args:
        stage: where it must be refused: "head", "block" or "image"; "" where it must be accepted.
        board: one that runs the payload's base, if that is not said.
        manifest: what the manifest says otherwise than the payload would have it.
    """
    board = board or Board(payload.base)
    entry: dict[str, object] = {"name": name, "expect": "refuse" if stage else "ok", "why": why}
    if stage:
        entry["stage"] = stage
    elif len(payload.image) <= SHOWN_IMAGE_BYTES:
        entry["image"] = payload.image.hex()
    if board.base:
        entry["base"] = board.base.name
    if board.memory:
        entry["memory"] = board.memory
    entry["manifest"] = {**payload.manifest(), **manifest}
    entry["payload"] = payload.to_bytes().hex()
    return entry
