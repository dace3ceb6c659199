"""What optimal parsing saves over zlib in a board's window, and what it costs the publisher."""

import sys
import time
import zlib
from collections.abc import Callable, Sequence
from importlib import import_module

import peers
from delta_pairs import application, custom, small_pairs
from delta_steps import instructions
from tables import render

from publisher.deflate import FAST, THOROUGH, deflate
from publisher.payload.edits import find_edits

WINDOW_BITS, ZOPFLI_BITS = 12, 15
BLOCK, EVERY = 16384, 16
ZLIB_FRAME = 6  # bytes of header and checksum around zopfli's stream
PAIRS = slice(0, 4)
HEADER = (
    "How small does deflate get?",
    *("bytes", "zlib 9", "fast", "seconds", "thorough", "seconds"),
    *("thorough, 32 KiB", "zopfli, 32 KiB", "seconds"),
)
NOTES = f"""\
Bytes of raw deflate streams, with a window of {1 << WINDOW_BITS} bytes that a board has memory for;
the last columns with zopfli's, which cannot be made smaller. Seconds of CPU, ours in pure Python.
Above: the instructions of deltas, one stream each. Below: every {EVERY}th block of {BLOCK} bytes of
an image, one stream each."""


def table() -> str:
    """The figures of a run, for people."""
    sys.path.append(str(peers.folder("zopfli")))
    inputs = [(pair.title, [stream(pair.old, pair.new)]) for pair in small_pairs()[PAIRS]]
    inputs.append(("blocks of an esp32 image", blocks(application(custom("esp32", "3.3.0")))))
    return render(HEADER, [row(title, parts) for title, parts in inputs], NOTES)


def stream(old: bytes, new: bytes) -> bytes:
    """The instructions of the delta that is chosen."""
    return instructions(min(find_edits(old, new), key=lambda edit: edit.estimated_length))


def blocks(image: bytes) -> list[bytes]:
    """A sample of an image's blocks."""
    return [image[at : at + BLOCK] for at in range(0, len(image), BLOCK * EVERY)]


def row(title: str, parts: Sequence[bytes]) -> Sequence[str]:
    """One input, deflated in each way."""
    fast = measured(lambda part: deflate(part, WINDOW_BITS, FAST), parts)
    thorough = measured(lambda part: deflate(part, WINDOW_BITS, THOROUGH), parts)
    wide = measured(lambda part: deflate(part, ZOPFLI_BITS, THOROUGH), parts)
    lengths = [sum(map(len, parts)), measured(zlib_9, parts)[0]]
    cells = [f"{length:,}" for length in lengths]
    cells += [*cells_of(fast), *cells_of(thorough), f"{wide[0]:,}"]
    return (title, *cells, *cells_of(measured(zopfli, parts)))


def cells_of(result: tuple[int, float]) -> tuple[str, str]:
    return f"{result[0]:,}", f"{result[1]:.1f}"


def measured(encode: Callable[[bytes], bytes], parts: Sequence[bytes]) -> tuple[int, float]:
    """Bytes of all streams, and seconds of CPU."""
    began = time.process_time()
    length = sum(len(encode(part)) for part in parts)
    return length, time.process_time() - began


def zlib_9(data: bytes) -> bytes:
    """zlib's smallest."""
    deflater = zlib.compressobj(9, zlib.DEFLATED, -WINDOW_BITS, 9)
    return deflater.compress(data) + deflater.flush()


def zopfli(data: bytes) -> bytes:
    """zopfli's with its default of 15 rounds; what zlib's format adds is cut off."""
    framed = import_module("zopfli.zlib").compress(data)
    return framed[2 : 2 - ZLIB_FRAME]


if __name__ == "__main__":
    print(table())
