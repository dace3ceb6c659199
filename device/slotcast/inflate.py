"""Deflate streams out of a download: bounded input, bounded output, fed through a small ring."""

from slotcast.errors import PayloadError

# Bytes inflated at a time, and the input that such a step may need at worst: 15 bits a literal and
# a dynamic block's header (RFC 1951, 3.2.7).
_STEP_BYTES = 256
_STEP_INPUT_BYTES = 864
_PIECE_BYTES = 256


class Source:
    """At most `left` bytes of a stream that has readinto(buffer) -> bytes read, 0 at its end."""

    def __init__(self, stream, left: int):
        self._stream = stream
        self.left = left

    def readinto(self, buffer) -> int:
        """Fill as much of `buffer` as one read gives; 0 once `left` is used up.

        Raises PayloadError when the stream ends before.
        """
        wanted = min(self.left, len(buffer))
        if not wanted:
            return 0
        count = self._stream.readinto(buffer if wanted == len(buffer) else buffer[:wanted])
        if not count:
            raise PayloadError("payload ended early")
        self.left -= count
        return count

    def fill(self, view) -> None:
        """Fill a memoryview, whose bytes must be left."""
        at = 0
        while at < len(view):
            count = self.readinto(view[at:])
            if not count:
                raise PayloadError("fewer bytes than were asked for")
            at += count

    def skip(self, scratch) -> None:
        """Read and drop what is left."""
        while self.readinto(scratch):
            pass


class Inflater:
    """One raw deflate stream.

    Args:
        source: a Source of exactly its bytes.
        window_bits: log2 of how far it reaches back.
    """

    def __init__(self, source, window_bits: int):
        import deflate

        self._source = source
        self._ring, self._feed = _pump(source)
        self._stream = deflate.DeflateIO(self._ring, deflate.RAW, window_bits)

    def readinto(self, view) -> int:
        """Fill as much of a memoryview as one step gives; 0 at the stream's end.

        Raises PayloadError when it is no deflate stream, or its bytes end before it does.
        """
        self._feed()
        return self._read(view[:_STEP_BYTES])

    def fill(self, view) -> None:
        """Fill a memoryview; raises PayloadError when the stream ends before."""
        at = 0
        while at < len(view):
            count = self.readinto(view[at:])
            if not count:
                raise PayloadError("a deflate stream ends early")
            at += count

    def verify_ended(self) -> None:
        """Refuse a stream that goes on, or is followed by other bytes; raises PayloadError."""
        self._feed()
        if self._read(bytearray(1)) or self._source.left or self._ring.read(1):
            raise PayloadError("a deflate stream goes on")

    def _read(self, view):
        try:
            return self._stream.readinto(view)
        except (OSError, EOFError, ValueError):
            raise PayloadError("what should inflate does not")


def _pump(source):
    """Return a stream for `deflate` and the function that keeps enough of `source` in it.

    deflate takes its input byte by byte: fast from a C stream, ten times slower from a Python one.
    """
    try:
        from micropython import RingIO
    except ImportError:  # before MicroPython 1.24
        from slotcast.trickle import held

        return held(source), lambda: None
    ring = RingIO(_STEP_INPUT_BYTES + _PIECE_BYTES)
    piece = memoryview(bytearray(_PIECE_BYTES))

    def feed():
        while source.left and ring.any() < _STEP_INPUT_BYTES:
            ring.write(piece[: source.readinto(piece)])

    return ring, feed
