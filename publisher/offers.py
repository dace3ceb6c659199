"""What a channel offers a board next, over what it offers now: the rules, and the files.

A release, a promotion and a withdrawal end here, and so does what only says who may take a release.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from publisher.errors import PublisherError, SettingsError
from publisher.layout import hashed_path, manifest_path, stone_name, version_json_path
from publisher.manifest import MAX_WITHDRAWN, Manifest, version_json
from publisher.plan import File, Kind, Plan, make_plan
from publisher.repository import Offering, Repository
from publisher.rollout import Rollout, Share
from publisher.versions import Version

if TYPE_CHECKING:
    from publisher.fleet import Fleet


@dataclass(frozen=True)
class Offer:
    """A manifest to be offered instead of `before`, the stones that lead to it, and warnings."""

    before: Manifest | None
    manifest: Manifest
    stones: tuple[Manifest, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def is_new(self) -> bool:
        """Whether it is not offered already."""
        return self.manifest != self.before

    @property
    def where(self) -> str:
        """CHANNEL/BOARD."""
        return f"{self.manifest.channel}/{self.manifest.board}"


def plan_offers(fleet: Fleet, offers: Sequence[Offer], files: Iterable[File] = ()) -> Plan:
    """Name offers in the product's roles, all in one edit, and order all files that they need.

    Args:
        fleet: the boards of the product, and its roles.
        files: what the manifests name and may not lie there yet.

    Raises:
        StrandingError, SettingsError: supported boards would not get to what is offered.
        StoreError, VerificationError: what they may run cannot be read.
    """
    fleet.prove(offers)
    repository, product = fleet.repository, fleet.settings.product
    relied = {path for offer in offers for path in _relied(repository, offer)}
    repository.offer_all(map(_offering, offers))
    wanted = [*files, *(file for offer in offers for file in _files(offer)), *repository.edited]
    relied -= {file.path for file in wanted}
    return make_plan(product, wanted, fleet.view.stored, sorted(relied))


def read_offer(repository: Repository, channel: str, board: str) -> Manifest | None:
    """Return what a channel offers a board now.

    Raises:
        VerificationError: it is missing from the store, or is not what was signed.
    """
    data = repository.read_manifest(channel, board)
    return None if data is None else Manifest.from_bytes(data)


def present_offer(repository: Repository, channel: str, board: str) -> Offer:
    """Return what is offered now, as an offer that changes nothing.

    Raises:
        SettingsError: nothing is offered there.
        VerificationError: what is offered is missing from the store, or is not what was signed.
    """
    manifest = read_offer(repository, channel, board)
    if manifest is None:
        raise SettingsError(f"nothing is offered on {channel}/{board}", "`slotcast status` tells")
    stones = repository.read_stones(channel, board).values()
    return Offer(manifest, manifest, tuple(map(Manifest.from_bytes, stones)))


@contextmanager
def naming(where: str) -> Iterator[None]:
    """Let an error name the board that it is about, where it does not: there may be several."""
    try:
        yield
    except PublisherError as error:
        if where not in str(error):
            error.args = (f"{where}: {error}",)  # a new one would lose what its class adds
        raise


def rollout_of(channel: str, board: str, release: int) -> Rollout:
    """Return a rollout for all that is drawn anew for this release."""
    return Rollout(f"{channel}/{board}/{release}")


def kept_share(present: Manifest, asked: Share) -> tuple[str, ...]:
    """Return a warning where a release that stands already has another share than is asked for."""
    if present.rollout.share == asked:
        return ()
    return (f"{present.channel}/{present.board} keeps its share: `slotcast rollout` changes that",)


def next_release(previous: Manifest | None) -> int:
    """Return the number of the release after `previous`."""
    return 1 if previous is None else previous.release + 1


def withdrawn_with(
    version: str, previous: Manifest | None, more: Sequence[str] = ()
) -> tuple[str, ...]:
    """Return what stays withdrawn where `version` is offered: the highest that there is room for.

    Those above it are what boards leave for it; the others are never offered again.

    Raises:
        SettingsError: there is no room for all that boards are to leave.
    """
    gone = {*(previous.withdrawn if previous else ()), *more} - {version}
    ordered = sorted(gone, key=Version.parse, reverse=True)
    if any(Version.parse(one) > Version.parse(version) for one in ordered[MAX_WITHDRAWN:]):
        message = f"more than {MAX_WITHDRAWN} versions would be withdrawn at once"
        raise SettingsError(message, "release a version above them")
    return tuple(ordered[:MAX_WITHDRAWN])


def read_version(text: str) -> Version:
    """Read a version as a person types it; SettingsError when it is none."""
    try:
        return Version.parse(text)
    except ValueError as error:
        raise SettingsError(str(error), "a version is X.Y.Z, such as 1.4.3") from None


def dropped_steps(manifest: Manifest, previous: Manifest | None) -> tuple[str, ...]:
    """Return a warning where the release leads older boards by no other, and the last one did."""
    needed = previous.min_version if previous else None
    if previous is None or manifest.min_version is not None or needed is None:
        return ()
    return (
        f"no --min-version: boards below {needed}, which {previous.version} sent to {needed} "
        f"first, now go straight to {manifest.version}",
    )


def towards(manifest: Manifest, stone: Manifest) -> Manifest:
    """Return a stone that is as urgent as the release, and lifts failures only if that does."""
    lifts = manifest.retry_failed
    release = manifest.release if lifts else stone.release
    return replace(stone, mandatory=manifest.mandatory, retry_failed=lifts, release=release)


def verify_follows(manifest: Manifest, previous: Manifest) -> None:
    """Refuse a release that boards on this channel would not, or must not, take."""
    where = f"{manifest.channel}/{manifest.board}"
    if Version.parse(manifest.version) <= Version.parse(previous.version):
        message = f"version {manifest.version} does not follow {previous.version} on {where}"
        raise SettingsError(message, f"a release needs a version above {previous.version}")
    if manifest.version in previous.withdrawn:
        message = f"version {manifest.version} is withdrawn on {where}"
        raise SettingsError(message, "a release needs a version that is not")
    if manifest.security_version < previous.security_version:
        raise SettingsError(
            f"security_version {manifest.security_version} is below "
            f"{previous.security_version}, which {where} has released",
            "boards that confirmed it would refuse this; raise it in slotcast.toml",
        )


def _relied(repository: Repository, offer: Offer) -> set[str]:
    """Return the payloads and images that an offer names, and what it replaces does not."""
    targets = repository.targets().targets.items()
    named = {hashed_path(name, target.hashes["sha256"]) for name, target in targets}
    stones = [stone for stone in offer.stones if _stone_file(stone).path not in named]
    wanted = {path for one in (offer.manifest, *stones) for path in one.objects}
    return wanted - set(offer.before.objects if offer.before else ())


def _offering(offer: Offer) -> Offering:
    stones = {stone.version: stone.to_bytes() for stone in offer.stones}
    manifest = offer.manifest
    with naming(offer.where):
        return Offering(manifest.channel, manifest.board, manifest.to_bytes(), stones)


def _files(offer: Offer) -> list[File]:
    manifest = offer.manifest
    data = manifest.to_bytes()
    path = manifest_path(manifest.channel, manifest.board, hashlib.sha256(data).hexdigest())
    small = version_json_path(manifest.channel, manifest.board)
    return [
        File(Kind.MANIFEST, path, data),
        File(Kind.VERSION_JSON, small, version_json(manifest)),
        *map(_stone_file, offer.stones),
    ]


def _stone_file(stone: Manifest) -> File:
    data = stone.to_bytes()
    name = stone_name(stone.channel, stone.board, stone.version)
    return File(Kind.MANIFEST, hashed_path(name, hashlib.sha256(data).hexdigest()), data)
