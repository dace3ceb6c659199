"""Write deflate.json anew, with the encoder of publisher/deflate; the same bytes each time.

Unlike the formats' vectors these are made by the code under test: MicroPython is what they try.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))

from publisher.deflate import FAST, deflate  # noqa: E402

ABOUT = (
    "Raw deflate streams for a decoder with a window of 2^window_bits bytes: what comes out has"
    " this length and SHA-256. They are the publisher's, and so is their choice of block types."
)
MARKER = b"sixteen letters."


def cases() -> Iterator[tuple[str, int, bytes]]:
    """Yield a name, the window's bits, and what is deflated."""
    yield "nothing", 9, b""
    yield "one byte", 9, b"x"
    yield "a fixed block", 9, b"not worth a table"
    yield "a stored block", 9, noise(300)
    yield "dynamic, no distance code", 9, high_bytes(200)
    yield "dynamic, one distance code", 9, high_bytes(200) + bytes(300)
    yield "a run longer than any match", 9, bytes(3000)
    yield "dynamic and stored blocks", 12, few_letters(2000) + noise(2000) + few_letters(3000)
    for bits in range(9, 16):
        gap = bytes((1 << bits) - len(MARKER))
        yield f"a match at the far end of 2^{bits} bytes", bits, MARKER + gap + MARKER


def noise(length: int) -> bytes:
    """Return bytes that do not compress."""
    parts = (hashlib.sha256(bytes([n])).digest() for n in range(length // 32 + 1))
    return b"".join(parts)[:length]


def few_letters(length: int) -> bytes:
    """Return letters of 4 kinds, in no order, the first much more often than the last."""
    return bytes(b"aaaaaaaabbbbccd?"[byte & 15] for byte in noise(length))


def high_bytes(length: int) -> bytes:
    """Return bytes of the upper quarter in no order: a code of their own pays, no match does."""
    return bytes(byte | 0xC0 for byte in noise(length))


def to_json() -> str:
    """Return the file's text."""
    entries = []
    for name, window_bits, data in cases():
        entry: dict[str, object] = {"name": name, "window_bits": window_bits, "length": len(data)}
        entry["sha256"] = hashlib.sha256(data).hexdigest()
        entry["stream"] = deflate(data, window_bits, FAST).hex()
        entries.append(entry)
    return json.dumps({"about": ABOUT, "cases": entries}, indent=1) + "\n"


if __name__ == "__main__":
    (HERE / "deflate.json").write_text(to_json())
