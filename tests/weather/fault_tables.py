"""The tables of `make weather`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median

from faults import KINDS
from field import Played
from outcomes import Outcome, recoveries

_FAULTS = ("fault", "times injected", *(outcome.value for outcome in Outcome), "polls needed")
_TOTALS = ("sessions", "on the new release", "sectors written", "of them corrupted")


def fault_table(sessions: Sequence[Played], ideal_bytes: int) -> str:
    """Each kind of fault with what became of it, then the totals.

    Args:
        ideal_bytes: delivered in a session without faults.
    """
    rows = [_fault_row(kind, sessions) for kind in KINDS]
    return _table(_FAULTS, rows) + "\n" + totals(sessions, ideal_bytes)


def totals(sessions: Sequence[Played], ideal_bytes: int) -> str:
    """What all sessions come to."""
    lost = [one.session for one in sessions if not one.arrived]
    idle = sum(one.fault is None for played in sessions for one in recoveries(played))
    counts = (
        len(sessions),
        sum(one.arrived for one in sessions),
        sum(one.written_sectors for one in sessions),
        sum(one.bad_sectors for one in sessions),
    )
    lines = [f"{name}: {count:,}" for name, count in zip(_TOTALS, counts, strict=True)]
    lines.append(f"attempts or polls in vain without a fault: {idle}")
    lines.append(f"polls: {_polls(sessions)}")
    lines.append(f"bytes fetched over the ideal: {_ratios(sessions, ideal_bytes)}")
    lines += [f"not arrived: python tests/weather/run.py --session {number}" for number in lost]
    return "\n".join(lines)


def broken_link_table(sessions: Sequence[Played], ideal_bytes: int) -> str:
    """A whole payload over a link that breaks again and again, against an unbroken one."""
    breaks = [len(one.injected) for one in sessions]
    return "\n".join(
        [
            totals(sessions, ideal_bytes),
            f"bytes of the ideal: {ideal_bytes:,}",
            f"breaks: median {median(breaks):.0f}, most {max(breaks)}",
        ]
    )


def over_ideal(sessions: Iterable[Played], ideal_bytes: int) -> list[float]:
    """Bytes delivered in each session, over those of one without faults."""
    return sorted(one.delivered_bytes / ideal_bytes for one in sessions)


def _fault_row(kind: str, sessions: Sequence[Played]) -> tuple[str, ...]:
    hit = [one for one in sessions if any(each.fault.kind == kind for each in one.injected)]
    outcomes = [
        one.outcome
        for played in hit
        for one in recoveries(played)
        if one.fault and one.fault.kind == kind
    ]
    counts = (str(outcomes.count(outcome)) for outcome in Outcome)
    return (kind, str(len(outcomes)), *counts, _polls(hit) if hit else "")


def _polls(sessions: Sequence[Played]) -> str:
    polls = [one.polls for one in sessions]
    return f"median {median(polls):.0f}, worst {max(polls)}"


def _ratios(sessions: Sequence[Played], ideal_bytes: int) -> str:
    ratios = over_ideal(sessions, ideal_bytes)
    return f"median {median(ratios):.3f}, worst {ratios[-1]:.3f}"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
