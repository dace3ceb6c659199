"""What caches may keep, for how long, and whether this edge does (manifests/repository.md)."""

from __future__ import annotations

from collections.abc import Mapping

from publisher.doctor.findings import Finding, fail, ok, unknown, warn
from publisher.doctor.replies import Reply
from publisher.doctor.samples import NO_PAYLOAD, immutable_files, next_root, pointers
from publisher.doctor.site import Site
from publisher.infra.requirements import POINTER_MAX_S
from publisher.layout import root_path

_YEAR_S = 31536000
# Answers "there is none": a file that is asked for before it is uploaded stays missing so long.
_MISSING_WARN_S, _MISSING_FAIL_S = 60, 3600
# Age is in whole seconds, and told by another clock than that which lets go.
_SLACK_S = 5
_TRIES = 3

_POINTER = (
    "give timestamp.json and version.json a cache behaviour of their own with MaxTTL 60, and "
    "upload them with Cache-Control max-age=60, as Slotcast does"
)
_IMMUTABLE = (
    "pass the Cache-Control of the object on; what was copied into the bucket by hand is to have "
    "`public, max-age=31536000, immutable`"
)
_MISSING = "let errors be kept for 5 seconds (ErrorCachingMinTTL of 403 and 404, negative TTL)"
_HITS = "look at the cache policy: MinTTL, and whether headers or cookies are part of the key"


def check_pointers(site: Site) -> list[Finding]:
    """Check how long what is replaced may be kept."""
    replies = [site.reply(path) for path in pointers(site)]
    found = [judge_pointer(reply) for reply in replies if reply.is_there]
    return found or [unknown("pointer-cache", "the edge serves neither timestamp nor version.json")]


def check_immutable(site: Site) -> list[Finding]:
    """Check how long what never changes may be kept, by one file of each kind."""
    kinds = immutable_files(site)
    replies = dict(zip(kinds, site.heads(list(kinds.values())), strict=True))
    return judge_immutable({kind: reply for kind, reply in replies.items() if reply.is_there})


def check_missing(site: Site) -> list[Finding]:
    """Check how long it is kept that something is not there."""
    replies = [site.visitor.ask(path) for path in (next_root(site), NO_PAYLOAD)]
    found = [judge_missing(reply) for reply in replies if reply.is_missing]
    return found or [unknown("missing-cache", "nothing is said to be missing: see missing-names")]


def check_hits(site: Site) -> list[Finding]:
    """Check that the edge keeps anything at all."""
    path = root_path(1)
    replies = [site.reply(path)]
    while len(replies) <= _TRIES and not replies[-1].is_hit:
        replies.append(site.visitor.ask(path))
    return [judge_hits(replies[-1])]


def judge_pointer(reply: Reply) -> Finding:
    """Judge the Cache-Control and the Age of a file that is replaced."""
    name = "pointer-cache"
    allowed, age = reply.max_age_s, reply.age_s
    if allowed is None:
        says = f"{reply.name} has no Cache-Control max-age: each cache decides by itself"
        return fail(name, says, _POINTER)
    if allowed > POINTER_MAX_S or reply.is_immutable:
        says = f"{reply.name} may be kept for {_words(allowed)}: boards learn of a release so late"
        return fail(name, says, _POINTER)
    if age > POINTER_MAX_S + _SLACK_S:
        says = f"{reply.name} was kept for {_words(age)}, whatever its Cache-Control says"
        return fail(name, says, _POINTER)
    return ok(name, f"{reply.name}: max-age {allowed}, Age {age}")


def judge_immutable(replies: Mapping[str, Reply]) -> list[Finding]:
    """Judge the Cache-Control of what never changes, by kind of file."""
    name = "immutable-cache"
    if not replies:
        return [unknown(name, "the edge serves none of the files that never change")]
    found = []
    for kind, reply in replies.items():
        allowed = reply.max_age_s
        if allowed is None or allowed < _YEAR_S or not reply.is_immutable:
            told = reply.header("cache-control") or "nothing"
            says = f"{reply.name} ({kind}) never changes, but its Cache-Control says {told}"
            found.append(warn(name, says, _IMMUTABLE))
    return found or [ok(name, f"{', '.join(replies)}: a year, immutable")]


def judge_missing(reply: Reply) -> Finding:
    """Judge for how long an answer "there is none" is kept."""
    name = "missing-cache"
    kept = max(reply.max_age_s or 0, reply.age_s)
    if kept <= _MISSING_WARN_S:
        return ok(name, f"{reply.name}: that it is missing is kept for at most {kept} s")
    says = f"that {reply.name} is missing is kept for {_words(kept)}, also once it is there"
    judge = fail if kept > _MISSING_FAIL_S else warn
    return judge(name, says, _MISSING)


def judge_hits(last: Reply) -> Finding:
    """Judge the last of several answers for one file that never changes."""
    name = "cache-hits"
    if last.is_hit is None:
        return unknown(
            name, "the edge does not tell (no X-Cache, no Age) whether it keeps anything"
        )
    told = last.header("x-cache") or f"Age {last.age_s}"
    if not last.is_hit:
        return warn(name, f"{last.name} is fetched from the origin each time: {told}", _HITS)
    return ok(name, f"{last.name} comes from the cache: {told}")


def _words(seconds: int) -> str:
    if seconds >= 2 * 86400:
        return f"{seconds // 86400} days"
    return f"{seconds // 3600} hours" if seconds >= 2 * 3600 else f"{seconds:,} s"
