"""The tables that a sweep closes with, in plain text."""

from collections.abc import Iterable
from statistics import median

from tests.powercut.recording import Recording
from tests.powercut.sweep import CLASS, DOUBLE, MEMBER, OLD_EDGE, Outcome, Sweep

_HEAD = ("while", "points", "classes", "run", "intact", "there", "trust lost", "median", "worst")
_SHOWN = 10


def report(recording: Recording, sweep: Sweep) -> str:
    """All that a sweep has found."""
    return "\n".join([*_figures(recording, sweep), "", *_phases(sweep), "", *_bad(sweep)])


def table(head: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> list[str]:
    """Lines of a table; the first column to the left, the others to the right."""
    cells = [head, *(tuple(_text(value) for value in row) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    lines = []
    for row in cells:
        rest = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join([row[0].ljust(widths[0]), *rest]).rstrip())
    return [lines[0], "-" * len(lines[0]), *lines[1:]]


def _text(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def _figures(recording: Recording, sweep: Sweep) -> list[str]:
    ran = [outcome for outcome in sweep.outcomes if outcome.job.aim in (CLASS, MEMBER)]
    classes = [outcome.job.group for outcome in sweep.outcomes if outcome.job.aim == CLASS]
    covered = sum(len(group) for group in classes)
    files = sum(len(span) for spans in sweep.trees.spans.values() for span, _ in spans)
    return [
        f"operations on flash                          {len(recording.operations):>9,}",
        f"points at which the power was cut            {sweep.points:>9,}",
        f"  that leave an intact image that boots      {_intact(sweep):>9,}",
        f"  in classes of which one was run            {covered:>9,}, {len(classes)} classes",
        f"  on files: mounted, read, written to        {files:>9,}, {len(sweep.lost)} lost trust",
        f"boards that were run                         {len(sweep.outcomes):>9,}",
        *_aims(sweep),
        f"extra bytes fetched after the cut, median    {_median(ran):>9,}",
        f"                                   worst     {_worst(ran):>9,}",
    ]


def _aims(sweep: Sweep) -> list[str]:
    lines = []
    for aim in (CLASS, MEMBER, DOUBLE, OLD_EDGE):
        ran = [outcome for outcome in sweep.outcomes if outcome.job.aim == aim]
        good = sum(not outcome.verdict.problems for outcome in ran)
        lines.append(f"  {aim + ':':<17} {len(ran):>5} run, {good:>5} as they should")
    return lines


def _intact(sweep: Sweep) -> int:
    return sweep.starts.points - sum(len(span) for span in sweep.starts.bad)


def _phases(sweep: Sweep) -> list[str]:
    phases: dict[str, list[Outcome]] = {}
    for outcome in sweep.outcomes:
        if outcome.job.aim in (CLASS, MEMBER):
            phases.setdefault(outcome.job.group.phase, []).append(outcome)
    rows = []
    for phase, ran in phases.items():
        groups = [group for group in sweep.classes if group.phase == phase]
        rows.append((phase, sum(map(len, groups)), len(groups), *_row(ran)))
    return table(_HEAD, rows)


def _row(ran: list[Outcome]) -> tuple[int, ...]:
    intact = sum(not outcome.verdict.boots for outcome in ran)
    there = sum(not outcome.verdict.ends for outcome in ran)
    lost = sum(bool(outcome.verdict.trust) for outcome in ran)
    return len(ran), intact, there, lost, _median(ran), _worst(ran)


def _median(ran: list[Outcome]) -> int:
    return int(median(outcome.extra_bytes for outcome in ran)) if ran else 0


def _worst(ran: list[Outcome]) -> int:
    return max((outcome.extra_bytes for outcome in ran), default=0)


def _bad(sweep: Sweep) -> list[str]:
    lines = [f"FAILED {one.job}: {'; '.join(one.verdict.problems)}" for one in sweep.failures]
    lines += [f"FAILED {line}" for line in sweep.lost]
    lines += [f"FAILED {job}: not like its class" for job in sweep.unequal]
    lines += [f"FAILED {span.point(0)}: boots no known image" for span in sweep.starts.bad]
    if not lines:
        return ["Every board booted an intact image, got there by itself, and kept its trust."]
    more = len(lines) - _SHOWN
    again = "python -m tests.powercut.run --point NAME runs one of them and shows its console"
    return [*lines[:_SHOWN], *([f"and {more} more"] if more > 0 else []), again]
