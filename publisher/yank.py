"""Taking one delta out of an offer: boards that run its base take the full payload instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from publisher.errors import SettingsError
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
    digests = _digests(offers, base)
    found = _find(offer.manifest, digests)
    if len(found) == 1:
        return Yank(replace(offer, manifest=_without(offer.manifest, found[0])), found[0])
    gone = [entry for one in _same_release(offers, offer) for entry in _find(one, digests)]
    if found or not gone:
        raise SettingsError(*_refusal(offer, offers, base, len(found)))
    return Yank(offer, gone[0])


def _find(manifest: Manifest, digests: tuple[str, ...]) -> list[DeltaEntry]:
    return [entry for entry in manifest.deltas if entry.base.startswith(digests)]


def _same_release(offers: Sequence[Manifest], offer: Offer) -> list[Manifest]:
    """Return what the offer looked like before, since it was released."""
    return [one for one in offers if one.release == offer.manifest.release]


def _digests(offers: Sequence[Manifest], base: str) -> tuple[str, ...]:
    """Return how the digest may begin: those of all images that were released as that version."""
    released = {one.image_digest for one in offers if one.version == base}
    is_digest = len(base) >= _LEAST_DIGITS and not set(base.lower()) - set("0123456789abcdef")
    return (*released, *([base.lower()] if is_digest else []))


def _refusal(offer: Offer, offers: Sequence[Manifest], base: str, count: int) -> tuple[str, str]:
    what = f"{offer.manifest.version} on {offer.where}"
    names = {one.image_digest: one.version for one in offers}
    deltas = offer.manifest.deltas
    if count:  # of several images of one version
        names = {}
    bases = ", ".join(names.get(one.base, one.base[:_LEAST_DIGITS]) for one in deltas) or "none"
    number = "more than one delta" if count else "no delta"
    return f"{what} has {number} from {base}", f"it has deltas from: {bases}"


def _without(manifest: Manifest, gone: DeltaEntry) -> Manifest:
    return replace(manifest, payloads=tuple(one for one in manifest.payloads if one != gone))
