"""What is stolen or lost, what comes of it on a board, and how it recovers: played, not told."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from drills.attempts import ATTEMPTS, Attempt, Outcome, Scene
from drills.board import Board
from drills.owner import ROOT_THRESHOLD, Owner, RefusedError
from drills.thief import Thief

_ONLINE = ("targets", "snapshot", "timestamp")
_MOST_POLLS = 3
_INSTALLED = "every board installs the next release, at poll"
_HIDDEN = "a new release hidden"
# The first two need no key, the third another release of the owner's.
_NOT_AGAIN = (_HIDDEN, "all metadata removed", "targets left behind for you to sign over")
_LAST_TARGETS = 3  # those of 1.1.0


@dataclass(frozen=True)
class Theft:
    """What somebody has.

    Attributes:
        name: goes into the table.
        roles: whose key is stolen.
        root_keys: how many root keys are.
    """

    name: str
    roles: tuple[str, ...] = ()
    root_keys: int = 0

    @property
    def replaced(self) -> tuple[str, ...]:
        """The roles of which the owner replaces a key."""
        return (*self.roles, *("root",) * self.root_keys)


THEFTS = (
    Theft("nothing but the right to write to the bucket"),
    Theft("the key of timestamp", ("timestamp",)),
    Theft("the keys of snapshot and timestamp: the online machine", ("snapshot", "timestamp")),
    Theft("the key of targets alone", ("targets",)),
    Theft("the keys of targets, snapshot and timestamp", _ONLINE),
    Theft("one root key (k-1 of them)", (), ROOT_THRESHOLD - 1),
    Theft("one root key, and all three online keys", _ONLINE, ROOT_THRESHOLD - 1),
    Theft("two root keys (k of them)", (), ROOT_THRESHOLD),
)


@dataclass(frozen=True)
class Measured:
    """What was seen of a theft: each attempt with its outcome, and how it ended."""

    theft: Theft
    outcomes: tuple[tuple[Attempt, Outcome], ...]
    recovery: str

    @property
    def harms(self) -> list[str]:
        """What a board does for the thief."""
        return [outcome.harm for _, outcome in self.outcomes if outcome.harm]

    @property
    def refusals(self) -> list[tuple[str, str]]:
        """What was refused, and the board's words."""
        return [(one.name, outcome.said) for one, outcome in self.outcomes if not outcome.harm]


