"""Whether a payload's deflate streams keep to the window that its header promises.

A board has no larger one, and refuses a stream that reaches further back; zlib itself looks only
at what it has handed out before. So it is asked for one byte at a time.
"""

from __future__ import annotations

import zlib

from publisher.errors import PayloadError
from publisher.payload.head import DEFLATE, DELTA, Head

_PIECE_BYTES = 32  # what zlib has not used of its input is copied at each step


def verify_reach(head: Head, payload: bytes) -> None:
    """Raise PayloadError where a stream of a payload that decodes reaches beyond its window."""
    at = head.length
    for index, row in enumerate(head.rows):
        end = at + row.encoded_length
        if row.encoding in (DEFLATE, DELTA) and not _keeps_to(head.window_bits, payload[at:end]):
            raise PayloadError(
                f"the deflate stream of block {index} reaches back further than "
                f"{1 << head.window_bits} bytes; no board can decode it"
            )
        at = end


def _keeps_to(window_bits: int, stream: bytes) -> bool:
    inflater = zlib.decompressobj(-window_bits)
    try:
        for at in range(0, len(stream), _PIECE_BYTES):
            piece = stream[at : at + _PIECE_BYTES]
            while inflater.decompress(piece, 1):
                piece = inflater.unconsumed_tail
        while inflater.decompress(b"", 1):
            pass
    except zlib.error:
        return False
    return inflater.eof
