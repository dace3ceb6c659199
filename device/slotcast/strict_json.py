"""JSON read strictly (RFC 8259): one text has one meaning, here and at whoever reviews it.

MicroPython's own parser takes `[1 2]`, `007`, trailing bytes and any depth, keeps the last of two
equal keys, and does not join surrogate pairs. Here all of these are errors, and so is what
canonical JSON has no form for: floats, and integers of 2^53 or more, which jq and JavaScript
round.
"""

from slotcast.errors import RepositoryError

# TUF's deepest field is a key's `keyval` in a delegation, at 6. What walks the result recurses, on
# a board's stack of 16 KiB.
_MAX_DEPTH = 10
_MAX_INTEGER = (1 << 53) - 1
_MAX_DIGITS = 16

_QUOTE = 0x22
_COMMA = 0x2C
_MINUS = 0x2D
_ZERO = 0x30
_COLON = 0x3A
_OPEN_ARRAY = 0x5B
_CLOSE_ARRAY = 0x5D
_OPEN_OBJECT = 0x7B
_CLOSE_OBJECT = 0x7D
# Of the second byte, after these first ones (RFC 3629, 4); else 80 to BF.
_SECOND_BYTES = {0xE0: (0xA0, 0xBF), 0xED: (0x80, 0x9F), 0xF0: (0x90, 0xBF), 0xF4: (0x80, 0x8F)}
_WORDS = ((b"true", True), (b"false", False), (b"null", None))
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "/": "/"}


def loads(data: bytes):
    """The value of a JSON text: dict, list, str, int, bool or None.

    Raises RepositoryError when `data` is no such text, nests more than 10 deep, or holds a key
    twice in one object, half of a surrogate pair, a float, or an integer of 2^53 or more.
    """
    reader = _Reader(data)
    try:
        value = reader.value(1)
        reader.verify_end()
    except UnicodeError:
        raise RepositoryError("not JSON: a string is not UTF-8")
    return value


class _Reader:
    """A position in the text; each method reads what its name says from there on."""

    def __init__(self, data) -> None:
        self._data = data
        self._view = memoryview(data)
        self._seen = {}  # Keys and keyids come again and again: each is kept once.
        self._at = 0

    def value(self, depth: int):
        byte = self._peek()
        if byte == _QUOTE:
            return self._string()
        if byte == _OPEN_OBJECT:
            return self._object(depth)
        if byte == _OPEN_ARRAY:
            return self._array(depth)
        if byte == _MINUS or _is_digit(byte):
            return self._integer()
        for word, value in _WORDS:
            if self._data[self._at : self._at + len(word)] == word:
                self._at += len(word)
                return value
        raise self._error("no value")

    def verify_end(self) -> None:
        """Raise RepositoryError when anything but white space is left."""
        if self._peek() is not None:
            raise self._error("bytes after the end")

    def _object(self, depth: int):
        result = {}
        has_more = self._open(_CLOSE_OBJECT, depth)
        while has_more:
            if self._peek() != _QUOTE:
                raise self._error("no key")
            key = self._string()
            if key in result:
                raise self._error("a key for the second time")
            if self._peek() != _COLON:
                raise self._error("no colon")
            self._at += 1
            result[key] = self.value(depth + 1)
            has_more = self._has_more(_CLOSE_OBJECT)
        return result

    def _array(self, depth: int):
        result = []
        has_more = self._open(_CLOSE_ARRAY, depth)
        while has_more:
            result.append(self.value(depth + 1))
            has_more = self._has_more(_CLOSE_ARRAY)
        return result

    def _open(self, close: int, depth: int) -> bool:
        """Step into an object or array; False, and behind it, when it is empty."""
        if depth > _MAX_DEPTH:
            raise self._error("nesting too deep")
        self._at += 1
        if self._peek() != close:
            return True
        self._at += 1
        return False

    def _has_more(self, close: int) -> bool:
        byte = self._peek()
        self._at += 1
        if byte != _COMMA and byte != close:
            raise self._error("no comma")
        return byte == _COMMA

    def _string(self) -> str:
        begin = self._at + 1
        end = self._data.find(b'"', begin)
        while end > 0 and self._is_escaped(end):
            end = self._data.find(b'"', end + 1)
        if end < 0:
            raise self._error("a string without end")
        # A view: copies, dropped between strings that stay, would tear a small heap to pieces.
        raw = self._view[begin:end]
        if raw and min(raw) < 0x20:
            raise self._error("a control character in a string")
        self._at = end + 1
        if raw and max(raw) >= 0xC0:
            _verify_utf8(raw)
        text = str(raw, "utf-8")
        if "\\" in text:
            text = _unescaped(text)
        return self._seen.setdefault(text, text)

    def _is_escaped(self, quote: int) -> bool:
        at = quote
        while self._data[at - 1] == 0x5C:
            at -= 1
        return (quote - at) % 2 == 1

    def _integer(self) -> int:
        begin = self._at
        if self._data[begin] == _MINUS:
            self._at += 1
        digits = self._at
        while self._at < len(self._data) and _is_digit(self._data[self._at]):
            self._at += 1
        count = self._at - digits
        if count == 0 or (count > 1 and self._data[digits] == _ZERO):
            raise self._error("not a number")
        if self._data[self._at : self._at + 1] in (b".", b"e", b"E"):
            raise self._error("a number that is no integer")
        value = int(str(self._data[begin : self._at], "utf-8")) if count <= _MAX_DIGITS else None
        if value is None or not -_MAX_INTEGER <= value <= _MAX_INTEGER:
            raise self._error("an integer beyond 2^53")
        return value

    def _peek(self):
        """The next byte that is not white space, without taking it; None at the end."""
        data = self._data
        while self._at < len(data):
            byte = data[self._at]
            if byte not in b" \n\r\t":
                return byte
            self._at += 1
        return None

    def _error(self, what: str):
        return RepositoryError("not JSON that is accepted: %s at byte %d" % (what, self._at))


