"""What one edge keeps and answers, as CloudFront documents it: pure, with the time passed in.

Sources, all of the CloudFront Developer Guide:
    [expiration]  Manage how long content stays in the cache
    [errors]      How CloudFront processes HTTP 4xx and 5xx status codes from your origin
    [ranges]      How CloudFront processes partial requests for an object (range GETs)
    [x-cache]     x-edge-result-type, of the log's fields
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from publisher.answer import parse_range
from tests.infra.edge_rules import DEFAULT_ERROR_S, Behaviour, CachePolicy, Rules

HIT, REFRESH, MISS, ERROR = "Hit", "RefreshHit", "Miss", "Error"
# [errors]: kept whatever the origin says, and kept if it gives them a max-age.
_ALWAYS_KEPT = (404, 414, 500, 501, 502, 503, 504)
_KEPT_BY_HEADER = (400, 403, 405, 412, 415)
_NOT_SENT_ON = frozenset(("connection", "content-length", "date", "keep-alive", "age"))
_DIRECTIVE = re.compile(r'([A-Za-z-]+)(?:="?([^",]*)"?)?')


@dataclass(frozen=True)
class Ask:
    """A viewer's request; `path` begins with a slash, absent headers are ""."""

    path: str
    query: str = ""
    method: str = "GET"
    range: str = ""
    if_none_match: str = ""
    scheme: str = "https"


@dataclass(frozen=True)
class Reply:
    """A response; header names are in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Key:
    """Under which a response is kept; `range` is that of a fragment, or "" for the whole."""

    path: str
    query: str
    range: str


@dataclass(frozen=True)
class Fetch:
    """What the origin is to be asked; `etag` is that of what is kept and has expired, or ""."""

    key: Key
    etag: str = ""


@dataclass(frozen=True)
class Answer:
    """What the viewer gets, and the x-edge-result-type of it."""

    reply: Reply
    result: str


@dataclass(frozen=True)
class Entry:
    """A kept response; `stale_until_s` is set while the origin fails and this is served instead."""

    reply: Reply
    since_s: float
    fresh_until_s: float
    stale_until_s: float = 0.0

    def is_fresh(self, now_s: float) -> bool:
        """Whether it is served without asking."""
        return now_s < max(self.fresh_until_s, self.stale_until_s)


class Cache:
    """One edge's cache; it holds all that it was given."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._entries: dict[Key, Entry] = {}
        self._behaviour_of = lru_cache(maxsize=4096)(rules.behaviour_of)

    def look(self, ask: Ask, now_s: float) -> Answer | Fetch:
        """Return the answer, or what to ask the origin for it."""
        behaviour = self._behaviour_of(ask.path)
        refused = refusal(behaviour, ask)
        if refused:
            return refused
        whole = Key(ask.path, behaviour.policy.key_query(ask.query), "")
        kept = self._entries.get(whole)
        if kept is None and ask.range:  # [ranges]: the part alone is fetched, and kept
            whole = replace(whole, range=ask.range)
            kept = self._entries.get(whole)
        if kept is None:
            return Fetch(whole)
        if not kept.is_fresh(now_s):
            etag = kept.reply.headers.get("etag", "") if kept.reply.status < 400 else ""
            return Fetch(whole, etag)
        return self._answer(ask, behaviour, kept.reply, HIT, now_s - kept.since_s)

    def take(self, ask: Ask, fetch: Fetch, reply: Reply, now_s: float) -> Answer:
        """Return the answer to the request that the origin was asked for, and keep what came.

        For requests that waited for the same answer as well: they get this one.
        """
        behaviour = self._behaviour_of(ask.path)
        kept = self._entries.get(fetch.key)
        age_s = int(reply.headers.get("age", 0)) if self._rules.counts_age else 0
        entry, result = _renewed(self._rules, behaviour.policy, kept, reply, now_s - age_s)
        key = fetch.key if entry.reply.status in (206, 416) else replace(fetch.key, range="")
        if entry.is_fresh(now_s) or entry.reply.status < 400:
            self._entries[key] = entry
        return self._answer(ask, behaviour, entry.reply, result, 0)

    def _answer(
        self, ask: Ask, behaviour: Behaviour, reply: Reply, result: str, age_s: float
    ) -> Answer:
        if reply.status >= 400:
            result = ERROR
        found = _as_asked(ask, reply)
        headers = {
            name: value
            for name, value in found.headers.items()
            if name not in _NOT_SENT_ON and name not in behaviour.removed
        }
        headers |= {name.lower(): value for name, value in behaviour.added.items()}
        headers["x-cache"] = f"{result} from cloudfront"
        if result == HIT:
            headers["age"] = str(int(age_s))
        return Answer(replace(found, headers=headers), result)


