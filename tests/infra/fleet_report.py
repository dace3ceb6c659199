"""The tables of a run, in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median

from tests.infra.edge_cache import ERROR, HIT, MISS, REFRESH
from tests.infra.fleet_board import NO_KEY_YET, STILL_OLD
from tests.infra.fleet_course import Outcome
from tests.infra.fleet_product import NEW

_RESULTS = (HIT, REFRESH, MISS, ERROR)
_SHARES = (0.5, 0.99, 1.0)
COMPARED = (
    *("rules", "requests", "to the bucket", "hit ratio"),
    *("first edge serves the release", "median", "last"),
    *("50 % of boards know it", "99 %", "all", "polls without trust at the new root"),
)


def markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; all columns but the first are numbers."""
    lines = [f"| {' | '.join(row)} |" for row in (header, *rows)]
    return "\n".join([lines[0], "|---" + "|---:" * (len(header) - 1) + "|", *lines[1:]])


def summary(outcome: Outcome) -> str:
    """Return what a fleet saw, line by line."""
    crowd, seen, tally = outcome.crowd, outcome.seen, outcome.tally
    asked, fetched = requests(outcome), tally.origin.total()
    first, middle, last = edges_s(outcome)
    rows = [
        ("boards, edges", f"{crowd.boards:,}, {crowd.edges}"),
        ("polls, of the fleet's schedule", f"{seen.polls:,}"),
        ("requests at edges, all over TLS", f"{asked:,}"),
        ("of them with a query string in the log", f"{tally.queries:,}"),
        ("requests to the bucket", f"{fetched:,}"),
        ("hit ratio", f"{hit_ratio(outcome):.2%}"),
        ("HTTP bytes sent, per poll", f"{tally.sent_bytes:,}, {tally.sent_bytes // seen.polls:,}"),
        ("first, median, last edge serves the release", f"{first}, {middle}, {last}"),
        ("an edge last serves what was before", f"{last_old_s(outcome):.1f} s"),
        ("50, 99, 100 % of boards know it", ", ".join(boards_know(outcome))),
        ("boards that installed it, in a rollout of 10 %", f"{seen.installs:,}"),
        ("metadata without its files", str(len(seen.incomplete))),
        ("python-tuf: passes that verified everything", f"{outcome.readers.counts['verified']:,}"),
        ("python-tuf: files missed", str(outcome.readers.counts["missed"])),
        ("new root: polls that met the former timestamp", f"{seen.failed[STILL_OLD]:,}"),
        ("new root: polls that met its timestamp first", f"{seen.failed[NO_KEY_YET]:,}"),
    ]
    return markdown(("", "measured"), rows)


def kinds(outcome: Outcome) -> str:
    """Return what was asked at the edges, and of it at the bucket, by kind of file."""
    answered, origin = outcome.tally.answered, outcome.tally.origin
    rows = []
    for kind in sorted({kind for _, kind, _ in answered}):
        counts = [
            sum(count for (_, *what), count in answered.items() if what == [kind, result])
            for result in _RESULTS
        ]
        asked = sorted((status, count) for (name, status), count in origin.items() if name == kind)
        statuses = ", ".join(f"{count:,} × {status}" for status, count in asked)
        rows.append((kind, f"{sum(counts):,}", *(f"{count:,}" for count in counts), statuses))
    return markdown(("file", "requests", *_RESULTS, "to the bucket"), rows)


def comparison(outcomes: Iterable[Outcome]) -> str:
    """Return a row for each crowd."""
    return markdown(COMPARED, [_compared(outcome) for outcome in outcomes])


def wrongs(outcome: Outcome) -> list[str]:
    """Return what must never be."""
    return [*outcome.seen.incomplete, *outcome.readers.missed]


def requests(outcome: Outcome) -> int:
    """Return how many requests boards made at edges."""
    return outcome.tally.answered.total()


def hit_ratio(outcome: Outcome) -> float:
    """Return the share of requests for which nobody asked the bucket."""
    return 1 - outcome.tally.origin.total() / requests(outcome)


def last_old_s(outcome: Outcome) -> float:
    """Return how long after the release an edge last served the timestamp before it."""
    before = outcome.moments.version - 1
    at = [at_s for (_, version), at_s in outcome.seen.last.items() if version == before]
    return max(at) - outcome.moments.released_at_s


def edges_s(outcome: Outcome) -> list[str]:
    """Return how long after the release the first, median and last edge served it, or "-"."""
    version = outcome.moments.version
    after = [
        at_s - outcome.moments.released_at_s
        for (_, served), at_s in outcome.seen.first.items()
        if served == version
    ]
    if len(after) < outcome.crowd.edges:
        return ["-"] * 3
    return [_time(one) for one in (min(after), median(after), max(after))]


def boards_know(outcome: Outcome) -> list[str]:
    """Return how long after the release so many boards had its manifest; "-" if they had not."""
    after = sorted(at - outcome.moments.released_at_s for at in outcome.seen.offered.get(NEW, []))
    wanted = [max(1, int(share * outcome.crowd.boards)) for share in _SHARES]
    return [_time(after[count - 1]) if count <= len(after) else "-" for count in wanted]


def _compared(outcome: Outcome) -> tuple[str, ...]:
    return (
        outcome.crowd.title,
        f"{requests(outcome):,}",
        f"{outcome.tally.origin.total():,}",
        f"{hit_ratio(outcome):.1%}",
        *edges_s(outcome),
        *boards_know(outcome),
        f"{outcome.seen.failed.total():,} of {outcome.seen.polls:,}",
    )


def _time(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 600 else f"{seconds / 60:.1f} min"
