"""HTTP/1.1 as far as fetching static files needs it (RFC 9110, RFC 9112): pure, no I/O.

It is strict where a lenient reader could be led to take other bytes for the body: one digits-only
Content-Length, no transfer or content coding, 200 for a whole file and 206 with the very range that
was asked for; everything else is an error.
"""

from slotcast import __version__
from slotcast.errors import DownloadError, NotFoundError

MAX_HEAD_BYTES = 4096
MAX_HEAD_LINES = 64

_MAX_DIGITS = 10
_DIGITS = "0123456789"
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
# RFC 9110, 5.6.2, after lower()
_TOKEN = _LETTERS + _DIGITS + "!#$%&'*+-.^_`|~"
# These decide what the body is: twice is an attack or a broken edge (RFC 9112, 6.3 and 11.2).
_ONCE = ("content-length", "content-range", "content-encoding", "transfer-encoding")


def split_url(text: str) -> tuple:
    """Return (authority, path, host, port) of a base URL; see url.BaseUrl."""
    if not text.startswith("https://"):
        raise ValueError("not an https:// URL: %r" % text)
    authority, slash, rest = text[8:].partition("/")
    path = slash + rest
    host, colon, port = authority.partition(":")
    port = _number(port, "port") if colon else 443
    if not host or not _consists_of(host.lower(), _LETTERS + _DIGITS + "-."):
        raise ValueError("no host name in %r" % text)
    if not 0 < port < 65536:
        raise ValueError("no port in %r" % text)
    if not path.endswith("/") or "?" in text or "#" in text or not _is_visible(text):
        raise ValueError("not the URL of a directory: %r" % text)
    return authority, path, host, port


def request_bytes(base, path: str, start=None, stop=None) -> bytes:
    """A GET request of the file at `path` below `base`, an url.BaseUrl.

    Args:
        start, stop: first and last byte wanted; stop None means up to the end, both None the whole.

    Raises ValueError when the path holds anything but visible ASCII, or the range is none.
    """
    if not _is_visible(path):
        raise ValueError("not a path: %r" % path)
    lines = ["GET " + base.path + path + " HTTP/1.1", "Host: " + base.authority]
    lines.append("User-Agent: slotcast/" + __version__)
    if start is not None or stop is not None:
        if start is None or start < 0 or (stop is not None and stop < start):
            raise ValueError("not a range: %r-%r" % (start, stop))
        lines.append("Range: bytes=%d-%s" % (start, "" if stop is None else stop))
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class ResponseHead:
    """Status line and header fields of a response.

    Attributes: status_code; headers, a dict with lower-case names.
    """

    def __init__(self, status_code: int, headers: dict):
        self.status_code = status_code
        self.headers = headers

    @classmethod
    def from_bytes(cls, data) -> "ResponseHead":
        """Parse everything up to and with the empty line; raises DownloadError if it is no head."""
        try:
            lines = str(data, "utf-8").split("\r\n")
        except UnicodeError:
            raise DownloadError("head of the response is not text")
        if lines[-2:] != ["", ""]:
            raise DownloadError("head of the response does not end")
        return cls(_status_code(lines[0]), _headers(lines[1:-2]))

    @property
    def closes(self) -> bool:
        """Whether the server closes the connection after this response."""
        options = self.headers.get("connection", "").lower().split(",")
        return "close" in [option.strip() for option in options]

    def content_length(self) -> int:
        """Length of the body in bytes; raises DownloadError unless it is given and plain."""
        for name in ("transfer-encoding", "content-encoding"):
            if name in self.headers:
                raise DownloadError("refused %s: %s" % (name, self.headers[name]))
        return _number(self.headers.get("content-length", ""), "Content-Length", DownloadError)

    def body_length(self, start=None, stop=None) -> int:
        """Length of the body, when this is the answer to request_bytes(..., start, stop).

        Raises NotFoundError for 403 and 404, DownloadError for every other answer.
        """
        verify_status(self.status_code, 200 if start is None else 206)
        length = self.content_length()
        if start is not None:
            verify_range(self.headers.get("content-range", ""), start, stop, length)
        return length


def verify_status(status_code: int, wanted: int) -> None:
    """Raise NotFoundError for 403 and 404, DownloadError for any other than `wanted`.

    S3 answers 403 for a missing object to readers that may not list the bucket.
    """
    if status_code == wanted:
        return
    if status_code in (403, 404):
        raise NotFoundError("answered %d" % status_code)
    if 300 <= status_code < 400:
        raise DownloadError("answered %d; redirects are not followed" % status_code)
    raise DownloadError("answered %d, not %d" % (status_code, wanted))


def verify_range(content_range: str, start: int, stop, length: int) -> None:
    """Raise DownloadError unless Content-Range names the range asked for and `length` bytes of it.

    RFC 9110, 14.4; a server may send less than was asked for, which is refused as well.
    """
    unit, _, rest = content_range.partition(" ")
    span, _, total = rest.partition("/")
    first, _, last = span.partition("-")
    first, last, total = (_number(n, "Content-Range", DownloadError) for n in (first, last, total))
    wanted = total - 1 if stop is None else stop
    if unit != "bytes" or first != start or last != wanted or total <= last:
        raise DownloadError("another range than was asked for: %s" % content_range)
    if length != last - first + 1:
        raise DownloadError("Content-Length does not agree with Content-Range")


def _status_code(line):
    # "HTTP/1.1 200 OK"; the reason may be empty, the space before it may be missing.
    code = line[9:12]
    if line[:9] != "HTTP/1.1 " or line[12:13] not in ("", " "):
        raise DownloadError("not an HTTP/1.1 response")
    if len(code) != 3 or not _consists_of(code, _DIGITS):
        raise DownloadError("response has no status code")
    return int(code)


def _headers(lines):
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        name = name.lower()
        if not name or not colon or not _consists_of(name, _TOKEN):
            raise DownloadError("broken header line")
        if "\r" in value or "\n" in value or "\0" in value:
            raise DownloadError("control character in header %s" % name)
        value = value.strip(" \t")  # nothing else (RFC 9110, 5.6.3): others may not see past it
        if name not in headers:
            headers[name] = value
        elif name in _ONCE:
            raise DownloadError("header %s is there twice" % name)
        else:
            headers[name] += ", " + value
    return headers


def _number(text, what, error=ValueError):
    if not 0 < len(text) <= _MAX_DIGITS or not _consists_of(text, _DIGITS):
        raise error("%s is not a number: %r" % (what, text))
    return int(text)


def _is_visible(text):
    return all("!" <= char <= "~" for char in text)


def _consists_of(text, alphabet):
    return all(char in alphabet for char in text)
