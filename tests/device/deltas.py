"""Payloads with a base, made by hand: numbers, rows, frames, relocations."""

import struct
from hashlib import sha256

from inflating import stored

RAW, DEFLATE, COPY, DELTA, JOINED = 0, 1, 2, 3, 0x83
BLOCK = 4096


def varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def svarint(value):
    return varint(value * 2 if value >= 0 else -value * 2 - 1)


def relocation(ranges=(), entries=()):
    """As it stands in a head: ranges (start, stop), entries (start, shift)."""
    out = varint(len(ranges)) + varint(len(entries))
    end = 0
    for start, stop in ranges:
        out += varint(start - end) + varint(stop - start)
        end = stop
    before = 0, 0
    for start, shift in entries:
        out += varint(start - before[0]) + svarint(shift - before[1])
        before = start, shift
    return out


class Image:
    """The image that runs, as a base is read."""

    def __init__(self, data):
        self.data = data
        self.size = len(data)
        self.digest = digest_of(data)

    def readinto(self, offset, buffer):
        assert offset + len(buffer) <= self.size
        buffer[:] = self.data[offset : offset + len(buffer)]


def digest_of(image):
    return "".join(["%02x" % byte for byte in image[-32:]])


def payload(image, rows, base=bytes(32), window=12, block=BLOCK, moved=b"", flags=0):
    """(head, data) of rows: for each block (encoding, encoded bytes)."""
    head = b"SLC\x01" + struct.pack("<BBHII", flags, window, len(moved), block, len(image))
    head += sha256(image).digest() + base[-32:]
    for index, (encoding, data) in enumerate(rows):
        piece = image[index * block : (index + 1) * block]
        head += sha256(piece).digest()[:16] + bytes([encoding]) + struct.pack("<I", len(data))[:3]
    return head + moved, b"".join([data for _, data in rows])


def copied(length):
    """A frame of one copy of the base from the frame's own offset on, deflated."""
    return stored(svarint(0) + varint(length))
