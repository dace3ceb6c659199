"""One try of a command: what was asked, what came of it, and what must hold from then on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from publisher.layout import target_name
from publisher.manifest import Manifest
from tests.race.ledger import Line

ACKNOWLEDGED, LOST_RACE, NEWER, PUBLISHED_PARTLY, UNREACHABLE, REFUSED, CRASHED, KILLED = (
    *("acknowledged", "lost race", "newer files", "published, but", "unreachable", "refused"),
    *("crashed", "killed"),
)
# By what is said on stderr; the first that fits. A run that says nothing of it was refused.
_WORDS = (
    (CRASHED, "Traceback"),
    (PUBLISHED_PARTLY, "is published, but"),
    (NEWER, "newer files that its timestamp does not name"),
    (LOST_RACE, "somebody else|has changed since|busy with another write|published in between"),
    (UNREACHABLE, "endpoint|connection|S3 answered 5|bucket is busy|does not read back"),
)
_ERRORS = ("slotcast: error:", "Traceback")
_VERSIONED = re.compile(r".*/metadata/([0-9]+)\.(targets|snapshot)\.json")


def judge(code: int, said: str) -> str:
    """Return what came of a command that ended by itself."""
    if code == 0:
        return ACKNOWLEDGED
    errors = "\n".join(line for line in said.splitlines() if line.startswith(_ERRORS))
    return next((what for what, words in _WORDS if re.search(words, errors)), REFUSED)


@dataclass(frozen=True)
class Deed:
    """A try of a command.

    Attributes:
        verb: the command.
        names: the targets that it was asked to change.
        began_at, ended_at: on the clock that all processes share; None where it was killed.
        outcome: what came of it.
        said: what it said on stderr.
        manifests: SHA-256 of what it says is offered now, by target.
        written: versions that it says it wrote, by role; the timestamp's too.
    """

    verb: str
    names: tuple[str, ...]
    began_at: float = 0.0
    ended_at: float | None = None
    outcome: str = KILLED
    said: str = ""
    manifests: Mapping[str, str] = field(default_factory=dict)
    written: Mapping[str, int] = field(default_factory=dict)


def read_deeds(lines: Iterable[Line]) -> list[Deed]:
    """Return the tries that ledgers of publishers tell of, in the order of their beginning."""
    ended = {line["deed"]: line for line in lines if line["kind"] == "ended"}
    return [_deed(line, ended.get(line["deed"])) for line in lines if line["kind"] == "started"]


def _deed(started: Line, ended: Line | None) -> Deed:
    verb, names, began_at = started["argv"][0], tuple(started["names"]), started["at"]
    if ended is None:
        return Deed(verb, names, began_at)
    answer = ended["answer"] or {}
    outcome = judge(ended["code"], ended["said"])
    offered = dict(_manifests(answer)) if outcome == ACKNOWLEDGED else {}
    written = dict(_written(answer, ended["timestamp"])) if outcome == ACKNOWLEDGED else {}
    return Deed(verb, names, began_at, ended["at"], outcome, ended["said"], offered, written)


def _manifests(answer: Line) -> Iterator[tuple[str, str]]:
    single = [answer["manifest"]] if "manifest" in answer else []
    for fields in (*single, *answer.get("manifests", [])):
        manifest = Manifest.from_fields(fields)
        name = target_name(manifest.channel, manifest.board)
        yield name, sha256(manifest.to_bytes()).hexdigest()


def _written(answer: Line, timestamp: int) -> Iterator[tuple[str, int]]:
    for key in answer.get("written", []):
        if found := _VERSIONED.fullmatch(key):
            yield found[2], int(found[1])
        elif key.endswith("/timestamp.json"):
            yield "timestamp", timestamp
