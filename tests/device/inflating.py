"""MicroPython's deflate, under CPython by zlib; and deflate streams without a compressor."""

import struct
import sys


def stored(data):
    """A deflate stream of blocks that are not compressed (RFC 1951, 3.2.4)."""
    parts = [data[at : at + 65535] for at in range(0, len(data), 65535)] or [b""]
    found = b""
    for number, part in enumerate(parts):
        is_last = number == len(parts) - 1
        found += struct.pack("<BHH", is_last, len(part), 65535 - len(part)) + part
    return found


class _DeflateIO:
    """deflate.DeflateIO of a raw stream, as far as the device's code uses it."""

    def __init__(self, stream, kind, window_bits):
        import zlib

        self._stream = stream
        self._inflater = zlib.decompressobj(-15)

    def readinto(self, view):
        import zlib

        count = 0
        while count < len(view) and not self._inflater.eof:
            try:
                piece = self._inflater.decompress(self._inflater.unconsumed_tail, len(view) - count)
                if not piece:
                    byte = bytes(self._stream.read(1))
                    if not byte:
                        raise EOFError
                    piece = self._inflater.decompress(byte, len(view) - count)
            except zlib.error:
                raise OSError(22) from None
            view[count : count + len(piece)] = piece
            count += len(piece)
        return count


def _install():
    module = type(sys)("deflate")
    module.RAW = 1
    module.DeflateIO = _DeflateIO
    sys.modules["deflate"] = module


if sys.implementation.name != "micropython":
    _install()
