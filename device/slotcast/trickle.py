"""What feeds `deflate` where MicroPython has no ring: before 1.24."""

import io

# Input up to this length is held in memory.
_MAX_HELD_BYTES = 16384


def held(source):
    """A stream of all input, or, where that takes too much memory, of each byte when it is due."""
    if source.left > _MAX_HELD_BYTES:
        return _Trickle(source)
    data = bytearray(source.left)
    source.fill(memoryview(data))
    return io.BytesIO(data)


class _Trickle(io.IOBase):
    """A Source as a stream for `deflate`."""

    def __init__(self, source):
        self._source = source

    def readinto(self, view):
        return self._source.readinto(view)

    def read(self, count):
        data = bytearray(count)
        return data[: self.readinto(data)]