def _is_digit(byte) -> bool:
    return byte is not None and 0x30 <= byte <= 0x39


def _verify_utf8(raw) -> None:
    """Raise RepositoryError for what MicroPython takes for UTF-8, and RFC 3629 does not.

    Those are characters in longer forms than they need, surrogates, and numbers above U+10FFFF.
    How many bytes follow the first of a character is checked when the text is decoded.
    """
    for at in range(len(raw)):
        lead = raw[at]
        if lead >= 0xC0:
            second = raw[at + 1] if at + 1 < len(raw) else 0
            least, most = _SECOND_BYTES.get(lead, (0x80, 0xBF))
            if not 0xC2 <= lead <= 0xF4 or not least <= second <= most:
                raise RepositoryError("not JSON: a string is not UTF-8")


def _unescaped(text: str) -> str:
    """The text without its escapes (RFC 8259, 7)."""
    pieces = text.split("\\")
    result = [pieces[0]]
    at = 1
    while at < len(pieces):
        piece = pieces[at]
        if piece[:1] == "u":
            character, used = _code_point(pieces, at)
            result.append(character + pieces[at + used - 1][5:])
            at += used
        elif piece:
            result.append(_escape(piece[0]) + piece[1:])
            at += 1
        else:
            # An escaped backslash: the split found it twice, so that a piece follows.
            result.append("\\" + pieces[at + 1])
            at += 2
    return "".join(result)


def _escape(letter: str) -> str:
    if letter not in _ESCAPES:
        raise RepositoryError("not JSON: no such escape as \\" + letter)
    return _ESCAPES[letter]


def _code_point(pieces, at: int):
    """The character of `uXXXX`, perhaps with the next piece's, and how many pieces it took."""
    code = _unit(pieces[at])
    if not 0xD800 <= code < 0xE000:
        return chr(code), 1
    following = pieces[at + 1] if len(pieces[at]) == 5 and at + 1 < len(pieces) else ""
    low = _unit(following) if code < 0xDC00 and following[:1] == "u" else 0
    if not 0xDC00 <= low < 0xE000:
        raise RepositoryError("not JSON: half of a surrogate pair")
    return chr(0x10000 + ((code - 0xD800) << 10) + low - 0xDC00), 2


def _unit(piece: str) -> int:
    digits = piece[1:5]
    if len(digits) != 4 or digits.strip("0123456789abcdefABCDEF"):
        raise RepositoryError("not JSON: no character \\u" + digits)
    return int(digits, 16)
