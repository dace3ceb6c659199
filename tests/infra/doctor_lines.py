"""What `slotcast doctor` prints: taken apart, compared with what is expected, shown to a reader."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from publisher.doctor.findings import State

# State and check of a finding, and a part of what it says.
Expected = tuple[str, str, str]

_LINE = re.compile(rf"(?m)^\w+ +([\w-]+) +({'|'.join(State)}) +(.*)\n")
_KEY = re.compile(r"(?<=key of )(\w+), [0-9a-f]{8}\b")
_SHA256 = re.compile(r"\b([0-9a-f]{8})[0-9a-f]{56}\b")
_UUID = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")


class Line(NamedTuple):
    """One finding, as printed."""

    state: str
    check: str
    found: str


@dataclass(frozen=True)
class Report:
    """A section of the page, and what the doctor does not say there as it should."""

    text: str
    wrong: Sequence[str] = ()


def lines(report: str) -> list[Line]:
    """The findings of a report."""
    return [Line(state, check, found) for check, state, found in _LINE.findall(report)]


def out_of_order(report: str) -> list[Line]:
    """The findings of a report that are not OK."""
    return [line for line in lines(report) if line.state != State.OK]


def without_ok(report: str) -> str:
    """A report without what is in order."""
    return _LINE.sub(lambda line: "" if line[2] == State.OK else line[0], report)


def is_told(expected: Expected, found: Iterable[tuple[str, str, str]]) -> bool:
    """Whether one of the findings (state, check, what it says) is the expected one."""
    state, check, part = expected
    return any(one[:2] == (state, check) and part in one[2] for one in found)


def not_told(expected: Iterable[Expected], found: Sequence[Line]) -> list[str]:
    """Which of the expected findings are not among those found, in words."""
    missing = [one for one in expected if not is_told(one, found)]
    return [f"no {state} of {check} that says {part!r}" for state, check, part in missing]


def added(before: Sequence[Line], after: Sequence[Line]) -> list[Line]:
    """The findings that were not there before; how many objects were looked into does not count."""
    known = {_uncounted(line) for line in before}
    return [line for line in after if _uncounted(line) not in known]


def _uncounted(line: Line) -> Line:
    return line._replace(found=re.sub(r" \(looked into .*\)$", "", line.found))


def with_samples(text: str, names: Mapping[str, str]) -> str:
    """A text with sample names: of hosts and the like as given, of ids and hashes the same always.

    Which id a key has depends on its role alone; of a SHA-256 the beginning is left.
    """
    for name, sample in names.items():
        text = text.replace(name, sample)
    text = _KEY.sub(lambda key: f"{key[1]}, {sha256(key[1].encode()).hexdigest()[:8]}", text)
    return _UUID.sub("1234abcd-12ab-34cd-56ef-1234567890ab", _SHA256.sub(r"\1…", text))


def console(command: str, printed: str) -> str:
    """A command and what it printed, in Markdown."""
    return f"```console\n$ {command}\n{printed}```\n"


def row(*cells: str) -> str:
    """A row of a table in Markdown, in which a cell's text stands as it is."""
    escaped = (re.sub(r"([*|])", r"\\\1", cell) for cell in cells)
    return f"| {' | '.join(escaped)} |\n"
