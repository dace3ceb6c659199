"""What a release engineer does next: a command, drawn at random from what makes sense by now."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from publisher.layout import target_name
from tests.unit.esp_images import app_image

SHARED = "shared"
CHANNELS = ("beta", "stable")
REFRESHING = "refreshing.toml"  # it asks for longer lives, so that there is something to renew
_WEIGHTS = {"release": 8, "promote": 3, "rollout": 2, "pause": 1, "resume": 2, "withdraw": 2}
_WEIGHTS |= {"refresh": 2}
_TICK_S = 0.05


@dataclass(frozen=True)
class Operation:
    """A command line, and the targets that it may change."""

    argv: tuple[str, ...]
    names: tuple[str, ...] = ()

    @property
    def verb(self) -> str:
        """The command."""
        return self.argv[0]


@dataclass
class Knowledge:
    """What one publisher has seen offered, the newest last: it may be out of date."""

    offered: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def note(self, channel: str, board: str, version: str) -> None:
        """Remember an offer."""
        versions = self.offered.setdefault((channel, board), [])
        if version in versions:
            versions.remove(version)
        versions.append(version)


class Choice:
    """Draws operations for one publisher.

    Args:
        rng: where chance comes from.
        boards: the kinds of boards that it cares for.
        slot, slots: which of how many publishers it is; no two of them draw the same version.
    """

    def __init__(
        self, rng: random.Random, boards: Sequence[str], slot: int, slots: int, folder: Path
    ) -> None:
        self._rng = rng
        self._boards = boards
        self._slot, self._slots = slot, slots
        self._folder = folder
        self._last = 0

    def draw(self, known: Knowledge, since_s: float) -> Operation:
        """Return what to do next; `since_s` is the time since the race began."""
        verbs, weights = list(_WEIGHTS), list(_WEIGHTS.values())
        [verb] = self._rng.choices(verbs, weights)
        made = None if verb == "release" else self._change(verb, known)
        return made or self._release(since_s)

    def _release(self, since_s: float) -> Operation:
        image = self._folder / "app.bin"
        image.write_bytes(app_image(code=self._rng.randbytes(self._rng.randrange(1, 2000) * 4)))
        channel = self._rng.choices(CHANNELS, (3, 1))[0]
        board = self._rng.choice(self._boards)
        where = ("--channel", channel, "--board", board)
        argv = ("release", str(image), "--version", self._version(since_s), *where)
        return Operation(argv, (target_name(channel, board),))

    def _change(self, verb: str, known: Knowledge) -> Operation | None:
        """Return a change of what is offered, if there is something to change."""
        if verb == "refresh":
            return Operation((verb, "--settings", REFRESHING))
        fitting = [where for where in known.offered if _fits(verb, where, known.offered[where])]
        if not fitting:
            return None
        channel, board = self._rng.choice(fitting)
        *_, newest = versions = known.offered[channel, board]
        argv = {
            "promote": (newest, "--from", channel, "--to", "stable", "--board", board),
            "rollout": (channel, board, f"{self._rng.randrange(1, 101)}%"),
            "pause": (channel, board),
            "resume": (channel, board),
            "withdraw": (newest, "--channel", channel, "--board", board, "--to", versions[0]),
        }[verb]
        to = "stable" if verb == "promote" else channel
        return Operation((verb, *argv), (target_name(to, board),))

    def _version(self, since_s: float) -> str:
        """Return a version above all that were drawn before: they grow with time."""
        self._last = max(self._last + 1, int(since_s / _TICK_S))
        number = self._last * self._slots + self._slot
        return f"{1 + number // 10000}.{number // 100 % 100}.{number % 100}"


def _fits(verb: str, where: tuple[str, str], versions: Sequence[str]) -> bool:
    if verb == "promote":
        return where[0] == "beta"
    return verb != "withdraw" or len(versions) > 1
