"""Canonical JSON: what has to be escaped is, each by itself, and where pieces meet."""

from slotcast import canonical


def encoded(value):
    pieces = []
    canonical.encode(value, lambda piece: pieces.append(bytes(piece)))
    return b"".join(pieces)


def test_quotes_and_backslashes_are_escaped_each_by_itself():
    assert encoded('a"b') == b'"a\\"b"'
    assert encoded("a\\b") == b'"a\\\\b"'
    assert encoded('\\"') == b'"\\\\\\""'
    assert encoded({'"': "\\", "\\": '"'}) == b'{"\\"":"\\\\","\\\\":"\\""}'
    assert encoded("a/b\n\x7f") == b'"a/b\n\x7f"'


def test_texts_of_any_length_come_out_whole():
    for size in (0, 1, 250, 253, 254, 255, 256, 257, 600):
        text = "x" * size
        assert encoded(text) == b'"' + text.encode() + b'"'
        assert encoded([text, text]) == b'["' + text.encode() + b'","' + text.encode() + b'"]'
