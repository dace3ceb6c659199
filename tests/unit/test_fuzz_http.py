"""Heads of HTTP responses, from anyone on the way: DownloadError, or framed exactly."""

from http.client import parse_headers
from io import BytesIO

from fuzzing import examples
from hypothesis import example, given
from hypothesis import strategies as st

from slotcast.errors import DownloadError
from slotcast.http import ResponseHead

LENGTH = "Content-Length: 5\r\n"
LINES = [LENGTH] * 4 + ["content-length:17\r\n", "X: y\r\n", "Connection: close\r\n", "A-b_c:\r\n"]
LINES += ["Transfer-Encoding: chunked\r\n", "Content-Encoding: gzip\r\n", "Content-Length: 0x5\r\n"]
PIECES = [*"\r\n\0 \t:,09-+\xe9\xb2X", "\r\n", LENGTH]
STATUS = ["HTTP/1.1 200 OK\r\n"] * 9 + ["HTTP/1.1 206\r\n", "HTTP/1.0 200 OK\r\n"]


@st.composite
def heads(draw):
    """A head, perhaps with something written into it at some place."""
    text = draw(st.sampled_from(STATUS))
    text += "".join(draw(st.lists(st.sampled_from(LINES), max_size=3))) + "\r\n"
    if draw(st.booleans()):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(st.sampled_from(PIECES)) + text[at + draw(st.integers(0, 2)) :]
    return text.encode()


OFFSETS = st.sampled_from([0] * 12 + [-1, 1])


def taken(data, start=None, stop=None):
    """(head, body length) of what is acceptable, else None."""
    try:
        head = ResponseHead.from_bytes(data)
        return head, head.body_length(start, stop)
    except DownloadError:
        return None


@examples(400)
@given(heads() | st.binary(max_size=80))
@example(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
@example(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n")
def test_a_whole_file_is_framed_by_one_plain_length(data):
    found = taken(data)
    if found is None:
        return
    head, length = found
    assert head.status_code == 200
    assert 0 <= length <= 9999999999
    assert data.lower().count(b"content-length") >= 1
    # The standard library, which is lenient, finds no other framing.
    fields = parse_headers(BytesIO(data.partition(b"\r\n")[2]))
    assert [int(value) for value in fields.get_all("content-length")] == [length]
    assert not {"transfer-encoding", "content-encoding"} & {name.lower() for name in fields}


@examples(300)
@given(st.integers(0, 50), st.none() | st.integers(0, 50), st.data())
def test_a_range_is_answered_by_that_very_range(start, stop, data):
    total = data.draw(st.integers(0, 52))
    last = total - 1 if stop is None else stop
    right = [start, last, total, last - start + 1]
    first, last, total, length = (number + data.draw(OFFSETS) for number in right)
    lines = f"Content-Range: bytes {first}-{last}/{total}\r\nContent-Length: {length}\r\n\r\n"
    found = taken(b"HTTP/1.1 206 X\r\n" + lines.encode(), start, stop)
    wanted = total - 1 if stop is None else stop
    is_right = first == start and last == wanted < total and length == last - first + 1 > -1
    assert (found is not None) == (is_right and min(first, last) >= 0)


@examples(200)
@given(heads(), st.data())
def test_no_part_of_a_head_is_taken_for_one(data, more):
    size = more.draw(st.integers(0, len(data)))
    for piece in (data[:size], data[size:]):
        found = taken(piece)
        assert found is None or piece.endswith(b"\r\n\r\n")
