"""A full payload: an image by itself, each block deflated where that is shorter."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterator

from publisher.errors import PayloadError
from publisher.payload.head import (
    BLOCK_SIZES,
    DEFAULT_MEMORY,
    DEFLATE,
    HASH_BYTES,
    NO_BASE,
    RAW,
    WINDOW_BITS,
    Head,
    Row,
    needed_memory,
    verify_sizes,
)
from publisher.payload.relocation import Relocation

Progress = Callable[[int, int], None]


def encode_full(
    image: bytes, memory: int = DEFAULT_MEMORY, progress: Progress | None = None
) -> bytes:
    """Return the smallest payload that carries `image` by itself to a board with so much memory.

    `progress` is told bytes of work done and in all. Raises PayloadError when the format has no
    such image, or nothing fits the memory.
    """
    sizes = list(fitting_sizes(memory, has_base=False))[:2]  # smaller blocks have longer tables
    if not sizes:
        raise PayloadError(f"no payload can be decoded in {memory} bytes of memory")
    total, payloads = len(image) * len(sizes), []
    for number, (block_size, window_bits) in enumerate(sizes):

        def tell(done: int, _: int, before: int = number * len(image)) -> None:
            if progress:
                progress(before + done, total)

        payloads.append(cut_full(image, block_size, window_bits, tell))
    return min(payloads, key=len)


def cut_full(
    image: bytes, block_size: int = 16384, window_bits: int = 12, progress: Progress | None = None
) -> bytes:
    """Return the full payload of `image` in blocks of a size, deflated within a window.

    Raises PayloadError when a size is one that the format does not have.
    """
    verify_sizes(window_bits, block_size, len(image))
    rows, encoded = [], []
    for start in range(0, len(image), block_size):
        block = image[start : start + block_size]
        encoding, data = encode_block(block, window_bits)
        rows.append(Row(hash_block(block), encoding, len(data)))
        encoded.append(data)
        if progress:
            progress(start + len(block), len(image))
    digest = hashlib.sha256(image).digest()
    head = Head(window_bits, block_size, len(image), digest, NO_BASE, tuple(rows))
    return head.to_bytes() + b"".join(encoded)


def fitting_sizes(
    memory: int, *, has_base: bool, relocation: Relocation | None = None
) -> Iterator[tuple[int, int]]:
    """Yield (block_size, window_bits) that fit a board's memory: for each block the widest window.

    The largest blocks come first.
    """
    for block_size in reversed(BLOCK_SIZES):
        fitting = [
            bits
            for bits in WINDOW_BITS
            if needed_memory(block_size, bits, has_base, relocation) <= memory
        ]
        if fitting:
            yield block_size, fitting[-1]


def encode_block(block: bytes, window_bits: int) -> tuple[int, bytes]:
    """Return a block's encoding by itself, and its bytes."""
    deflated = quick_deflate(block, window_bits)
    return (DEFLATE, deflated) if len(deflated) < len(block) else (RAW, block)


def quick_deflate(data: bytes, window_bits: int) -> bytes:
    """Return zlib's raw deflate stream within a window."""
    deflater = zlib.compressobj(9, zlib.DEFLATED, -window_bits)
    return deflater.compress(data) + deflater.flush()


def hash_block(block: bytes) -> bytes:
    """Return a row's hash of a block."""
    return hashlib.sha256(block).digest()[:HASH_BYTES]
