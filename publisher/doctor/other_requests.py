"""Requests unlike the doctor's own: with a query, as a board makes them, by methods that write."""

from __future__ import annotations

from collections.abc import Mapping

from publisher import __version__
from publisher.doctor.findings import Finding, fail, ok, unknown, warn
from publisher.doctor.replies import Reply
from publisher.doctor.samples import NO_PAYLOAD
from publisher.doctor.site import TIMESTAMP, Site
from publisher.layout import root_path

# Sent with what would write: S3 answers 412 or 404 where it comes through, and changes nothing.
_NO_ETAG = {"If-Match": '"00000000000000000000000000000000"'}
_METHODS = ("PUT", "POST", "DELETE")
_TRIES = 3
# As device/slotcast/http.py names itself.
_BOARD = {"User-Agent": f"slotcast/{__version__}"}

_QUERY = "leave the query string out of the cache key, and do not pass it to the origin"
_METHOD = (
    "allow GET and HEAD alone (AllowedMethods), and no writes by everybody in the bucket policy"
)
_FIREWALL = "look at what tells clients apart by User-Agent: rules of WAF, a function at the edge"


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
    if plain.status == board.status and not plain.is_there:  # an error's text may name the request
        says = f"{plain.name} is answered with {plain.status}: there is nothing to compare with"
        return unknown(name, says)
    if _is_same(plain, board):
        return ok(name, f"boards, which say {agent}, get what the doctor gets")
    how = "with other bytes" if plain.status == board.status else f"with {board.status}"
    says = f"boards, which say {agent}, are answered {how}; the doctor with {plain.status}"
    return fail(name, says, _FIREWALL)


def _is_same(one: Reply, other: Reply) -> bool:
    return (one.status, one.body) == (other.status, other.body)
