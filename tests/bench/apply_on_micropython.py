"""Decode a payload as an install does, and print for how long, in microseconds.

    micropython -m apply_on_micropython PAYLOAD BASE LOOPS

LOOPS is viper or plain. Each block is decoded and compared with its hash; nothing is written.
"""

import gc
import sys
import time

from slotcast import delta, delta_plain
from slotcast.frames import Frame
from slotcast.head_fields import head_bytes, read_head
from slotcast.inflate import Source
from slotcast.payload import HeadBytes
from slotcast.steps import finish

SECTOR_BYTES = 4096


class Image:
    """The image that runs, in an open file; nobody asks for its digest here."""

    def __init__(self, file):
        self._file = file
        self.size = file.seek(0, 2)
        self.digest = None

    def readinto(self, offset, view):
        self._file.seek(offset)
        self._file.readinto(view)


def head_of(file):
    """The payload's head; the file is behind it then."""
    start = file.read(80)
    size, block = (int.from_bytes(start[at : at + 4], "little") for at in (12, 8))
    length = head_bytes(size, block) + int.from_bytes(start[6:8], "little")
    file.seek(0)
    return read_head(HeadBytes(Source(file, length)))


def loops(name):
    """The inner loops: functions run, words and pairs."""
    if name == "plain":
        return delta_plain.run, delta_plain.words, delta_plain.pairs
    return delta.fastest()


def decode(file, head, base, sectors):
    """Decode all frames, which follow in the file."""
    first = 0
    while first < head.block_count:
        stop = head.frame_stop(first)
        source = Source(file, head.encoded_bytes(first))
        frame = Frame(head, first, stop, source, base)
        for index in range(first, stop):
            finish(frame.decode_steps(index, pieces(head, index, sectors)))
        first = stop


def pieces(head, index, sectors):
    """The sectors, cut to the length of a block."""
    left = head.block_bytes(index)
    return [
        sector[: min(left - at * SECTOR_BYTES, SECTOR_BYTES)]
        for at, sector in enumerate(sectors)
        if left > at * SECTOR_BYTES
    ]


def main(payload, image, name):
    """Decode once, and print the microseconds."""
    with open(payload, "rb") as file, open(image, "rb") as running:
        head = head_of(file)
        sectors = [memoryview(bytearray(SECTOR_BYTES)) for _ in range(head.block_size // 4096)]
        base = None
        if head.base_digest:
            base = delta.Base(Image(running), loops(name))
            base.relocation = head.relocation
        gc.collect()
        began = time.ticks_us()
        decode(file, head, base, sectors)
        print(time.ticks_diff(time.ticks_us(), began))


main(*sys.argv[1:])
