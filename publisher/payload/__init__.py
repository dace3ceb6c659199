"""The payload format of manifests/payload.md: encode, read a head, decode.

Everything here takes bytes and gives bytes or raises PayloadError; the board has a decoder of its
own, and both pass manifests/vectors/payload.json. `full` and `delta` encode, `decode` decodes;
`head` is what both sides agree on first, `relocation` and `instructions` what a delta is made of,
and `matching`, `linker` and `edits` find the shortest.
"""

from publisher.payload.decode import Base, decode, decode_blocks
from publisher.payload.delta import encode_delta
from publisher.payload.full import cut_full, encode_full
from publisher.payload.head import (
    COPY,
    DEFAULT_MEMORY,
    DEFLATE,
    DELTA,
    JOINED,
    NO_BASE,
    RAW,
    Head,
    Row,
)
from publisher.payload.reach import verify_reach

__all__ = [
    "COPY",
    "DEFAULT_MEMORY",
    "DEFLATE",
    "DELTA",
    "JOINED",
    "NO_BASE",
    "RAW",
    "Base",
    "Head",
    "Row",
    "cut_full",
    "decode",
    "decode_blocks",
    "encode_delta",
    "encode_full",
    "verify_reach",
]
