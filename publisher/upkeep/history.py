"""What became of each channel and board, and when: by what is published, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from tuf.api.metadata import TargetFile, Targets

from publisher.iso_time import signed_at
from publisher.layout import PINS, metadata_path, parse_offer
from publisher.lineage import follows, in_force, lost_race
from publisher.manifest import Manifest
from publisher.past import all_roots, all_snapshots, older_versions, past_manifest, read_old
from publisher.publish import View
from publisher.repository import Repository
from publisher.rollout import Rollout
from publisher.rollout_words import words
from publisher.versions import Version

# What happened, for a program: the first of what a change comes to.
_RELEASED, _OFFERED_AGAIN, _GONE, _LOST = "released", "offered again", "ended", "lost"
_PAUSED, _RESUMED, _WITHDRAWN, _ROLLOUT = "paused", "resumed", "withdrawn", "rollout"
_YANKED, _DELTA, _CHANGED, _PINS = "yanked", "delta", "changed", "pins"
_DIGITS = 8


@dataclass(frozen=True)
class Event:
    """A change: when it was signed (an ISO time), in which targets, where, and what.

    Attributes:
        channel, board: "" for what is about all.
        event: what happened, in a word.
        what: all of it, in words.
        manifest: what is offered from then on; None where that cannot be read any more.
        is_offered: False where this was signed, but never in force (lineage.py); None where nobody
            can tell: `--resume` has left it out, or a stolen key has hidden it.
    """

    signed_at: str
    targets: int
    channel: str
    board: str
    event: str
    what: str
    manifest: Manifest | None = None
    is_offered: bool | None = True

    @property
    def version(self) -> str:
        """The version that is offered from then on; "" where that is not known."""
        return self.manifest.version if self.manifest else ""

    @property
    def release(self) -> int:
        """Its release; 0 where that is not known."""
        return self.manifest.release if self.manifest else 0

    def to_dict(self) -> dict[str, object]:
        """Return what a program reads."""
        return {
            "signed_at": self.signed_at,
            "targets": self.targets,
            "channel": self.channel or None,
            "board": self.board or None,
            "event": self.event,
            "what": self.what,
            "offered": self.is_offered,
            **_state(self.manifest),
        }


def _state(manifest: Manifest | None) -> dict[str, object]:
    """Return what is offered from then on, by the names that `slotcast status` has for it."""
    if manifest is None:
        return {"version": None, "release": None}
    rollout = manifest.rollout
    return {
        "version": manifest.version,
        "release": manifest.release,
        "mandatory": manifest.mandatory,
        "paused": manifest.paused,
        "basis_points": rollout.basis_points,
        "groups": list(rollout.groups),
        "ramp": rollout.ramp.to_fields() if rollout.ramp else None,
        "withdrawn": list(manifest.withdrawn),
    }


def read_events(repository: Repository, view: View) -> list[Event]:
    """Return all changes, the oldest first, as the keys of each time have signed them."""
    signed = [*_all_signed(repository, view)]
    present = signed[0]
    by_version = {targets.version: targets for targets in signed}
    missing: list[int] = []
    past = in_force(present, [*by_version][1:], by_version.get, lambda version: True, missing)
    offered = {present.version, *(targets.version for targets in past)}
    is_lost = lost_race(partial(all_snapshots, repository, view))
    events: list[Event] = []
    names: dict[str, str] = {}
    before: Mapping[str, TargetFile] = {}
    for targets in reversed(signed):
        if follows(targets) in missing:
            events.append(_gone(targets))
        found = _changes(view, before, targets, names)
        if targets.version in offered:
            events += found
            before = targets.targets
        else:
            events += map(_never_offered if is_lost(targets.version) else _left_out, found)
    return events


def _all_signed(repository: Repository, view: View) -> Iterator[Targets]:
    """Yield the targets that keys of any root have signed, in force or not, the newest first."""
    present, roots = repository.targets(), all_roots(repository, view)
    yield present
    for version in older_versions(present, view):
        targets = read_old(roots, view, version)
        if targets is not None:
            yield targets


def _gone(targets: Targets) -> Event:
    version = follows(targets) or 0
    what = f"{metadata_path('targets', version)} is gone: nobody can tell what it offered"
    return Event("", version, "", "", _LOST, what)


def _never_offered(event: Event) -> Event:
    return replace(event, what=f"never offered: {event.what}", is_offered=False)


def _left_out(event: Event) -> Event:
    return replace(event, what=f"left out, or hidden: {event.what}", is_offered=None)


def _changes(
    view: View, before: Mapping[str, TargetFile], targets: Targets, names: dict[str, str]
) -> Iterator[Event]:
    """Yield what one version of targets changed.

    Args:
        names: versions by image_digest, as far as they were offered; what is offered now is added.
    """
    when = signed_at(targets)
    for name in sorted({*before, *targets.targets}):
        was, now = before.get(name), targets.targets.get(name)
        if name == PINS and was != now:
            what = "pin sets published" if now else "pin sets taken away"
            yield Event(when, targets.version, "", "", _PINS, what)
        elif name != PINS and was != now and name.count("/") == 1:
            old, new = past_manifest(view, name, was), past_manifest(view, name, now)
            if new is not None:
                names[new.image_digest] = new.version
            event, what = _told(old, new, now is None, names)
            channel, board, _ = parse_offer(name)
            yield Event(when, targets.version, channel, board, event, what, new)


def _told(
    was: Manifest | None, now: Manifest | None, is_gone: bool, names: Mapping[str, str]
) -> tuple[str, str]:
    """Return what happened, in a word and in words."""
    if now is None:
        lost = (_LOST, "its manifest is lost")
        return (_GONE, "nothing is offered any more") if is_gone else lost
    found = [*_differences(was, now, names)] or [(_CHANGED, "signed with other details")]
    return found[0][0], ", ".join(words for _, words in found)


def _differences(
    was: Manifest | None, now: Manifest, names: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield each thing that differs: what happened, in a word, and in words for a person."""
    is_release = was is None or was.release != now.release
    if was is None or is_release:
        yield _released(was, now)
    was_paused = was is not None and not is_release and was.paused
    if was_paused != now.paused:
        yield (_PAUSED, "paused") if now.paused else (_RESUMED, "resumed")
    if was is not None and not is_release:
        yield from _deltas(was, now, names)
    gone = set(now.withdrawn) - set(was.withdrawn if was else ())
    if gone:
        yield _WITHDRAWN, f"{', '.join(sorted(gone))} withdrawn"
    for_all = Rollout(now.rollout.salt)
    before = for_all if was is None or is_release else was.rollout
    if now.rollout != before:
        yield _ROLLOUT, f"for {words(now, ' of boards')}"


def _deltas(was: Manifest, now: Manifest, names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the deltas that only one of two manifests of a release has."""
    before, after = ([delta.base for delta in one.deltas] for one in (was, now))
    for base in (base for base in before if base not in after):
        yield _YANKED, f"delta from {names.get(base, base[:_DIGITS])} taken out"
    for base in (base for base in after if base not in before):
        yield _DELTA, f"delta from {names.get(base, base[:_DIGITS])} added"


def _released(was: Manifest | None, now: Manifest) -> tuple[str, str]:
    if was is not None and Version.parse(now.version) < Version.parse(was.version):
        return _OFFERED_AGAIN, "offered again"
    return _RELEASED, "released"
