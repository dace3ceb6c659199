"""Canonical JSON: the one byte string that TUF signs for a parsed value.

The dialect is OLPC's (http://wiki.laptop.org/go/Canonical_JSON) as securesystemslib writes it: no
white space, keys sorted by code point, only quote and backslash escaped, integers only.

MicroPython's json does not join surrogate pairs: a character beyond U+FFFF that the file writes as
two escapes encodes otherwise here than at the publisher. Its signature fails, nothing worse.
"""

from slotcast.errors import RepositoryError

# Two blocks of SHA-512: small pieces are gathered, so that a hash is not called for every comma.
_BUFFER_BYTES = 256

# jq and JavaScript round integers beyond: there they would sign something else than we verify.
_MAX_INTEGER = (1 << 53) - 1


def encode(value, write) -> None:
    """Write the canonical form of a parsed JSON `value` through write(piece), piece by piece.

    A piece is a memoryview of at most 256 bytes, good during the call only, or one longer string as
    bytes. Raises RepositoryError for floats, integers of 2^53 or more, keys that are not strings,
    and lone surrogates.
    """
    buffer = _Buffer(write)
    _encode(value, buffer.put)
    buffer.flush()


class _Buffer:
    """Gathers small pieces and hands them on together."""

    def __init__(self, write) -> None:
        self._write = write
        self._view = memoryview(bytearray(_BUFFER_BYTES))
        self._used = 0

    def put(self, text: str) -> None:
        try:
            piece = text.encode()
        except UnicodeError:
            raise RepositoryError("a string holds half of a surrogate pair")
        if self._used + len(piece) > _BUFFER_BYTES:
            self.flush()
        if len(piece) > _BUFFER_BYTES:
            self._write(piece)
            return
        self._view[self._used : self._used + len(piece)] = piece
        self._used += len(piece)

    def flush(self) -> None:
        if self._used:
            self._write(self._view[: self._used])
            self._used = 0


def _encode(value, put) -> None:
    if isinstance(value, str):
        put(_quoted(value))
    elif isinstance(value, dict):
        _encode_object(value, put)
    elif isinstance(value, list):
        _encode_array(value, put)
    elif value is None:
        put("null")
    elif isinstance(value, bool):
        put("true" if value else "false")
    elif isinstance(value, int):
        put(_integer(value))
    else:
        raise RepositoryError("%s has no canonical form" % type(value).__name__)


def _encode_object(value, put) -> None:
    for key in value:
        if not isinstance(key, str):
            raise RepositoryError("a key is not a string")
    mark = "{"
    for key in sorted(value):
        put(mark)
        put(_quoted(key))
        put(":")
        _encode(value[key], put)
        mark = ","
    put("}" if value else "{}")


def _encode_array(value, put) -> None:
    mark = "["
    for item in value:
        put(mark)
        _encode(item, put)
        mark = ","
    put("]" if value else "[]")


def _quoted(text: str) -> str:
    if "\\" in text or '"' in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + text + '"'


def _integer(value: int) -> str:
    if not -_MAX_INTEGER <= value <= _MAX_INTEGER:
        raise RepositoryError("an integer is beyond 2^53")
    return str(value)
