"""What became of each channel and board, and when: by what is published, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tuf.api.metadata import TargetFile, Targets

from publisher.layout import PINS, parse_offer
from publisher.manifest import Manifest
from publisher.past import older_targets, past_manifest
from publisher.publish import View
from publisher.repository import SIGNED_AT, Repository
from publisher.rollout import Rollout
from publisher.rollout_words import words
from publisher.versions import Version


@dataclass(frozen=True)
class Event:
    """A change: when it was signed (an ISO time), in which targets, where, and what in words.

    `channel` and `board` are "" for what is about all; `version` and `release` are those offered
    from then on, "" and 0 where that cannot be read any more.
    """

    signed_at: str
    targets: int
    channel: str
    board: str
    version: str
    release: int
    what: str

    def to_dict(self) -> dict[str, object]:
        """Return what a program reads."""
        return {
            "signed_at": self.signed_at,
            "targets": self.targets,
            "channel": self.channel or None,
            "board": self.board or None,
            "version": self.version or None,
            "release": self.release or None,
            "what": self.what,
        }


def read_events(repository: Repository, view: View) -> list[Event]:
    """Return all changes, the oldest first, as the keys of each time have signed them."""
    versions = [*older_targets(repository, view, any_root=True)][::-1]
    events: list[Event] = []
    before: Mapping[str, TargetFile] = {}
    for targets in [*versions, repository.targets()]:
        events += _changes(view, before, targets)
        before = targets.targets
    return events


def _changes(view: View, before: Mapping[str, TargetFile], targets: Targets) -> Iterator[Event]:
    signed_at = str(targets.unrecognized_fields.get(SIGNED_AT, ""))
    for name in sorted({*before, *targets.targets}):
        was, now = before.get(name), targets.targets.get(name)
        if name == PINS and was != now:
            what = "pin sets published" if now else "pin sets taken away"
            yield Event(signed_at, targets.version, "", "", "", 0, what)
        elif name != PINS and was != now and name.count("/") == 1:
            yield _change(view, name, (was, now), signed_at, targets.version)


def _change(
    view: View,
    name: str,
    pair: tuple[TargetFile | None, TargetFile | None],
    signed_at: str,
    version: int,
) -> Event:
    channel, board, _ = parse_offer(name)
    was, now = past_manifest(view, name, pair[0]), past_manifest(view, name, pair[1])
    if now is None:
        what = "nothing is offered any more" if pair[1] is None else "its manifest is lost"
        return Event(signed_at, version, channel, board, "", 0, what)
    what = ", ".join(_words(was, now))
    return Event(signed_at, version, channel, board, now.version, now.release, what)


def _words(was: Manifest | None, now: Manifest) -> Iterator[str]:
    """Yield what differs, for a person."""
    is_release = was is None or was.release != now.release
    if is_release:
        yield _released(was, now)
    elif was is not None and was.paused != now.paused:
        yield "paused" if now.paused else "resumed"
    gone = set(now.withdrawn) - set(was.withdrawn if was else ())
    if gone:
        yield f"{', '.join(sorted(gone))} withdrawn"
    for_all = Rollout(now.rollout.salt)
    before = for_all if was is None or is_release else was.rollout
    if now.rollout != before:
        yield f"for {words(now, ' of boards')}"


def _released(was: Manifest | None, now: Manifest) -> str:
    if was is not None and Version.parse(now.version) < Version.parse(was.version):
        return "offered again"
    return "released"