def refusal(behaviour: Behaviour, ask: Ask) -> Answer | None:
    """Return what is answered without looking: a method or a scheme that is not allowed.

    Source: "Viewer protocol policy" and "Allowed HTTP methods".
    """
    x_cache = {"x-cache": "Error from cloudfront"}
    if ask.scheme == "http" and behaviour.viewer_protocol == "https-only":
        return Answer(Reply(403, x_cache), ERROR)
    if ask.scheme == "http" and behaviour.viewer_protocol == "redirect-to-https":
        return Answer(Reply(301, {"x-cache": "Redirect from cloudfront"}), "Redirect")
    if ask.method not in behaviour.methods:
        return Answer(Reply(403, x_cache), ERROR)
    return None


def ttl_s(policy: CachePolicy, headers: Mapping[str, str]) -> float:
    """Return for how many seconds a response is kept, by the table of [expiration]."""
    said = directives(headers.get("cache-control", ""))
    if {"no-cache", "no-store", "private"} & set(said):
        return policy.min_s
    named = _seconds(said, "s-maxage", "max-age")
    if named is None:
        return max(policy.min_s, policy.default_s)
    return max(policy.min_s, min(named, policy.max_s))


def error_ttl_s(rules: Rules, reply: Reply) -> float:
    """Return for how many seconds an error is kept, by [errors]; 416 never is.

    400, 403, 405, 412 and 415 are said to be kept only if the origin gives them a max-age, which S3
    does not; and CustomErrorResponse (API reference) to set how long a status is kept. Here a
    status that has a rule of its own is kept: which of the two CloudFront does nobody has seen.
    """
    named = _seconds(directives(reply.headers.get("cache-control", "")), "s-maxage", "max-age")
    status = reply.status
    ruled = rules.error_s.get(status, DEFAULT_ERROR_S)
    if status in _ALWAYS_KEPT or (
        status in _KEPT_BY_HEADER and (named is not None or status in rules.error_s)
    ):
        return max(ruled, named or 0)
    return 0


def directives(cache_control: str) -> dict[str, str]:
    """Return the directives of a Cache-Control (RFC 9111, 5.2), in lower case, and their values."""
    return {name.lower(): value for name, value in _DIRECTIVE.findall(cache_control)}


def _renewed(
    rules: Rules, policy: CachePolicy, kept: Entry | None, reply: Reply, now_s: float
) -> tuple[Entry, str]:
    """Return what is kept after the origin's answer, and what that makes of the request."""
    if reply.status == 304 and kept:
        headers = {**kept.reply.headers, **reply.headers}
        until_s = now_s + ttl_s(policy, headers)
        return Entry(replace(kept.reply, headers=headers), now_s, until_s), REFRESH
    if reply.status < 400:
        return Entry(reply, now_s, now_s + ttl_s(policy, reply.headers)), MISS
    until_s = now_s + error_ttl_s(rules, reply)
    if reply.status >= 500 and kept and kept.reply.status < 400 and _may_be_stale(kept, now_s):
        return replace(kept, stale_until_s=until_s), HIT
    return Entry(reply, now_s, until_s), ERROR


def _may_be_stale(kept: Entry, now_s: float) -> bool:
    """Whether an expired object stands in for a 5xx.

    [errors]: it does; [expiration]: with stale-if-error for no more than that many seconds.
    """
    said = directives(kept.reply.headers.get("cache-control", ""))
    limit_s = _seconds(said, "stale-if-error")
    return limit_s is None or now_s < kept.fresh_until_s + limit_s


def _as_asked(ask: Ask, reply: Reply) -> Reply:
    """Return the part of a kept object that was asked for, or 304 where the viewer has it."""
    headers = dict(reply.headers)
    if reply.status != 200:
        return replace(reply, headers=headers)
    if ask.if_none_match and ask.if_none_match in (headers.get("etag"), "*"):
        return Reply(304, headers)
    span = parse_range(ask.range, len(reply.body))
    if span is None:
        return replace(reply, headers=headers)
    start, stop = span
    if start >= stop:
        return Reply(416, {"content-range": f"bytes */{len(reply.body)}"})
    headers["content-range"] = f"bytes {start}-{stop - 1}/{len(reply.body)}"
    return Reply(206, headers, reply.body[start:stop])


def _seconds(said: Mapping[str, str], *names: str) -> float | None:
    """Return the first of these directives that has a number, in seconds."""
    numbers = [said[name] for name in names if said.get(name, "").isdigit()]
    return float(numbers[0]) if numbers else None
