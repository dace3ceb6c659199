"""What the boards of a channel may run: every version that it ever offered them, and supports.

A board listens to one channel, and so what others offered counts for nothing here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from publisher.errors import VerificationError
from publisher.journeys import Kind, State, Stones
from publisher.manifest import Manifest
from publisher.publish import View
from publisher.repository import Repository
from publisher.settings import Settings
from publisher.stones import History
from publisher.versions import Version

# Of boards that slotcast.toml knows no more: they had room for what they run.
_ANY_SIZE = 2**31


@dataclass(frozen=True)
class Supported:
    """What boards of one kind may run on one channel.

    Attributes:
        releases: a manifest of each image under each version that it was offered as, the newest
            first; of several, the one with the highest security version.
        withdrawn: the versions that were ever withdrawn.
        stones: what is published now for older boards to take first.
        slot_size: bytes of their smaller slot.
        fresh: a board from the factory; None where none is made any more.
        missing: versions of targets that are gone: boards may run what those offered.
    """

    releases: tuple[Manifest, ...]
    withdrawn: frozenset[str]
    stones: Stones
    slot_size: int
    fresh: State | None
    missing: tuple[int, ...] = ()

    @property
    def states(self) -> tuple[State, ...]:
        """The boards: one of each release, and one from the factory."""
        fresh = [self.fresh] if self.fresh else []
        return (*map(self.state, self.releases), *fresh)

    def state(self, release: Manifest) -> State:
        """Return a board that runs a release, and has confirmed it.

        What it has confirmed before was not above that, or it would have refused the release. Its
        chip is the image's, whatever slotcast.toml calls by the board's name now.
        """
        whom = (release.product, release.channel, release.board)
        return State(Kind(*whom, release.chip, self.slot_size)).running(release)


def read_supported(
    settings: Settings, repository: Repository, view: View, channel: str, board: str
) -> Supported:
    """Read what was offered, as far back as the board's `supported_since` asks for.

    Raises:
        StoreError: the store cannot be read.
        VerificationError: what is offered now is missing, or is not what was signed.
    """
    known = settings.boards.get(board)
    since = known.supported_since if known else ""
    stones = dict(_stones(repository, channel, board))
    history = History(repository, view, channel, board)
    offers = list(_back_to(since, history.offers()))
    fresh = None
    if known is not None:
        kind = Kind(settings.product, channel, board, known.chip, known.slot_size)
        fresh = State(kind)
    return Supported(
        tuple(_distinct(one for one in (*offers, *stones.values()) if not is_below(one, since))),
        frozenset(version for one in offers for version in one.withdrawn),
        stones,
        known.slot_size if known else _ANY_SIZE,
        fresh,
        tuple(history.missing),
    )


def is_below(release: Manifest, since: str) -> bool:
    """Whether it is older than the oldest supported version; "" supports all."""
    return since != "" and Version.parse(release.version) < Version.parse(since)


def _stones(repository: Repository, channel: str, board: str) -> Iterator[tuple[str, Manifest]]:
    for version in repository.stone_versions(channel, board):
        with suppress(VerificationError):  # no board can take one that is lost, or damaged
            data = repository.read_stone(channel, board, version)
            if data is not None:
                yield version, Manifest.from_bytes(data)


def _back_to(since: str, offers: Iterable[Manifest]) -> Iterator[Manifest]:
    """Yield offers, the newest first, until all before are below a version.

    Versions rise from offer to offer, but where one was withdrawn for an older one: that one then
    is in `withdrawn`, and stays there as long as a lower version is offered.
    """
    for manifest in offers:
        yield manifest
        left = any(Version.parse(one) >= Version.parse(since or one) for one in manifest.withdrawn)
        if is_below(manifest, since) and not left:
            return


def _distinct(releases: Iterable[Manifest]) -> list[Manifest]:
    found: dict[tuple[str, str], Manifest] = {}
    for one in releases:
        known = found.setdefault((one.version, one.image_digest), one)
        if known.security_version < one.security_version:
            found[one.version, one.image_digest] = one
    return list(found.values())
