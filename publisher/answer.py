"""What an edge answers to a GET request: pure, from the request and the object.

It is what S3 behind CloudFront does where a board can tell: 403 for a missing object, single
ranges, strong entity tags.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import unquote

from publisher import layout
from publisher.stores.base import Stored

# What S3 says to a reader that may not list the bucket, whether or not the object is there.
_DENIED = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"


@dataclass(frozen=True)
class Request:
    """What decides an answer; absent headers are "".

    Attributes:
        target: the request target: path and query.
    """

    target: str
    range: str = ""
    if_none_match: str = ""


@dataclass(frozen=True)
class Answer:
    """A response without the headers that every response has."""

    status: HTTPStatus
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def answer(read: Callable[[str], Stored | None], request: Request) -> Answer:
    """Return the response to a GET request for an object that `read` may return."""
    key = key_of(request.target)
    stored = read(key) if key else None
    if stored is None:
        return Answer(HTTPStatus.FORBIDDEN, {"Content-Type": "application/xml"}, _DENIED)
    etag = '"' + stored.etag.strip('"') + '"'
    headers = {
        "Content-Type": layout.content_type(key),
        "Cache-Control": layout.cache_control(key),
        "ETag": etag,
        "Accept-Ranges": "bytes",
    }
    if _names(request.if_none_match, etag):
        return Answer(HTTPStatus.NOT_MODIFIED, headers)
    return _body(stored.data, request.range, headers)


def _body(data: bytes, range_header: str, headers: dict[str, str]) -> Answer:
    """Return the whole of `data`, or the part that the Range header names (RFC 9110, 14.2)."""
    span = parse_range(range_header, len(data))
    if span is None:
        return Answer(HTTPStatus.OK, headers, data)
    start, stop = span
    if start >= stop:
        unsatisfied = {"Content-Range": f"bytes */{len(data)}"}
        return Answer(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, unsatisfied)
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(data)}"
    return Answer(HTTPStatus.PARTIAL_CONTENT, headers, data[start:stop])


def key_of(target: str) -> str:
    """Return the store's key of a request target, without its query; "" if it is not published."""
    path = target.partition("?")[0]
    try:
        segments = unquote(path, errors="strict").split("/")
    except UnicodeDecodeError:
        return ""
    if segments[0] or len(segments) < 2:
        return ""
    key = "/".join(segments[1:])
    return key if layout.is_published(key) else ""


def parse_range(header: str, size: int) -> tuple[int, int] | None:
    """Return [start, stop) of a single byte range; None for no range, which means the whole.

    start >= stop says that nothing of it can be satisfied. What is not one byte range is ignored,
    as S3 does (RFC 9110, 14.2 allows it).
    """
    unit, equals, spec = header.partition("=")
    first, dash, last = spec.strip().partition("-")
    numbers = [number for number in (first, last) if number]
    if unit.strip().lower() != "bytes" or not equals or not dash or not numbers:
        return None
    if not all(number.isascii() and number.isdigit() for number in numbers):
        return None
    if not first:
        return max(0, size - int(last)), size
    if last and int(last) < int(first):
        return None
    return int(first), min(int(last) + 1, size) if last else size


def _names(if_none_match: str, etag: str) -> bool:
    """Weak comparison of RFC 9110, 13.1.2."""
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return etag in tags or tags == ["*"]
