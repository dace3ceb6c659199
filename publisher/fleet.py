"""No board left behind: whether all supported boards get to what is offered next.

That is proved before anything is signed, over every state that a supported board may be in
(supported.py), by what boards decide (journeys.py). A release or a promotion has to reach them all.
What takes something back may leave as they are those that are stranded already; and what only holds
back, or shares out, changes no way at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from publisher.counts import count
from publisher.errors import SettingsError, StrandingError
from publisher.journeys import Journey, travel
from publisher.layout import image_path, metadata_path
from publisher.manifest import Manifest
from publisher.offers import Offer
from publisher.pins.guard import verify_base_is_told
from publisher.pins.sets import PinSets
from publisher.publish import View
from publisher.repository import Repository
from publisher.settings import Settings
from publisher.supported import Supported, is_below, read_supported
from publisher.versions import Version

_DIGITS = 8
_OTHERWISE = "another version or --min-version may do"


@dataclass(frozen=True)
class Proof:
    """How the supported boards of one kind get to what is offered them next.

    Attributes:
        where: CHANNEL/BOARD.
        goal: the version that is offered.
        arriving: ways of boards that get there.
        above: of boards that keep a higher version, which nobody withdrew, until one above that is
            offered.
        stranded: of boards that do not get there, but did not get to what was offered before.
        refused: of boards that would be stranded by this.
        warnings: of what may strand boards.
    """

    where: str
    goal: str
    arriving: tuple[Journey, ...]
    above: tuple[Journey, ...]
    stranded: tuple[Journey, ...]
    refused: tuple[Journey, ...]
    warnings: tuple[str, ...]

    @property
    def longest(self) -> int:
        """How many installs the longest way takes."""
        return max((len(journey.taken) for journey in self.arriving), default=0)

    @property
    def lines(self) -> list[str]:
        """What was proved, in words; nothing where there are no older versions."""
        versions = {journey.start.version for journey in self.arriving} - {self.goal}
        new = " and boards from the factory" if None in versions else ""
        who = count(len(versions - {None}), "supported version")
        way = f"the longest way in {count(self.longest, 'step')}"
        proved = f"{self.where}: {who}{new} reach {self.goal}, {way}"
        return [proved] if versions - {None} else []

    def to_dict(self) -> dict[str, object]:
        """Return what a program reads."""
        return {
            "where": self.where,
            "states": len(self.arriving) + len(self.above) + len(self.stranded),
            "arriving": len(self.arriving),
            "longest": self.longest,
            "above": sorted({journey.start.name for journey in self.above}),
            "stranded": [str(journey) for journey in self.stranded],
        }


class Fleet:
    """The boards of a product, for whom offers are proved.

    Args:
        settings: what they are, and which versions are supported.
        repository: the product's roles.
        view: what is published.
    """

    def __init__(self, settings: Settings, repository: Repository, view: View) -> None:
        self.settings = settings
        self.repository = repository
        self.view = view
        self._supported: dict[tuple[str, str], Supported] = {}

    def supported(self, channel: str, board: str) -> Supported:
        """Return what boards may run, as it was when this was first asked for.

        Raises:
            StoreError, VerificationError: see `read_supported`.
        """
        whom = (channel, board)
        if whom not in self._supported:
            found = read_supported(self.settings, self.repository, self.view, *whom)
            self._supported[whom] = found
        return self._supported[whom]

    def prove(self, offers: Iterable[Offer]) -> tuple[Proof, ...]:
        """Return a proof of each offer that changes how boards go; none of the others.

        It is to be asked before the repository is edited, and may be asked again then.

        Raises:
            StrandingError: boards would be stranded; the message has a line of each such state.
            SettingsError: what is offered is itself no supported version.
            StoreError, VerificationError: see `read_supported`.
        """
        proofs = tuple(self._prove(offer) for offer in offers if _changes_ways(offer))
        lines = [_told(proof, journey) for proof in proofs for journey in proof.refused]
        if lines:
            raise StrandingError(lines[0], _hint(proofs), tuple(lines[1:]))
        return proofs

    def _prove(self, offer: Offer) -> Proof:
        manifest = offer.manifest
        supported = self.supported(manifest.channel, manifest.board)
        stones = {stone.version: stone for stone in offer.stones}
        ways = [travel(state, manifest, stones) for state in supported.states]
        lost = [way for way in ways if not is_well(way, supported, manifest)]
        strict = _is_forward(offer)
        refused = [way for way in lost if strict or _was_well(way, supported, offer.before)]
        stranded = [way for way in lost if way not in refused]
        return Proof(
            offer.where,
            manifest.version,
            tuple(way for way in ways if way.arrives),
            tuple(way for way in ways if not way.arrives and way not in lost),
            tuple(stranded),
            tuple(refused),
            (*self._cautions(offer, supported, strict), *map(_still, stranded)),
        )

    def _cautions(self, offer: Offer, supported: Supported, strict: bool) -> list[str]:
        return [*_gone(offer, supported), *(self._verify_place(offer) if strict else ())]

    def _verify_place(self, offer: Offer) -> list[str]:
        """Refuse a version that would not be supported, and a base URL that no board is told."""
        manifest = offer.manifest
        known = self.settings.boards.get(manifest.board)
        if known and is_below(manifest, known.supported_since):
            since = f"supported_since = {known.supported_since}"
            message = f"[boards.{manifest.board}] {since} is above {manifest.version}"
            raise SettingsError(message, "it is the oldest version that boards may still run")
        before = "" if offer.before is None else _base_url(offer.before)
        data = self.repository.read_pins()
        sets = None if data is None else PinSets.from_bytes(data)
        return verify_base_is_told(_base_url(manifest), before, sets)


def is_well(way: Journey, supported: Supported, manifest: Manifest) -> bool:
    """Whether a board arrives at what is offered, or is further, by a version not withdrawn."""
    state, withdrawn = way.start, {*supported.withdrawn, *manifest.withdrawn}
    is_same_chip = state.kind.chip == manifest.chip
    is_further = state.is_above(manifest) and state.version not in withdrawn
    return way.arrives or (is_further and is_same_chip)


def _changes_ways(offer: Offer) -> bool:
    """Whether boards may go another way by it than by what is offered now."""
    return offer.before is None or _directions(offer.before) != _directions(offer.manifest)


def _directions(manifest: Manifest) -> tuple[object, ...]:
    """Return all in a manifest that decides which way boards go, in the end."""
    image = (manifest.version, manifest.image_digest, manifest.chip, manifest.size)
    return (*image, manifest.security_version, manifest.min_version, manifest.withdrawn)


def _is_forward(offer: Offer) -> bool:
    """Whether it is a release, or a promotion, rather than a step back."""
    return offer.before is None or _key(offer.manifest) > _key(offer.before)


def _was_well(way: Journey, supported: Supported, before: Manifest | None) -> bool:
    if before is None:
        return True
    return is_well(travel(way.start, before, supported.stones), supported, before)


def _told(proof: Proof, journey: Journey) -> str:
    return f"{proof.where} would strand boards {_whose(proof, journey)}: {journey}"


def _still(journey: Journey) -> str:
    kind = journey.start.kind
    return f"boards on {kind.channel}/{kind.board} stay stranded, as they were: {journey}"


def _gone(offer: Offer, supported: Supported) -> Iterator[str]:
    """Say what was offered, and nobody can tell any more."""
    for version in supported.missing:
        path = metadata_path("targets", version)
        yield f"{offer.where}: {path} is gone: boards that run what it offered are not proved for"


def _whose(proof: Proof, journey: Journey) -> str:
    """Name the boards; where one version had several images, by the image too."""
    state = journey.start
    if state.version is None:
        return "from the factory"
    ways = (*proof.arriving, *proof.above, *proof.stranded, *proof.refused)
    images = [way for way in ways if way.start.version == state.version]
    image = f" (image {state.digest[:_DIGITS]})" if len(images) > 1 else ""
    return f"on {state.version}{image}"


def _hint(proofs: Sequence[Proof]) -> str:
    """Say what may be done; that boards are supported no more, only where others are left."""
    [proof, *_] = [proof for proof in proofs if proof.refused]
    board = proof.where.rpartition("/")[2]
    large = [one for one in (way.last.manifest for way in proof.refused) if _lacks_room(proof, one)]
    if large:
        return _room_hint(large[0], board, proof.goal)
    lost = [way.start.version for way in proof.refused]
    if None in lost:
        return f"{_OTHERWISE}: boards from the factory take every step to it"
    versions = (way.start.version for way in (*proof.arriving, *proof.above))
    highest = max(Version.parse(one) for one in lost if one)
    left = sorted(one for one in map(Version.parse, filter(None, versions)) if one > highest)
    since = left[0] if left else proof.goal
    return f'{_OTHERWISE}; or supported_since = "{since}" in [boards.{board}], if none is left'


def _lacks_room(proof: Proof, manifest: Manifest) -> bool:
    return any(
        manifest.size > way.start.kind.slot_size
        for way in proof.refused
        if way.last.manifest == manifest
    )


def _room_hint(manifest: Manifest, board: str, goal: str) -> str:
    other = "leave --min-version out" if manifest.version != goal else "release a smaller one"
    what = f"{manifest.version} does not fit the slot of [boards.{board}]"
    return f"{what}: {other}, or put slot_size back"


def _base_url(manifest: Manifest) -> str:
    return manifest.url.removesuffix(image_path(manifest.sha256))


def _key(manifest: Manifest) -> Version:
    return Version.parse(manifest.version)
