"""What the edge answers a board's requests: missing files, ranges, compression, headers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from publisher.doctor.findings import Finding, fail, ok, unknown, warn
from publisher.doctor.replies import Reply
from publisher.doctor.samples import NO_PAYLOAD, next_root, smallest_payload
from publisher.doctor.site import TIMESTAMP, Site
from publisher.layout import root_path

# A board reads so much of an answer that it has no use for, or ends the connection
# (device/slotcast/https.py and chunked.py).
_SMALL_BYTES = 4096
_HSTS, _NOSNIFF = "strict-transport-security", "x-content-type-options"

_PAGE = "let 403 and 404 be what they are, without a page (CustomErrorResponses)"
_END = "let errors tell where they end: by a Content-Length, or in chunks as S3 sends them"
_RANGES = "let the edge answer Range requests from what it keeps; boards resume downloads by them"
_COMPRESS = "turn compression off (Compress: false in each cache behaviour): boards do not undo it"
_HEADERS = "attach the response headers policy of infra/ota.yaml to each cache behaviour"


class Span(NamedTuple):
    """A range that was asked for, the bytes that it should give, and where they begin."""

    range: str
    wanted: bytes
    start: int


def check_missing(site: Site) -> list[Finding]:
    """Check what is answered for the next root, which every poll asks for, and for no payload."""
    replies = [site.reply(path) for path in (next_root(site), NO_PAYLOAD)]
    return [judge_missing(reply) for reply in replies]


def check_ranges(site: Site) -> list[Finding]:
    """Check that parts of a file are given as they are asked for."""
    path = smallest_payload(site) or root_path(1)
    whole = site.reply(path)
    if not whole.is_there or whole.coding:
        how = f"with status {whole.status}" if not whole.coding else f"compressed ({whole.coding})"
        return [unknown("ranges", f"{whole.name} is answered {how}")]
    spans = _spans(whole.body)
    replies = [site.visitor.ask(path, headers={"Range": span.range}) for span in spans]
    beyond = site.visitor.ask(path, headers={"Range": f"bytes={len(whole.body)}-"})
    return judge_ranges(list(zip(spans, replies, strict=True)), beyond, len(whole.body))


def check_compression(site: Site) -> list[Finding]:
    """Check that files come as they are, with their length, also to whoever takes gzip."""
    paths = list(filter(None, [TIMESTAMP, root_path(1), smallest_payload(site)]))
    plain = [site.reply(path) for path in paths]
    gzip = {"Accept-Encoding": "gzip, deflate, br"}
    asked = [site.visitor.ask(path, headers=gzip) for path in paths]
    return judge_plainness([*plain, *asked])


def check_headers(site: Site) -> list[Finding]:
    """Check the headers that browsers go by, and those that tell of the bucket."""
    return judge_headers(site.reply(TIMESTAMP))


def judge_missing(reply: Reply) -> Finding:
    """Judge the answer for a file that is not there."""
    name = "missing-names"
    what = f"{reply.name}, which is not there, is answered with {reply.status}"
    if reply.is_there or 300 <= reply.status < 400:
        page = " and a web page" if reply.is_page else ""
        return fail(name, f"{what}{page}; boards need 403 or 404", _PAGE)
    if not reply.is_missing:
        mend = "boards take only 403 and 404 for an answer: look at the origin and its policy"
        return fail(name, what, mend)
    if not _has_plain_end(reply):
        says = f"{what}, and where that ends is not plain: it costs a board its connection"
        return warn(name, f"{says}, at every poll", _END)
    if len(reply.body) > _SMALL_BYTES:
        says = f"{what} and {len(reply.body):,} bytes: it costs a board its connection"
        return warn(name, says, _PAGE)
    return ok(name, f"{what} and {len(reply.body)} bytes")


def judge_ranges(pairs: Sequence[tuple[Span, Reply]], beyond: Reply, total: int) -> list[Finding]:
    """Judge the answers to ranges, and to one that begins behind the end.

    Args:
        total: bytes of the whole file.
    """
    name = "ranges"
    for span, reply in pairs:
        what = f"{reply.name}, {span.range}"
        if reply.status != 206:
            return [fail(name, f"{what}: answered with {reply.status}, not 206", _RANGES)]
        if reply.body != span.wanted:
            return [fail(name, f"{what}: other bytes than the whole file has there", _RANGES)]
        given = f"bytes {span.start}-{span.start + len(span.wanted) - 1}/{total}"
        if reply.header("content-range") != given:
            told = reply.header("content-range") or "nothing"
            return [fail(name, f"{what}: Content-Range says {told}, not {given}", _RANGES)]
        if reply.header("content-length") != str(len(span.wanted)):
            return [fail(name, f"{what}: Content-Length is wrong or missing", _RANGES)]
    found = [ok(name, f"{pairs[0][1].name}: 206 with the right bytes, {len(pairs)} kinds of range")]
    if beyond.status != 416:
        says = f"{beyond.name}: a range behind the end is answered with {beyond.status}, not 416"
        found.append(warn(name, says, _RANGES))
    return found


def judge_plainness(replies: Sequence[Reply]) -> list[Finding]:
    """Judge whether whole files come as they are, and with their length."""
    name = "compression"
    there = [reply for reply in replies if reply.is_there]
    for reply in there:
        if reply.coding:
            says = f"{reply.name} comes with Content-Encoding {reply.coding}"
            return [fail(name, says, _COMPRESS)]
        if not reply.header("content-length"):
            says = f"{reply.name} comes without Content-Length"
            return [fail(name, says, f"send files whole, with their length; {_COMPRESS}")]
    if not there:
        return [unknown(name, f"no file was answered with 200, but {replies[0].status}")]
    return [ok(name, "files come as they are, with Content-Length, also to clients that take gzip")]


def judge_headers(reply: Reply) -> list[Finding]:
    """Judge the headers of an answer that are not for boards."""
    name = "response-headers"
    found = []
    missing = [header for header in (_HSTS, _NOSNIFF) if not reply.header(header)]
    if missing:
        found.append(warn(name, f"{' and '.join(missing)} are not sent", _HEADERS))
    # x-amz-cf-* are CloudFront's own, and cannot be taken away.
    leaks = [
        header
        for header in reply.headers
        if header.startswith("x-amz-") and not header.startswith("x-amz-cf-")
    ]
    if leaks:
        found.append(
            warn(name, f"headers of the bucket come through: {', '.join(leaks)}", _HEADERS)
        )
    return found or [ok(name, "HSTS and nosniff are sent, and none of the bucket's own headers")]


def _has_plain_end(reply: Reply) -> bool:
    """Return whether a board can tell where an error ends: by one of two signs, and not by both."""
    coding = reply.header("transfer-encoding")
    return coding == "chunked" if not reply.header("content-length") else not coding


def _spans(whole: bytes) -> list[Span]:
    """Return a range at the beginning, in the middle, to the end, and of the last bytes."""
    middle = len(whole) // 2
    return [
        Span("bytes=0-15", whole[:16], 0),
        Span(f"bytes={middle}-{middle + 31}", whole[middle : middle + 32], middle),
        Span(f"bytes={middle}-", whole[middle:], middle),
        Span("bytes=-16", whole[-16:], max(0, len(whole) - 16)),
    ]
