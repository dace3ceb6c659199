"""The decoder: a payload, and the base of a delta, to the image."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from publisher.errors import PayloadError
from publisher.payload.full import hash_block
from publisher.payload.head import COPY, DEFLATE, RAW, Head
from publisher.payload.instructions import Reader

# A byte of image takes at most a group of one step: four numbers of five bytes, a change, a zero;
# the last one ends with its change, which leaves room for the frame's position.
_MAX_BYTES_PER_BYTE = 22


@dataclass(frozen=True)
class Base:
    """The image that a delta is against; `digest` is the 32 bytes of its image_digest."""

    data: bytes
    digest: bytes


def decode(payload: bytes, base: Base | None = None) -> bytes:
    """Return the image that `payload` carries; PayloadError when any part of it breaks a rule."""
    head = Head.from_bytes(payload)
    image = b"".join(decode_blocks(head, payload, base))
    if hashlib.sha256(image).digest() != head.image_sha256:
        raise PayloadError("the decoded image does not have the header's image_sha256")
    return image


def decode_blocks(head: Head, payload: bytes, base: Base | None = None) -> Iterator[bytes]:
    """Return the blocks of image in order, each checked against its row as it is asked for.

    Raises PayloadError; at once where lengths or the base are not what the head says.
    """
    if len(payload) != head.payload_length:
        raise PayloadError(f"the table adds up to {head.payload_length} bytes, not {len(payload)}")
    _verify_base(head, base)
    return _verified_blocks(head, _Decoder(head, payload, base.data if base else b""))


def _verified_blocks(head: Head, decoder: _Decoder) -> Iterator[bytes]:
    for frame in head.frames():
        for index, block in zip(frame, decoder.decode(frame), strict=True):
            if hash_block(block) != head.rows[index].hash:
                raise PayloadError(f"block {index} does not have the hash of its row")
            yield block


def _verify_base(head: Head, base: Base | None) -> None:
    if not head.has_base:
        return
    wanted = head.base_digest.hex()
    if base is None:
        raise PayloadError(
            f"the payload is a delta against the image with image_digest {wanted}",
            "name that image as the base",
        )
    if base.digest != head.base_digest:
        raise PayloadError(
            f"the base has image_digest {base.digest.hex()}, the delta is against {wanted}"
        )
    for index, row in enumerate(head.rows):
        end = index * head.block_size + head.block_length(index)
        if row.encoding == COPY and end > len(base.data):
            raise PayloadError(f"block {index} is copied from outside of the base")


class _Decoder:
    """Decodes frames in order."""

    def __init__(self, head: Head, payload: bytes, base: bytes) -> None:
        self._head, self._payload, self._base = head, payload, base
        self._at = head.length

    @cached_property
    def _relocated(self) -> bytes:
        return self._head.relocation.relocate(self._base)

    def decode(self, frame: range) -> Iterator[bytes]:
        """Yield the blocks of a frame."""
        first = frame[0]
        row = self._head.rows[first]
        encoded = self._payload[self._at : self._at + row.encoded_length]
        self._at += row.encoded_length
        if row.encoding == RAW:
            yield encoded
        elif row.encoding == DEFLATE:
            length = self._head.block_length(first)
            yield inflate(encoded, length, length, f"block {first}")
        elif row.encoding == COPY:
            yield self._copy(first)
        else:
            yield from self._decode_delta(frame, encoded)

    def _decode_delta(self, frame: range, encoded: bytes) -> Iterator[bytes]:
        lengths = [self._head.block_length(index) for index in frame]
        most = _MAX_BYTES_PER_BYTE * sum(lengths)
        stream = inflate(encoded, 1, most, f"frame {frame[0]}")
        start, turns = frame[0] * self._head.block_size, self._head.most_turns
        reader = Reader(stream, self._relocated, start, turns)
        for index, length in zip(frame, lengths, strict=True):
            if self._head.rows[index].encoding == COPY:
                reader.skip(length)
                yield self._copy(index)
            else:
                yield reader.take(length)
        reader.verify_end()

    def _copy(self, index: int) -> bytes:
        start = index * self._head.block_size
        return self._base[start : start + self._head.block_length(index)]


def inflate(encoded: bytes, least: int, most: int, what: str) -> bytes:
    """Return what a raw deflate stream decodes to, `least` to `most` bytes; else PayloadError.

    The stream is not trusted yet: no more than one byte beyond is decoded. Its reach is not held to
    window_bits: encoders keep to it, and a board's window cannot be overrun.
    """
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        data = inflater.decompress(encoded, most + 1)
    except zlib.error as error:
        raise PayloadError(f"{what} is not a deflate stream: {error}") from error
    if len(data) > most:
        raise PayloadError(f"{what} decodes to more than {most} bytes")
    if len(data) < least or not inflater.eof:
        raise PayloadError(f"the deflate stream of {what} ends early")
    if inflater.unused_data:
        raise PayloadError(f"there are bytes behind the deflate stream of {what}")
    return data
