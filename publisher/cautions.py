"""What a release engineer may not have meant: an image taken back before, a channel mistyped.

A board knows an image by its digest, whatever version it is offered as: one that runs it already is
current, and installs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from publisher.errors import SettingsError
from publisher.fleet import Fleet
from publisher.layout import parse_offer
from publisher.manifest import Manifest
from publisher.offers import Offer
from publisher.repository import Repository
from publisher.rollout_words import words
from publisher.stones import ask_history
from publisher.versions import Version

_ANYWAY = (
    "boards that run it would stay as they are, and others would take it: build the one that "
    "mends it; or --withdrawn-image, if the image was not at fault"
)


def with_image_cautions(
    fleet: Fleet, offers: Iterable[Offer], withdrawn_image: bool = False
) -> list[Offer]:
    """Return offers with warnings where an image was offered under another version before.

    It looks as far back as `Fleet.supported` does.

    Args:
        withdrawn_image: an image that was withdrawn may be offered again.

    Raises:
        SettingsError: an image was withdrawn there, and may not be.
        StoreError, VerificationError: what was offered cannot be read.
    """
    return [_with_cautions(fleet, offer, withdrawn_image) for offer in offers]


def channel_cautions(repository: Repository, channel: str) -> tuple[str, ...]:
    """Return a warning where a channel has never offered anything, while others have.

    It is to be asked before the repository is edited; no offer ever goes away.
    """
    known = {parse_offer(name)[0] for name in repository.offered()}
    if channel in known or not known:
        return ()
    verb = "is" if len(known) == 1 else "are"
    return (f"{channel} is a new channel (there {verb} {', '.join(sorted(known))})",)


def with_stage_cautions(fleet: Fleet, offers: Iterable[Offer]) -> list[Offer]:
    """Return offers with warnings of boards that wait on what is withdrawn, and of a pause's end.

    A release in stages holds back the boards of a withdrawn version as it does all others
    (manifests/repository.md).
    """
    return [
        replace(offer, warnings=(*offer.warnings, *_pause_ends(offer), *_waiting(fleet, offer)))
        for offer in offers
    ]


def ask_channel(repository: Repository, channel: str) -> str:
    """Return a hint for who names a version that a channel has never had, or no such channel."""
    known = {parse_offer(name)[0] for name in repository.offered()}
    if channel in known:
        return ask_history(channel)
    there = f"there is: {', '.join(sorted(known))}" if known else "nothing was released yet"
    return f"there is no channel {channel}; {there}"


def _pause_ends(offer: Offer) -> list[str]:
    before, after = offer.before, offer.manifest
    if before is None or not before.paused or after.paused or before.version == after.version:
        return []
    whom = words(after, " of boards")
    return [
        f"{offer.where}: {before.version} was paused; {after.version} is not: it goes to {whom}"
    ]


def _waiting(fleet: Fleet, offer: Offer) -> list[str]:
    manifest = offer.manifest
    known = fleet.settings.boards.get(manifest.board)
    since = Version.parse((known.supported_since if known else "") or "0.0.0")
    gone = sorted(one for one in map(Version.parse, manifest.withdrawn) if one >= since)
    if not gone or manifest.is_for_all_at(fleet.repository.now):
        return []
    verb, them = ("is", "it") if len(gone) == 1 else ("are", "them")
    what = f"{', '.join(map(str, gone))}, which {verb} withdrawn"
    return [f"{offer.where}: boards on {what}, stay on {them} until it is their turn"]


def _with_cautions(fleet: Fleet, offer: Offer, withdrawn_image: bool) -> Offer:
    manifest = offer.manifest
    if not offer.is_new:
        return offer
    supported = fleet.supported(manifest.channel, manifest.board)
    same = _others(manifest, supported.releases)
    gone = [version for version in same if version in supported.withdrawn]
    if gone and not withdrawn_image:
        message = f"{_told(offer, gone)}, which was withdrawn there"
        raise SettingsError(message, _ANYWAY)
    if not same or manifest.retry_failed:  # that takes the image which boards gave up before
        return offer
    warning = f"{_told(offer, same)}: boards that run it count as current, and install nothing"
    return replace(offer, warnings=(*offer.warnings, warning))


def _others(manifest: Manifest, releases: Iterable[Manifest]) -> list[str]:
    """Return other versions that the image was offered as, the oldest first."""
    same = (one for one in releases if one.image_digest == manifest.image_digest)
    return sorted({one.version for one in same} - {manifest.version}, key=Version.parse)


def _told(offer: Offer, versions: Sequence[str]) -> str:
    names = ", ".join(versions)
    return f"the image of {offer.manifest.version} is that of {names} on {offer.where}"
