"""What is packed or encoded in bytes, and in that again: the layers that are searched for keys.

Whoever can write into the bucket chooses the bytes, so how much is unpacked of one object is
bounded, and with it the time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from publisher.doctor.secrets.archives import unpacked
from publisher.doctor.secrets.written_bytes import numbers, texts, whole_base64, words

# Of one object, all layers together.
_MOST_BYTES = 1 << 19
_MOST_LAYERS = 500
# Such as a file in a tar in a gzip in base64.
_DEPTH = 4
# A text in which numbers are looked for, and one in which each word may be base64.
_TEXT_BYTES, _FEW_LINES_BYTES = 1 << 16, 1 << 12


def layers(data: bytes) -> Iterator[bytes]:
    """Yield the bytes, then all that is packed or encoded in them, the outer layers first."""
    left, count = _MOST_BYTES, 1
    waiting = deque([(data, 0)])
    while waiting:
        layer, depth = waiting.popleft()
        yield layer
        if depth == _DEPTH:
            continue
        for inner in _unwrapped(layer, left):
            if count == _MOST_LAYERS or not left:
                break
            if inner:
                waiting.append((inner[:left], depth + 1))
                left, count = max(left - len(inner), 0), count + 1


def _unwrapped(data: bytes, most: int) -> Iterator[bytes]:
    """Yield what is packed or encoded in the bytes themselves."""
    yield from unpacked(data, most)
    for text in texts(data):
        yield from whole_base64(text)
        if len(data) <= _TEXT_BYTES:
            yield from numbers(text)
        if len(data) <= _FEW_LINES_BYTES:
            yield from words(text)
