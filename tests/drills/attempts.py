"""What a thief tries on a board, each from the same moment: the board runs 1.1.0, the newest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from drills.board import Board
from drills.owner import Owner
from drills.thief import Thief

_DAYS = 400


@dataclass(frozen=True)
class Scene:
    """A moment, to be spoilt.

    Attributes:
        owner: of the files that boards read.
        honest: the same files, as no thief has touched them.
        before: the files when 1.0.0 was the newest release.
        board: has polled last when 1.1.0 was published.
        thief: writes to the files, with the keys that are stolen.
    """

    owner: Owner
    honest: Owner
    before: Path
    board: Board
    thief: Thief

    def poll(self, days: float = 0) -> str:
        """What the board says of what lies there now."""
        return self.board.poll(self.owner.base, days)


@dataclass(frozen=True)
class Outcome:
    """What came of an attempt: the harm in words, "" where there is none; and the board's words."""

    harm: str
    said: str


@dataclass(frozen=True)
class Attempt:
    """Something that a thief tries; `name` goes into the table."""

    name: str
    play: Callable[[Scene], Outcome]


def own_firmware(scene: Scene) -> Outcome:
    scene.thief.offer(version="6.6.6", image_digest="66" * 32)
    said = scene.poll()
    return Outcome("**installs the thief's firmware**" if _installs(said, "6.6.6") else "", said)


def old_firmware(scene: Scene) -> Outcome:
    scene.thief.offer(version="1.0.0", image_digest="10" * 32, withdrawn=["1.1.0"])
    said = scene.poll()
    return Outcome("goes back to an old release of yours" if _installs(said, "1.0.0") else "", said)


def old_offers(scene: Scene) -> Outcome:
    scene.thief.roll_back(scene.before)
    said = scene.poll()
    return Outcome("takes old metadata" if not said.startswith("failed") else "", said)


def swapped_file(scene: Scene) -> Outcome:
    scene.thief.swap_manifest()
    said = scene.poll()
    return Outcome("takes other bytes" if not said.startswith("failed") else "", said)


def left_targets(scene: Scene) -> Outcome:
    """Leave targets behind for whoever signs the next snapshot: the owner, with a release."""
    scene.thief.leave_targets(version="6.6.6", image_digest="66" * 32)
    scene.owner.clean(lambda: scene.owner.release("1.2.0"))
    said = scene.poll()
    harm = "**is given the thief's firmware by you**"
    return Outcome(harm if not _installs(said, "1.2.0") else "", said)


def hidden_release(scene: Scene) -> Outcome:
    """Bisect the days for which a board takes the state without the release for the newest."""
    scene.thief.renew(0)
    low, high, said = 0, _DAYS, ""
    while high - low > 1:
        day = (low + high) // 2
        found = scene.board.copy().poll(scene.owner.base, day)
        if found.startswith("failed"):
            high, said = day, found
        else:
            low = day
    return Outcome(f"learns of no release for {high} days" if high > 1 else "", said)


def taken_away(scene: Scene) -> Outcome:
    scene.thief.take_away()
    said = scene.poll()
    return Outcome(
        "gets no update while the files are gone" if said.startswith("failed") else "", said
    )


def fast_forward(scene: Scene) -> Outcome:
    scene.thief.fast_forward()
    said = scene.poll()
    scene.owner.restore(scene.honest)
    after = scene.poll()
    harm = "refuses your versions, as lower ones, until keys are replaced"
    return Outcome(harm if after.startswith("failed") else "", said)


def clocks_ahead(scene: Scene) -> Outcome:
    scene.thief.set_clocks_ahead(300)
    said = scene.poll()
    scene.owner.restore(scene.honest)
    timestamp = scene.owner.base / "metadata/timestamp.json"
    harm = "takes your metadata for expired, until keys are replaced"
    is_ahead = str(scene.board.memory.get("signed_at", "")) > _signed_at(timestamp)
    return Outcome(harm if is_ahead else "", said)


def own_root(scene: Scene) -> Outcome:
    scene.thief.take_root()
    scene.thief.offer(version="6.6.6", image_digest="66" * 32)
    said = scene.poll()
    harm = "**obeys the thief's keys from then on, and installs what they sign**"
    return Outcome(harm if _installs(said, "6.6.6") else "", said)


ATTEMPTS = (
    Attempt("firmware of the thief's own", own_firmware),
    Attempt("an old release as a downgrade", old_firmware),
    Attempt("metadata of before the last release", old_offers),
    Attempt("another manifest under the same name", swapped_file),
    Attempt("targets left behind for you to sign over", left_targets),
    Attempt("a new release hidden", hidden_release),
    Attempt("all metadata removed", taken_away),
    Attempt("the highest versions there are", fast_forward),
    Attempt("a signing time 300 days ahead", clocks_ahead),
    Attempt("a root with the thief's keys", own_root),
)


def _installs(said: str, version: str) -> bool:
    return said.startswith("install:") and f"-> {version}" in said


def _signed_at(path: Path) -> str:
    from tuf.api.metadata import Metadata

    signed = Metadata.from_bytes(path.read_bytes()).signed
    return str(signed.unrecognized_fields["x-slotcast-signed-at"])
