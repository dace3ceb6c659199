"""Where a board ends up by what its channel offers: what the board itself would decide, in the end.

This follows device/slotcast/decide.py and offer.py, rule by rule and in their words, for a board
that polls for ever. So what only holds it up for a time does not count: a pause, a share of boards,
a window, the application. Nor does what fails on one board: here every image is healthy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from publisher.layout import stone_name
from publisher.manifest import Manifest
from publisher.versions import Version

# How many stepping stones a board follows in one poll (device/slotcast/offer.py).
MAX_STONES = 8

_UNKNOWN = "unknown version"

# Stepping stones that are published, by version.
Stones = Mapping[str, Manifest]


class Action(Enum):
    """What a board does with a manifest; it waits with none for ever."""

    CURRENT = "current"
    INSTALL = "install"
    STEP = "step"
    REFUSE = "refuse"


@dataclass(frozen=True)
class Kind:
    """What does not change about a board; `slot_size` is that of its smaller slot, in bytes."""

    product: str
    channel: str
    board: str
    chip: str
    slot_size: int


@dataclass(frozen=True)
class State:
    """What a board runs and has confirmed.

    Attributes:
        kind: what it is.
        version: of what it runs; None where the board does not know it.
        digest: image_digest of what it runs, hex; "" where that was never offered.
        security_version: the highest that it has confirmed.
    """

    kind: Kind
    version: str | None = None
    digest: str = ""
    security_version: int = 0

    @property
    def name(self) -> str:
        """The version, in words."""
        return self.version or _UNKNOWN

    def running(self, manifest: Manifest) -> State:
        """Return the same board when it runs a manifest's image, and has confirmed it."""
        highest = max(self.security_version, manifest.security_version)
        return State(self.kind, manifest.version, manifest.image_digest, highest)

    def is_above(self, manifest: Manifest) -> bool:
        """Whether it runs a higher version than the manifest's."""
        return self.version is not None and _key(self.version) > _key(manifest.version)


@dataclass(frozen=True)
class Decision:
    """What a board does with a manifest, and its reason as the board logs it."""

    action: Action
    reason: str
    manifest: Manifest


@dataclass(frozen=True)
class Journey:
    """What a board installs, one after the other, and why it goes no further.

    Attributes:
        start: the board before.
        goal: the version that is offered.
        taken: the versions that it installs.
        last: its last decision: CURRENT, or REFUSE.
    """

    start: State
    goal: str
    taken: tuple[str, ...]
    last: Decision

    @property
    def arrives(self) -> bool:
        """Whether it ends with what the channel offers."""
        return self.last.action is Action.CURRENT

    def __str__(self) -> str:
        """Return the way in words: `1.2.0 -> 1.5.0 (takes first) -> 1.6.0: WHY IT ENDS THERE`."""
        end = () if self.arrives else (self.last.manifest.version,)
        steps = [one if one == self.goal else f"{one} (takes first)" for one in self.taken + end]
        why = "" if self.arrives else f": {self.last.reason}"
        return " -> ".join([self.start.name, *steps]) + why


def travel(start: State, newest: Manifest, stones: Stones) -> Journey:
    """Let a board poll until it installs nothing more.

    That comes to an end: after the first install, which tells it a version, each is of a higher one
    or of the newest release.
    """
    state, taken = start, list[str]()
    while True:
        decision = poll(state, newest, stones)
        if decision.action is not Action.INSTALL:
            return Journey(start, newest.version, tuple(taken), decision)
        taken.append(decision.manifest.version)
        state = state.running(decision.manifest)


def poll(state: State, newest: Manifest, stones: Stones) -> Decision:
    """Return what one poll comes to, over stepping stones if need be; never STEP (offer.py)."""
    decision = decide(newest, state)
    for _ in range(MAX_STONES):
        if decision.action is Action.STEP:
            decision, state = _lower(decision, state, stones)
    if decision.action is Action.STEP:
        return _stuck(decision, "and there are too many such steps")
    return decision


def decide(manifest: Manifest, state: State) -> Decision:
    """Hold a manifest against a board; the first rule that applies decides (vectors/decide.json).

    Without the rules about what failed there, and about what has to wait.
    """
    for rule in (_identity, _running, _room, _security, _age, _step):
        verdict = rule(manifest, state)
        if verdict:
            return Decision(*verdict, manifest)
    return Decision(Action.INSTALL, _transition(manifest, state), manifest)


Verdict = tuple[Action, str] | None


def _lower(step: Decision, state: State, stones: Stones) -> tuple[Decision, State]:
    """Return the decision on the stone that comes before a manifest, and what the board learns."""
    version = step.manifest.min_version or ""
    stone = stones.get(version)
    if stone is None:
        return _stuck(step, "which is not published"), state
    if stone.version != version:
        name = stone_name(stone.channel, stone.board, version)
        return Decision(Action.REFUSE, f"{name} is of {stone.version}", stone), state
    decision = decide(stone, state)
    if decision.action is not Action.CURRENT:
        return decision, state
    state = state.running(stone)
    return decide(step.manifest, state), state


def _stuck(step: Decision, why: str) -> Decision:
    return Decision(Action.REFUSE, f"{step.reason}, {why}", step.manifest)


def _identity(manifest: Manifest, state: State) -> Verdict:
    for name in ("product", "channel", "board", "chip"):
        theirs, ours = getattr(manifest, name), getattr(state.kind, name)
        if theirs != ours:
            return Action.REFUSE, f"manifest is for {name} {theirs}, this is {ours}"
    return None


def _running(manifest: Manifest, state: State) -> Verdict:
    if manifest.image_digest == state.digest:
        return Action.CURRENT, f"runs {manifest.version} already"
    return None


def _room(manifest: Manifest, state: State) -> Verdict:
    if manifest.size > state.kind.slot_size:
        return Action.REFUSE, f"image of {manifest.size} bytes, slot of {state.kind.slot_size}"
    return None


def _security(manifest: Manifest, state: State) -> Verdict:
    if manifest.security_version >= state.security_version:
        return None
    reason = f"security version {manifest.security_version} is below {state.security_version}"
    if state.version in manifest.withdrawn:
        cannot = f"{state.version} is withdrawn, but {manifest.version} cannot replace it"
        reason = f"{cannot}: {reason}"
    return Action.REFUSE, reason


def _age(manifest: Manifest, state: State) -> Verdict:
    if state.is_above(manifest) and state.version not in manifest.withdrawn:
        return Action.REFUSE, f"{manifest.version} is older than {state.version}, which runs"
    return None


def _step(manifest: Manifest, state: State) -> Verdict:
    least = manifest.min_version
    if least and (state.version is None or _key(state.version) < _key(least)):
        return Action.STEP, f"needs {least} first"
    return None


def _transition(manifest: Manifest, state: State) -> str:
    why = f", as {state.version} is withdrawn" if state.is_above(manifest) else ""
    return f"{state.name} -> {manifest.version}{why}"


def _key(version: str) -> Version:
    return Version.parse(version)
