"""Plays the cases on a board, and says what of its trusted state has changed."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from hostile_board import HostileBoard, Played
from hostile_case import Case
from hostile_edge import HostileEdge
from misdeeds import honest
from offer import BLOCK_BYTES, Offer
from tls_server import HOST

# Boards at a time: most of a poll is waiting.
WORKERS = 3
# In the order of a poll.
ROLES = ("root", "timestamp", "snapshot", "targets")


class Stage:
    """The board, what it knows, and what it is offered; use it as a context manager."""

    def __init__(self) -> None:
        self._stack = ExitStack()

    def __enter__(self) -> Stage:
        self._offer = Offer()
        self.board = self._stack.enter_context(HostileBoard(self._offer))
        self.before = self.board.learn(self._edge(self._offer, "", honest))
        assert self.before.reason == "runs 1.4.3 already", self.before.log
        self._offer.release("1.5.0")
        self.images = self._offer.images
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def play(self, case: Case) -> Played:
        """One poll, with no more heap than the case allows."""
        if case.place == "address":
            with case.misdeed() as address:
                hosts = {HOST: address} if address else {}
                return self.board.play(hosts, case.heap_kib)
        with self._edge(self._published(case), case.place, case.misdeed) as edge:
            return self.board.play({HOST: ["127.0.0.1", edge.port]}, case.heap_kib)

    def changes(self, case: Case, played: Played) -> list[str]:
        """What of the trusted state is not as it has to be after the case; [] if all is well."""
        found = []
        if played.files != self._files(case):
            found.append("metadata/")
        if played.otadata != self.before.otadata:
            found.append("otadata")
        if played.slots[0] != self.before.slots[0]:
            found.append("the running slot")
        if not self._may_hold(case, played.slots[1]):
            found.append("the other slot")
        return found

    def _published(self, case: Case) -> Offer:
        offer = self._offer.copy()
        if case.publish:
            case.publish(offer)
        return offer

    def _edge(self, offer: Offer, place: str, misdeed: object) -> HostileEdge:
        return HostileEdge(self.board.certificate, offer.files, place, misdeed)

    def _files(self, case: Case) -> dict[str, str]:
        """What is to stand in metadata/: of roles before the place, what is published."""
        accepted = ROLES
        if case.end in ("address", "handshake"):
            accepted = ()
        elif case.end in ROLES:
            accepted = ROLES[: ROLES.index(case.end)]
        published = self._published(case).trusted_files() if accepted else {}
        return self.before.files | {f"{role}.json": published[role] for role in accepted}

    def _may_hold(self, case: Case, slot: bytes) -> bool:
        """Whether each block is the one before, or, when blocks came, the one that was signed."""
        if case.end != "payload block":
            return slot == self.before.slots[1]
        image = self._offer.images["1.5.0"]
        signed = image + b"\xff" * (len(slot) - len(image))
        return all(
            slot[at : at + BLOCK_BYTES] in (one[at : at + BLOCK_BYTES] for one in (before, signed))
            for before in [self.before.slots[1]]
            for at in range(0, len(slot), BLOCK_BYTES)
        )


def play_all(cases: Sequence[Case]) -> dict[str, tuple[Played, list[str]]]:
    """What came of each case and what it changed, by name; on several boards side by side."""
    shares = [cases[first::WORKERS] for first in range(WORKERS)]
    with ThreadPoolExecutor(WORKERS) as pool:
        results = list(pool.map(_play_share, shares))
    return {name: played for result in results for name, played in result.items()}


def _play_share(cases: Sequence[Case]) -> dict[str, tuple[Played, list[str]]]:
    if not cases:
        return {}
    with Stage() as stage:
        played = {case.name: stage.play(case) for case in cases}
        return {
            case.name: (played[case.name], stage.changes(case, played[case.name])) for case in cases
        }
