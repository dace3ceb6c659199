"""What the edge answers: missing files, ranges, compression, queries, other methods, headers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from publisher import __version__
from publisher.doctor.findings import Finding, fail, ok, unknown, warn
from publisher.doctor.replies import Reply
from publisher.doctor.site import TIMESTAMP, Site
from publisher.layout import payload_path, root_path

# Nothing is ever published there: no payload has this digest.
NO_PAYLOAD = payload_path("0" * 64)
# Sent with what would write: S3 answers 412 or 404 where it comes through, and changes nothing.
_NO_ETAG = {"If-Match": '"00000000000000000000000000000000"'}
_METHODS = ("PUT", "POST", "DELETE")
# A board reads so much of an answer that it has no use for, or ends the connection
# (device/slotcast/https.py and chunked.py).
_SMALL_BYTES = 4096
_TRIES = 3
_HSTS, _NOSNIFF = "strict-transport-security", "x-content-type-options"
# As device/slotcast/http.py names itself.
_BOARD = {"User-Agent": f"slotcast/{__version__}"}

_PAGE = "let 403 and 404 be what they are, without a page (CustomErrorResponses)"
_END = "let errors tell where they end: by a Content-Length, or in chunks as S3 sends them"
_RANGES = "let the edge answer Range requests from what it keeps; boards resume downloads by them"
_COMPRESS = "turn compression off (Compress: false in each cache behaviour): boards do not undo it"
_QUERY = "leave the query string out of the cache key, and do not pass it to the origin"
_METHOD = (
    "allow GET and HEAD alone (AllowedMethods), and no writes by everybody in the bucket policy"
)
_FIREWALL = "look at what tells clients apart by User-Agent: rules of WAF, a function at the edge"
_HEADERS = "attach the response headers policy of infra/ota.yaml to each cache behaviour"


class Span(NamedTuple):
    """A range that was asked for, the bytes that it should give, and where they begin."""

    range: str
    wanted: bytes
    start: int


def check_missing(site: Site) -> list[Finding]:
    """Check what is answered for the next root, which every poll asks for, and for no payload."""
    replies = [site.reply(path) for path in (site.next_root, NO_PAYLOAD)]
    return [judge_missing(reply) for reply in replies]


def check_ranges(site: Site) -> list[Finding]:
    """Check that parts of a file are given as they are asked for."""
    path = site.smallest_payload or root_path(1)
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
    paths = list(filter(None, [TIMESTAMP, root_path(1), site.smallest_payload]))
    plain = [site.reply(path) for path in paths]
    gzip = {"Accept-Encoding": "gzip, deflate, br"}
    asked = [site.visitor.ask(path, headers=gzip) for path in paths]
    return judge_plainness([*plain, *asked])


def check_query(site: Site) -> list[Finding]:
    """Check that a query, by which boards report, changes neither the answer nor what is kept."""
    path = root_path(1)
    site.reply(path)  # so that the next one may come from the cache
    plain = site.visitor.ask(path)
    queried = plain
    for number in range(_TRIES):  # each may meet another of the edge's machines
        queried = site.visitor.ask(f"{path}?d=slotcast-doctor&t={site.now.timestamp():.0f}{number}")
        if queried.is_hit or not plain.is_hit:
            break
    return [judge_query(plain, queried)]


def check_methods(site: Site) -> list[Finding]:
    """Check that nobody writes through the edge; what is sent could change nothing either way."""
    replies = {one: site.visitor.ask(NO_PAYLOAD, one, _NO_ETAG) for one in _METHODS}
    return [judge_methods(replies)]


def check_user_agent(site: Site) -> list[Finding]:
    """Check that boards get what the doctor gets: a firewall may go by the User-Agent."""
    plain = board = site.reply(TIMESTAMP)
    for _ in range(_TRIES):  # for a minute after a release the edge's machines may differ
        board = site.visitor.ask(TIMESTAMP, headers=_BOARD)
        if _is_same(plain, board):
            break
        plain = site.visitor.ask(TIMESTAMP)
    return [judge_user_agent(plain, board)]


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


def judge_query(plain: Reply, queried: Reply) -> Finding:
    """Judge the answers with and without a query."""
    name = "query"
    if not plain.is_there:
        says = f"without a query {plain.name} is answered with {plain.status}, not 200"
        return unknown(name, f"{says}: there is nothing to compare with")
    if not _is_same(plain, queried):
        how = "with other bytes" if plain.status == queried.status else f"with {queried.status}"
        return fail(name, f"with a query, {plain.name} is answered {how}", _QUERY)
    if plain.is_hit and not queried.is_hit:
        says = f"with a query, {plain.name} is fetched from the origin, although it is kept"
        return warn(name, says, _QUERY)
    kept = ", from the cache" if queried.is_hit else ""
    return ok(name, f"a query changes nothing{kept}")


def judge_methods(replies: Mapping[str, Reply]) -> Finding:
    """Judge the answers to methods that write."""
    name = "methods"
    said = ", ".join(f"{method} {reply.status}" for method, reply in replies.items())
    if any(reply.status < 300 or reply.status == 412 for reply in replies.values()):
        return fail(name, f"what writes comes through to the bucket: {said}", _METHOD)
    if any(reply.status not in (403, 405, 501) for reply in replies.values()):
        return warn(name, f"what writes is not refused plainly, by 403 or 405: {said}", _METHOD)
    return ok(name, f"what writes is refused: {said}")


def judge_user_agent(plain: Reply, board: Reply) -> Finding:
    """Judge the answer to a board's User-Agent by that to the doctor's."""
    name, agent = "user-agent", _BOARD["User-Agent"]
    if _is_same(plain, board):
        return ok(name, f"boards, which say {agent}, get what the doctor gets")
    how = "with other bytes" if plain.status == board.status else f"with {board.status}"
    says = f"boards, which say {agent}, are answered {how}; the doctor with {plain.status}"
    return fail(name, says, _FIREWALL)


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


def _is_same(one: Reply, other: Reply) -> bool:
    return (one.status, one.body) == (other.status, other.body)


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
