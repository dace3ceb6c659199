"""Puts blocks that read a base together by hand, and what boards run that take them."""

from dataclasses import replace

from delta_reference import varint
from fixed_huffman import Stream
from payload_builder import COPY, DELTA, JOINED, Base, Block, Payload, noise

BLOCK = 4096
PLAIN = Base.of("plain", noise(12500, "plain"))
DAMAGED = replace(PLAIN, name="damaged", data=bytes(12500))
SHORT = Base.of("short", b"a base of 24 bytes, only")
OTHER = Base.of("other", noise(4096, "other"))
BASES = (PLAIN, DAMAGED, SHORT, OTHER)
P = PLAIN.data


def stream(instructions: bytes) -> bytes:
    """Return the stream of a frame."""
    return Stream().begin().literals(instructions).end().to_bytes()


def step(copied: int, change: int) -> bytes:
    """Return a step: bytes copied, then one changed."""
    return varint(copied) + bytes([change])


def tail(copied: int, literals: bytes) -> bytes:
    """Return a group's end, but for how far it leads."""
    return varint(copied) + b"\0" + varint(len(literals)) + literals


def copy(index: int, base: Base = PLAIN, length: int = BLOCK) -> Block:
    """Return a copied block."""
    start = index * BLOCK
    return Block(base.data[start : start + length], COPY, b"")


def delta(image: bytes, instructions: bytes) -> Block:
    """Return the first block of a frame."""
    return Block(image, DELTA, stream(instructions))


def joined(image: bytes) -> Block:
    """Return a block that goes on with a frame."""
    return Block(image, JOINED, b"")


def frame(image: bytes, instructions: bytes) -> tuple[Block, ...]:
    """Return the blocks of a frame without copy rows."""
    first, *others = (image[at : at + BLOCK] for at in range(0, len(image), BLOCK))
    return delta(first, instructions), *(joined(block) for block in others)


def based(*blocks: Block, base: Base | None = PLAIN, **header: int | bytes) -> Payload:
    """Return a payload with a base."""
    return Payload(blocks, dict(header), base)
