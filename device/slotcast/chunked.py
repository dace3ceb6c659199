"""Passing over the page of an error that comes in chunks (RFC 9112, 7.1).

So S3 says that a file is missing, and CloudFront passes it on: at nearly every poll, which asks for
the next root first. This is as strict as http.py is with lengths, and for the same reason: what a
lenient reader took for the end of a page could be the middle of one, and the rest the next answer.
Files never come in chunks: http.py refuses them.
"""

from slotcast.errors import DownloadError

# As of pages that tell their length: more costs more than a handshake. S3's have some 250 bytes.
_MAX_BYTES = 4096
_MAX_CHUNKS = 16
# Four digits, carriage return, newline.
_MAX_LINE_BYTES = 6
_SCRATCH_BYTES = 64
_DIGITS = b"0123456789abcdef"


def pass_over_steps(session, channel, head):
    """Read the body after `head` and give its connection back to the session, or else close it.

    It is closed for anything but plain chunks, few and small, without extensions and trailers, and
    with nothing behind them.
    """
    keeps = False
    try:
        _verify_coding(head)
        patience = session.lend(None)  # to nobody: what ends this has closed it
        yield from _Page(session, channel, patience).read_steps()
        _verify_silence(channel, patience)
        keeps = True
    except (DownloadError, MemoryError):
        pass  # that the file is missing is known
    finally:
        if keeps:
            session.take_back(channel)
        else:
            channel.close()


class _Page:
    """A body in chunks, of which nothing is kept."""

    def __init__(self, session, channel, patience):
        self._session = session
        self._channel = channel
        self._patience = patience
        self._scratch = memoryview(bytearray(_SCRATCH_BYTES))

    def read_steps(self):
        """Read it to its end."""
        left = _MAX_BYTES
        for _ in range(_MAX_CHUNKS):
            size = _size((yield from self._line_steps()))
            left -= size
            _verify(left >= 0)
            yield from self._data_steps(size)
            _verify((yield from self._line_steps()) == b"\r\n")
            if not size:
                return
        _verify(False)

    def _data_steps(self, left):
        while left:
            view = self._scratch[:left]
            left -= self._count((yield from self._channel.readinto_steps(view, self._patience)))

    def _line_steps(self):
        line = b""
        while line[-1:] != b"\n":
            limit = _MAX_LINE_BYTES - len(line)  # at 0 nothing is read, which is no line either
            piece = yield from self._channel.readline_steps(limit, self._patience)
            self._count(len(piece))
            line += piece
        return line

    def _count(self, received):
        _verify(received)
        self._session.received_bytes += received
        return received


def _verify_coding(head):
    # With a length as well, two readers may see two ends (RFC 9112, 6.1 and 11.2).
    _verify(head.headers.get("transfer-encoding") == "chunked")
    _verify("content-length" not in head.headers)
    _verify(not head.closes)


def _size(line):
    digits = line[:-2].lower()
    _verify(line[-2:] == b"\r\n")
    _verify(digits and not digits.strip(_DIGITS))
    size = int(digits, 16)
    _verify(size or digits == b"0")
    return size


def _verify_silence(channel, patience):
    """What comes unasked is no answer to what is asked next (RFC 9112, 6.3)."""
    steps = channel.readinto_steps(bytearray(1), patience)
    for _ in steps:
        steps.close()
        return
    _verify(False)


def _verify(is_sound):
    if not is_sound:
        raise DownloadError("page of an error: its end is not plain")  # which nobody is told
