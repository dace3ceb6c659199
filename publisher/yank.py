"""Taking one delta out of an offer: boards that run its base take the full payload instead.

A release that was promoted brings along deltas from what only the channel before it released: a
base is named by its version on any channel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from publisher.errors import SettingsError
from publisher.layout import parse_offer
from publisher.manifest import DeltaEntry, Manifest
from publisher.offers import Offer, present_offer
from publisher.publish import View
from publisher.repository import Repository
from publisher.stones import History

_LEAST_DIGITS = 8


@dataclass(frozen=True)
class Yank:
    """An offer without a delta, and that delta; the present offer where that is out already."""

    offer: Offer
    delta: DeltaEntry


def prepare_yank(repository: Repository, view: View, channel: str, board: str, base: str) -> Yank:
    """Return the present offer without the delta from a base.

    Args:
        base: the version that boards run, or the first digits of its image_digest, in hex.

    Raises:
        SettingsError: nothing is offered there, or no such delta, nor was it for this release.
        VerificationError: what is offered is missing from the store, or is not what was signed.
    """
    offer = present_offer(repository, channel, board)
    offers = list(History(repository, view, channel, board).offers())
    images = _images(repository, view, channel, board, offers)
    digests = _digests(images, base)
    found = _find(offer.manifest, digests)
    if len(found) == 1:
        return Yank(replace(offer, manifest=_without(offer.manifest, found[0])), found[0])
    gone = [entry for one in _same_release(offers, offer) for entry in _find(one, digests)]
    if found or not gone:
        raise SettingsError(*_refusal(offer, images, base, len(found)))
    return Yank(offer, gone[0])


def _find(manifest: Manifest, digests: tuple[str, ...]) -> list[DeltaEntry]:
    return [entry for entry in manifest.deltas if entry.base.startswith(digests)]


def _same_release(offers: Sequence[Manifest], offer: Offer) -> list[Manifest]:
    """Return what the offer looked like before, since it was released."""
    return [one for one in offers if one.release == offer.manifest.release]


def _images(
    repository: Repository, view: View, channel: str, board: str, offers: Sequence[Manifest]
) -> dict[str, set[str]]:
    """Return the versions by image_digest: of a board's offers on all channels.

    Args:
        offers: those on its own channel.
    """
    others = sorted({parse_offer(name)[0] for name in repository.offered()} - {channel})
    elsewhere = [one for name in others for one in History(repository, view, name, board).offers()]
    images: dict[str, set[str]] = {}
    for one in (*offers, *elsewhere):
        images.setdefault(one.image_digest, set()).add(one.version)
    return images


def _digests(images: Mapping[str, set[str]], base: str) -> tuple[str, ...]:
    """Return how the digest may begin: those of all images that were released as that version."""
    released = [digest for digest, versions in images.items() if base in versions]
    is_digest = len(base) >= _LEAST_DIGITS and not set(base.lower()) - set("0123456789abcdef")
    return (*released, *([base.lower()] if is_digest else []))


def _refusal(
    offer: Offer, images: Mapping[str, set[str]], base: str, count: int
) -> tuple[str, str]:
    what = f"{offer.manifest.version} on {offer.where}"
    deltas = offer.manifest.deltas
    if not deltas:
        return f"{what} has no deltas", "all boards take its full payload already"
    names = {} if count else images  # versions name nothing where several images have one
    bases = [_name(one.base, names) for one in deltas]
    number = "more than one delta" if count else "no delta"
    return f"{what} has {number} from {base}", f"it has deltas from: {', '.join(bases)}"


def _name(base: str, images: Mapping[str, set[str]]) -> str:
    return min(images.get(base, {base[:_LEAST_DIGITS]}))


def _without(manifest: Manifest, gone: DeltaEntry) -> Manifest:
    return replace(manifest, payloads=tuple(one for one in manifest.payloads if one != gone))
