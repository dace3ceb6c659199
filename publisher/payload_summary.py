"""What a payload's head tells a person: sizes, base, memory, and how its blocks are encoded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from publisher.errors import PayloadError
from publisher.payload import COPY, DEFLATE, DELTA, JOINED, RAW, Head

_NAMES = {RAW: "raw", DEFLATE: "deflate", COPY: "copy", DELTA: "delta", DELTA | JOINED: "joined"}


@dataclass(frozen=True)
class Share:
    """What one encoding has of a payload: blocks of the image, and bytes of the payload's data."""

    blocks: int = 0
    bytes: int = 0


@dataclass(frozen=True)
class Summary:
    """A payload in numbers.

    Attributes:
        head: its header, table and relocation.
        length: bytes of the whole payload.
    """

    head: Head
    length: int

    @classmethod
    def of(cls, payload: bytes) -> Summary:
        """Read the head of a payload; PayloadError where it is none, or is cut off."""
        head = Head.from_bytes(payload)
        if head.payload_length != len(payload):
            message = f"the payload has {len(payload):,} bytes; its table says that there are"
            raise PayloadError(f"{message} {head.payload_length:,}", "was it cut off on its way?")
        return cls(head, len(payload))

    @property
    def kind(self) -> str:
        """The kind that a manifest gives it."""
        return "delta" if self.head.has_base else "full"

    @property
    def shares(self) -> Mapping[str, Share]:
        """What each encoding has, of those that occur."""
        shares: dict[str, Share] = {}
        for row in self.head.rows:
            name = _NAMES[row.encoding]
            share = shares.get(name, Share())
            shares[name] = Share(share.blocks + 1, share.bytes + row.encoded_length)
        return {name: shares[name] for name in _NAMES.values() if name in shares}

    @property
    def frames(self) -> int:
        """How many frames are fetched: from the start of one a download resumes."""
        firsts = (self.head.rows[frame[0]] for frame in self.head.frames())
        return sum(first.encoding != COPY for first in firsts)

    def to_dict(self) -> dict[str, object]:
        """Return what a program reads."""
        head = self.head
        return {
            "kind": self.kind,
            "length": self.length,
            "head_length": head.length,
            "image_size": head.image_size,
            "image_sha256": head.image_sha256.hex(),
            "base_digest": head.base_digest.hex() if head.has_base else None,
            "block_size": head.block_size,
            "window_bits": head.window_bits,
            "memory": head.memory,
            "frames": self.frames,
            "relocation_ranges": len(head.relocation.ranges),
            "relocation_entries": len(head.relocation.entries),
            "blocks": {name: vars(share) for name, share in self.shares.items()},
        }

    def to_rows(self) -> list[tuple[str, str]]:
        """Return what a person reads of all but the encodings."""
        head = self.head
        relocation = head.relocation
        moved = f"{len(relocation.entries)} entries, {len(relocation.ranges)} ranges of code"
        return [
            ("kind", self.kind),
            ("base", f"image_digest {head.base_digest.hex()}" if head.has_base else "none"),
            ("image", f"{head.image_size:,} bytes, SHA-256 {head.image_sha256.hex()}"),
            ("payload", f"{self.length:,} bytes, {head.length:,} of them head"),
            ("memory", f"{head.memory:,} bytes on the board"),
            ("blocks", f"{len(head.rows)} of {head.block_size:,} bytes"),
            ("window", f"{1 << head.window_bits:,} bytes"),
            ("frames", str(self.frames)),
            ("relocation", moved if relocation.entries else "none"),
        ]
