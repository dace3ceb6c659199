"""What became of each fault: the board's own lines, held against the moments of the faults."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum

from faults import Fault
from field import Line, Played

_QUIET = "weather wrote "


class Outcome(Enum):
    """How far a fault threw the board back."""

    ATTEMPT = "within the attempt"
    POLL = "within the poll"
    NEXT_POLL = "needed another poll"


# How a board tells that it asks again on a new connection, that an attempt was in vain, and that a
# poll was.
_TOLD = {
    "slotcast connect: again, the kept connection is gone: ": Outcome.ATTEMPT,
    "slotcast refresh: again after attempt ": Outcome.POLL,
    "slotcast install: again after attempt ": Outcome.POLL,
    "slotcast failed: ": Outcome.NEXT_POLL,
}


@dataclass(frozen=True)
class Recovery:
    """A fault and what became of it; without a fault, a board gave up for no reason."""

    fault: Fault | None
    outcome: Outcome


def recoveries(played: Played) -> list[Recovery]:
    """What became of each fault of a session.

    A line that tells of an attempt or a poll in vain goes to the first fault since the last such
    line, but for delays: those that came after it hit what was lost already.
    """
    found: list[Recovery] = []
    waiting: list[Fault] = []
    for event in _in_order(played):
        if isinstance(event, Fault):
            waiting.append(event)
        elif outcome := _tells(event):
            found.append(Recovery(_culprit(waiting), outcome))
            found += [Recovery(fault, Outcome.ATTEMPT) for fault in waiting]
            waiting = []
    return found + [Recovery(fault, Outcome.ATTEMPT) for fault in waiting]


def _culprit(waiting: list[Fault]) -> Fault | None:
    """Take the fault out of `waiting` that ended an attempt; None if there is none."""
    ending = [at for at, fault in enumerate(waiting) if fault.kind != "delay"] or [0]
    return waiting.pop(ending[0]) if waiting else None


def story(played: Played) -> str:
    """All that happened in a session, in order, as text."""
    began = played.lines[0].time_s
    events = [(one.time_s, f"        {one.fault}") for one in played.injected]
    events += [(line.time_s, line.text) for line in played.lines if _is_telling(line)]
    lines = [f"{time_s - began:7.3f} {text}" for time_s, text in sorted(events)]
    return "\n".join([*lines, summary(played)])


def summary(played: Played) -> str:
    """A session in a line of JSON."""
    names = ("session", "polls", "arrived", "written_sectors", "bad_sectors", "delivered_bytes")
    return json.dumps({name: getattr(played, name) for name in names})


def _in_order(played: Played) -> list[Fault | Line]:
    events: list[tuple[float, Fault | Line]] = [(one.time_s, one.fault) for one in played.injected]
    events += [(line.time_s, line) for line in played.lines]
    return [event for _, event in sorted(events, key=lambda event: event[0])]


def _tells(line: Line) -> Outcome | None:
    return next((_TOLD[start] for start in _TOLD if line.text.startswith(start)), None)


def _is_telling(line: Line) -> bool:
    return not line.text.startswith(_QUIET)
