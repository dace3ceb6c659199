"""What must hold after a race, whoever was killed when; each check returns what breaks it.

- files: whatever a timestamp named was there, whole and verified, for it and for each reader;
- gap: timestamps have the versions 1, 2, 3 ... and were written in that order;
- fork: no name but timestamp.json and version.json ever had two contents; no two timestamps have
  one version; each reader and each acknowledged command saw or wrote under a version what all did;
  targets follow those that were in force before them, as `slotcast history` goes by that;
- lost: what was acknowledged is in the state that it was acknowledged in, and each later state
  differs from the one before by one command alone, which builds on what was there; so that nothing
  ever goes but by a command that was asked to change that very thing;
- hidden: whoever begins to read after an acknowledgement sees that state, or a later one;
- crash: no command ends with anything but an error in words.

Targets and snapshots may have gaps: a run that was cut leaves its versions behind for good.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from itertools import pairwise
from typing import NamedTuple

from tuf.api.metadata import Metadata, Targets

from publisher.layout import metadata_path
from publisher.lineage import follows
from publisher.manifest import Manifest
from publisher.versions import Version
from tests.race.deeds import ACKNOWLEDGED, CRASHED, Deed
from tests.race.evidence import TIMESTAMP, Evidence, State, read_states
from tests.race.ledger import Line

FILES, GAP, FORK, LOST, HIDDEN, CRASH = "files", "gap", "fork", "lost", "hidden", "crash"
KINDS = (FILES, GAP, FORK, LOST, HIDDEN, CRASH)
# What a command that makes no new release may change of a manifest.
_CHANGES = {
    "rollout": {"rollout"},
    "pause": {"paused"},
    "resume": {"paused"},
    "withdraw": {"withdrawn"},
}


class Violation(NamedTuple):
    """What does not hold."""

    kind: str
    what: str


@dataclass(frozen=True)
class Account:
    """All that is known of a race.

    Attributes:
        evidence: what the store holds and held.
        deeds: what publishers tried.
        passes: what readers wrote down, by reader, in order.
    """

    evidence: Evidence
    deeds: Sequence[Deed]
    passes: Mapping[str, Sequence[Line]]

    @property
    def acknowledged(self) -> list[Deed]:
        """The deeds that must not be lost."""
        return [deed for deed in self.deeds if deed.outcome == ACKNOWLEDGED]

    def owners(self, version: int) -> list[Deed]:
        """Return the deeds to which a timestamp was acknowledged as theirs."""
        return [deed for deed in self.acknowledged if deed.written.get("timestamp") == version]


def audit(account: Account) -> list[Violation]:
    """Return all that does not hold."""
    states = read_states(account.evidence)
    found: list[Violation] = []
    for kind, check in _CHECKS:
        found += [Violation(kind, what) for what in check(account, states)]
    return found


def _missing_files(account: Account, states: Sequence[State]) -> Iterator[str]:
    for state in states:
        for fault in state.faults:
            yield f"timestamp {state.version}: {fault}"
    for name, lines in account.passes.items():
        for line in lines:
            if line["kind"] == "failed":
                yield f"{name}: {line['what']}"


def _gaps(account: Account, states: Sequence[State]) -> Iterator[str]:
    versions = [state.version for state in states]
    for before, after in pairwise([0, *dict.fromkeys(versions)]):
        if after != before + 1:
            yield f"timestamp {after} was written after {before}"


def _two_contents(account: Account, states: Sequence[State]) -> Iterator[str]:
    for path, contents in account.evidence.contents.items():
        replaced = path == TIMESTAMP or path.endswith("/version.json")
        if not replaced and len(set(contents)) > 1:
            yield f"{path} had {len(set(contents))} contents"
    for version, count in Counter(state.version for state in states).items():
        if count > 1:
            yield f"timestamp {version} was written {count} times"


def _other_sightings(account: Account, states: Sequence[State]) -> Iterator[str]:
    written = {(state.version, state.sha256) for state in states}
    for name, lines in account.passes.items():
        for line in lines:
            if line["kind"] == "verified" and (line["version"], line["sha256"]) not in written:
                yield f"{name} saw another timestamp {line['version']}"


def _other_lineage(account: Account, states: Sequence[State]) -> Iterator[str]:
    in_force = dict.fromkeys(state.written["targets"] for state in states if not state.faults)
    for before, after in pairwise(in_force):
        data = account.evidence.read(metadata_path("targets", after))
        said = follows(Metadata[Targets].from_bytes(data).signed) if data else None
        if said != before:
            yield f"targets {after} say that they follow {said}, not {before}"


def _other_writers(account: Account, states: Sequence[State]) -> Iterator[str]:
    for state in states:
        for deed in account.owners(state.version):
            if not deed.written.items() <= state.written.items():
                yield f"timestamp {state.version} names {dict(state.written)}, unlike {deed}"


def _unkept(account: Account, states: Sequence[State]) -> Iterator[str]:
    """Yield acknowledged deeds that are not in their own state."""
    by_version = {state.version: _digests(state) for state in states}
    anywhere = {item for digests in by_version.values() for item in digests.items()}
    for deed in account.acknowledged:
        version = deed.written.get("timestamp")
        if version is not None and version not in by_version:
            yield f"timestamp {version} is gone, in which was {deed}"
        there = anywhere if version is None else by_version.get(version, {}).items()
        if not set(deed.manifests.items()) <= set(there):
            yield f"it is nowhere what was acknowledged: {deed}"


def _unasked(account: Account, states: Sequence[State]) -> Iterator[str]:
    """Yield changes from one state to the next that no command accounts for."""
    others = [deed for deed in account.deeds if deed.outcome != ACKNOWLEDGED]
    for before, after in pairwise(states):
        if after.faults or before.faults:
            continue
        for role in ("snapshot", "targets"):
            if after.written[role] < before.written[role]:
                yield f"timestamp {after.version}: {role} went back to {after.written[role]}"
        # Two have written the same bytes where both made the same change in the same second.
        owners, explains = account.owners(after.version), partial(_explains, before, after)
        if not (all(map(explains, owners)) if owners else any(map(explains, others))):
            changed = ", ".join(_changed(before, after)) or "nothing"
            yield f"timestamp {after.version} changes {changed}: {owners or 'nobody asked for it'}"


def _explains(before: State, after: State, deed: Deed) -> bool:
    """Whether one command makes of one state just the other."""
    changed = _changed(before, after)
    if not changed:
        return deed.verb == "refresh"
    pairs = [(before.offers.get(name), after.offers.get(name)) for name in changed]
    return set(changed) <= set(deed.names) and all(_follows(deed.verb, *pair) for pair in pairs)


def _follows(verb: str, was: Manifest | None, now: Manifest | None) -> bool:
    """Whether a command makes of one manifest the other, and so had read it."""
    if now is None or verb == "refresh":
        return False
    if was is None:
        return verb in ("release", "promote") and now.release == 1
    if verb in ("release", "promote"):
        is_above = Version.parse(now.version) > Version.parse(was.version)
        return now.release == was.release + 1 and is_above
    if verb == "withdraw" and now.release == was.release + 1:
        return was.version in now.withdrawn
    then, later = was.to_fields(), now.to_fields()
    differing = {field for field in {*then, *later} if then.get(field) != later.get(field)}
    return differing <= _CHANGES[verb]


def _went_back(account: Account, states: Sequence[State]) -> Iterator[str]:
    """Yield readers that saw less than was acknowledged before, or than they had seen."""
    known = [
        (deed.ended_at, deed.written["timestamp"])
        for deed in account.acknowledged
        if "timestamp" in deed.written and deed.ended_at is not None
    ]
    for name, lines in account.passes.items():
        newest = 0
        for line in lines:
            if line["kind"] != "verified":
                continue
            told = max((version for at, version in known if at < line["began_at"]), default=0)
            if line["version"] < max(newest, told):
                yield f"{name} saw timestamp {line['version']} after {max(newest, told)}"
            newest = max(newest, line["version"])


def _crashes(account: Account, states: Sequence[State]) -> Iterator[str]:
    for deed in account.deeds:
        if deed.outcome == CRASHED:
            yield f"{deed.verb}: {deed.said.strip().splitlines()[-1]}"


def _changed(before: State, after: State) -> list[str]:
    then, now = _digests(before), _digests(after)
    return sorted(name for name in {*then, *now} if then.get(name) != now.get(name))


def _digests(state: State) -> dict[str, str]:
    return {name: sha256(one.to_bytes()).hexdigest() for name, one in state.offers.items()}


_Check = Callable[[Account, Sequence[State]], Iterator[str]]
_CHECKS: tuple[tuple[str, _Check], ...] = (
    (FILES, _missing_files),
    (GAP, _gaps),
    (FORK, _two_contents),
    (FORK, _other_sightings),
    (FORK, _other_lineage),
    (FORK, _other_writers),
    (LOST, _unkept),
    (LOST, _unasked),
    (HIDDEN, _went_back),
    (CRASH, _crashes),
)
