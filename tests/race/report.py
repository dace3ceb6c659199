"""The table of a race, in plain text: a column for each race."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import median

from tests.race.audit import FILES, FORK, GAP, HIDDEN, LOST
from tests.race.course import Finish
from tests.race.deeds import Deed
from tests.race.evidence import TIMESTAMP

Row = tuple[str, str]
SHOWN = 10


def table(finishes: Sequence[Finish]) -> str:
    """Return the figures of races that were run alike, but for who was killed."""
    columns = [dict(_rows(finish)) for finish in finishes]
    titles = list(dict.fromkeys(title for column in columns for title in column))
    rows = [[title, *(column.get(title, "0") for column in columns)] for title in titles]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(_line(row, widths) for row in rows)


def violations(finish: Finish) -> str:
    """Return what did not hold, the first of each kind."""
    by_kind: dict[str, list[str]] = {}
    for violation in finish.violations:
        by_kind.setdefault(violation.kind, []).append(violation.what)
    return "\n".join(f"{kind}: {what}" for kind, found in by_kind.items() for what in found[:SHOWN])


def refusals(finish: Finish) -> str:
    """Return what publishers were told when they were refused, and how often."""
    said = Counter(
        f"{deed.outcome}: {deed.verb}: {_error(deed)}"
        for deed in finish.account.deeds
        if deed.said and deed.written == {} and deed.outcome != "acknowledged"
    )
    return "\n".join(f"{count:5} {what}" for what, count in said.most_common())


def _rows(finish: Finish) -> Iterator[Row]:
    plan, deeds = finish.plan, finish.account.deeds
    yield "killed with -9", "publishers and server" if plan.server_kills else "publishers"
    yield "publishers, readers", f"{plan.publishers}, {plan.readers}"
    yield "seconds", f"{plan.seconds:.0f}"
    yield "commands tried", str(len(deeds))
    outcomes = Counter(deed.outcome for deed in deeds)
    for outcome, count in outcomes.most_common():
        yield f"  {outcome}", str(count)
    for verb, count in Counter(d.verb for d in finish.account.acknowledged).most_common():
        yield f"  acknowledged {verb}", str(count)
    yield "publishers killed", str(len(finish.killed))
    for place, count in Counter(finish.killed).most_common():
        yield f"  {place}", str(count)
    yield from _store_rows(finish)
    yield from _reader_rows(finish)
    yield from _verdict_rows(finish)


def _store_rows(finish: Finish) -> Iterator[Row]:
    contents = finish.account.evidence.contents
    timestamps = len(contents[TIMESTAMP])
    acknowledged = [deed.written.get("timestamp") for deed in finish.account.acknowledged]
    versions = {version for version in acknowledged if version is not None}
    # The first was written when the product was founded.
    yield "timestamps, one after the other", str(timestamps)
    yield "  by acknowledged commands", str(len(versions))
    yield "  by commands that were killed or not told", str(timestamps - 1 - len(versions))
    yield "acknowledged with nothing to write", str(acknowledged.count(None))
    for role in ("snapshot", "targets"):
        count = sum(path.endswith(f".{role}.json") for path in contents)
        yield f"versions of {role}", str(count)
    yield "version.json behind at the end", str(finish.mended)


def _reader_rows(finish: Finish) -> Iterator[Row]:
    lines = [line for one in finish.account.passes.values() for line in one]
    verified = [line for line in lines if line["kind"] == "verified"]
    yield "passes of readers", f"{len(verified):,}"
    yield "  files that they verified", f"{sum(line['files'] for line in verified):,}"
    yield "  timestamps that they saw", str(len({line["version"] for line in verified}))
    unreachable = sum(line["kind"] == "unreachable" for line in lines)
    yield "  passes without a server", str(unreachable)
    if finish.away_s:
        yield "server killed", str(len(finish.away_s))
        away = f"{median(finish.away_s):.1f} s, {max(finish.away_s):.1f} s"
        yield "  away: median, longest", away


def _verdict_rows(finish: Finish) -> Iterator[Row]:
    found = Counter(violation.kind for violation in finish.violations)
    yield "metadata without its files", str(found[FILES])
    yield "gaps in timestamps", str(found[GAP])
    yield "forks", str(found[FORK])
    yield "acknowledged, but lost", str(found[LOST])
    yield "acknowledged, but not seen", str(found[HIDDEN])
    others = found.total() - sum(found[kind] for kind in (FILES, GAP, FORK, LOST, HIDDEN))
    yield "other violations", str(others)


def _error(deed: Deed) -> str:
    lines = deed.said.strip().splitlines()
    said = [line for line in lines if line.startswith("slotcast: error:")] or lines
    return said[-1].removeprefix("slotcast: error: ")


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(row, widths, strict=True)
    return "  ".join([first[0].ljust(first[1]), *(text.rjust(width) for text, width in others)])
