"""The commands of `slotcast`, a module each: `run(arguments, context)` returns a Result.

They print nothing and exit nowhere; cli.py does both. What some of them share stands beside them,
named after what it is about (`infra_site`, `root_site`, `product`, `publishing`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from publisher.progress import Progress


@dataclass(frozen=True)
class Table:
    """Rows of text under a header; `right` names the columns that are numbers."""

    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    right: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """What a command found or did, for a person (`text`) and for a program (`data`).

    `then` runs after it is printed: what goes on until it is stopped, or looks at what was done.
    `published` names what is published by now, such as "the release"; "" where nothing is.
    """

    text: Sequence[str | Table]
    data: Mapping[str, object]
    exit_code: int = 0
    then: Callable[[], None] = field(default=lambda: None)
    published: str = ""


@dataclass(frozen=True)
class Context:
    """What a command gets from the world outside.

    Attributes:
        now: the time, in UTC.
        environment: the environment's variables.
        ask: shows a prompt and returns what is typed, without echo.
        confirm: shows a question and returns what is typed.
        note: tells the person something on the way, on stderr.
        warn: the same, for what they should not overlook.
        progress: is told what is being done, bytes done, bytes in all.
        sleep: waits the given seconds.
    """

    now: datetime
    environment: Mapping[str, str]
    ask: Callable[[str], str]
    confirm: Callable[[str], str]
    note: Callable[[str], None]
    warn: Callable[[str], None]
    progress: Progress
    sleep: Callable[[float], None]