class Stage:
    """A product that each drill begins from.

    Args:
        folder: a scratch folder, which has to be empty.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.honest = Owner(folder / "honest")
        self.honest.found(lambda: self.honest.copy(folder / "before") and None)
        self.before = folder / "before" / "published" / "sensor"
        root = (self.honest.base / "metadata/1.root.json").read_bytes()
        self.board = Board(root, self.honest.digest("1.1.0"))
        said = self.board.poll(self.honest.base)
        assert said == "current: runs 1.1.0 already", said

    def measure(self, theft: Theft) -> Measured:
        """Play all attempts of a thief, then the recovery."""
        outcomes = tuple((one, one.play(self.scene(theft))) for one in ATTEMPTS)
        return Measured(theft, outcomes, self.recover(theft))

    def scene(self, theft: Theft) -> Scene:
        """The moment at which the thief comes."""
        owner = self.honest.copy(self._folder / "scene")
        return Scene(owner, self.honest, self.before, self.board.copy(), self.thief(theft, owner))

    def thief(self, theft: Theft, owner: Owner) -> Thief:
        """A thief who writes to the owner's files."""
        stolen = {role: self.honest.signers(role) for role in theft.roles}
        if theft.root_keys:
            stolen["root"] = self.honest.signers("root", theft.root_keys)
        return Thief(owner.base, stolen)

    def recover(self, theft: Theft) -> str:
        """Let the thief do to one board all that lasts, then the owner what helps; in words."""
        scene = self.scene(theft)
        for spoil in (
            lambda: scene.thief.offer(version="6.6.6", image_digest="66" * 32),
            lambda: scene.thief.set_clocks_ahead(300),
            scene.thief.fast_forward,
            scene.thief.take_root if theft.root_keys else lambda: None,
        ):
            spoil()
            scene.poll()
        try:
            how = self._repair(theft, scene.owner)
        except RefusedError as refused:
            return f"not by a ceremony: {_words(refused)}"
        polls, said = self._polls_until(scene, "1.2.0")
        if not polls:
            other = self.board.copy().poll(scene.owner.base)
            assert other == "install: 1.1.0 -> 1.2.0", other
            return f"boards that met the thief first: never ({said}); others: {how}"
        self._verify_worthless(theft, scene)
        return f"{how}; {_INSTALLED} {polls}"

    def _repair(self, theft: Theft, owner: Owner) -> str:
        """Do what the owner does; in words."""
        taken = owner.base / "metadata/2.root.json"
        if taken.exists():
            taken.unlink()
            owner.removed += 1
        if not theft.roles:
            owner.restore(self.honest)
        if theft.replaced:
            owner.replace(theft.replaced, _LAST_TARGETS if theft.roles else 0)
        owner.clean(lambda: owner.release("1.2.0"))
        files = "file" if owner.removed == 1 else "files"
        removal = f"{owner.removed} {files} of the thief removed" if owner.removed else ""
        if not theft.replaced:
            return f"no ceremony: timestamp.json put back, {removal}"
        keys = ", ".join(dict.fromkeys(theft.replaced))
        targets = f" --targets {_LAST_TARGETS}" if theft.roles else ""
        how = f"new keys for {keys}: proposed, two sign, `root apply{targets}`"
        return f"{removal}; {how}" if removal else how

    def _polls_until(self, scene: Scene, version: str) -> tuple[int, str]:
        said = ""
        for number in range(1, _MOST_POLLS + 1):
            said = scene.poll()
            if said == f"install: 1.1.0 -> {version}":
                return number, said
        return 0, said

    def _verify_worthless(self, theft: Theft, scene: Scene) -> None:
        """The stolen keys let nobody do more any longer than the bucket alone does."""
        for attempt in (one for one in ATTEMPTS if one.name not in _NOT_AGAIN):
            honest = scene.owner.copy(self._folder / "kept")
            outcome = attempt.play(replace(scene, honest=honest, board=scene.board.copy()))
            assert not outcome.harm, (theft.name, attempt.name, outcome)
            scene.owner.restore(honest)


@dataclass(frozen=True)
class Loss:
    """Keys that are gone without a thief: what boards do, what is refused, how it ends."""

    name: str
    harm: str
    refused: str
    recovery: str


def lost_online_keys(stage: Stage) -> Loss:
    """Replace three keys that nobody has any more."""
    owner = stage.scene(THEFTS[0]).owner
    for role in _ONLINE:
        (owner.folder / "keys" / f"{role}.pem").unlink()
    refused = _refusal(lambda: owner.release("1.2.0"))
    owner.replace(_ONLINE)
    owner.release("1.2.0")
    said = stage.board.copy().poll(owner.base)
    assert said == "install: 1.1.0 -> 1.2.0", said
    how = f"new keys for {', '.join(_ONLINE)}: proposed, two sign, `root apply`"
    return Loss("lost: all online keys", _ends(stage, ()), refused, f"{how}; {_INSTALLED} 1")


def lost_root_keys(stage: Stage) -> Loss:
    """Try to go on with one root key of the two that are needed."""
    owner = stage.scene(THEFTS[0]).owner
    refused = _refusal(lambda: owner.replace(("root",), root_keys=1))
    end = "by no ceremony: before root expires, boards have to be given another root.json by hand"
    return Loss("lost: two root keys (k of them)", _ends(stage, _ONLINE), refused, end)


def _ends(stage: Stage, roles: tuple[str, ...]) -> str:
    """Measure how long the keys that are left keep boards going."""
    hidden = next(one for one in ATTEMPTS if one.name == _HIDDEN)
    days = re.findall(r"for (\d+) days", hidden.play(stage.scene(Theft("", roles))).harm)
    return f"installs what is signed for {days[0]} days, and nothing after them"


def _refusal(command: Callable[[], None]) -> str:
    try:
        command()
    except RefusedError as refused:
        # Paths and key ids differ from run to run.
        return re.sub(r"\S*/(?=keys/)|: [0-9a-f]{8}$", "", _words(refused))
    raise AssertionError("this should not have gone well")


def _words(refused: Exception) -> str:
    return str(refused).splitlines()[0].removeprefix("slotcast: error: ")
