"""Taking one delta out of an offer: boards that run its base take the full payload instead."""

from __future__ import annotations

from dataclasses import replace

from publisher.errors import SettingsError
from publisher.manifest import DeltaEntry, Manifest
from publisher.offers import Offer, present_offer
from publisher.publish import View
from publisher.repository import Repository
from publisher.stones import History

_LEAST_DIGITS = 8


def prepare_yank(
    repository: Repository, view: View, channel: str, board: str, base: str
) -> tuple[Offer, DeltaEntry]:
    """Return the present offer without the delta from a base, and that delta.

    Args:
        base: the version that boards run, or the first digits of its image_digest, in hex.

    Raises:
        SettingsError: nothing is offered there, or no such delta.
        VerificationError: what is offered is missing from the store, or is not what was signed.
    """
    offer = present_offer(repository, channel, board)
    digests = _digests(History(repository, view, channel, board), base)
    found = [entry for entry in offer.manifest.deltas if entry.base.startswith(digests)]
    if len(found) != 1:
        raise SettingsError(*_refusal(offer, base, len(found)))
    return replace(offer, manifest=_without(offer.manifest, found[0])), found[0]


def _digests(history: History, base: str) -> tuple[str, ...]:
    """Return how the digest may begin: those of all images that were released as that version."""
    released = {one.image_digest for one in history.offers() if one.version == base}
    is_digest = len(base) >= _LEAST_DIGITS and not set(base.lower()) - set("0123456789abcdef")
    return (*released, *([base.lower()] if is_digest else []))


def _refusal(offer: Offer, base: str, count: int) -> tuple[str, str]:
    what = f"{offer.manifest.version} on {offer.where}"
    bases = ", ".join(entry.base[:_LEAST_DIGITS] for entry in offer.manifest.deltas) or "none"
    number = "more than one delta" if count else "no delta"
    return f"{what} has {number} from {base}", f"digests that it has deltas from: {bases}"


def _without(manifest: Manifest, gone: DeltaEntry) -> Manifest:
    return replace(manifest, payloads=tuple(one for one in manifest.payloads if one != gone))
