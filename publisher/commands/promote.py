"""`slotcast promote`: release on a channel what another has released."""

from __future__ import annotations

from publisher.arguments import Arguments
from publisher.commands import Context, Result
from publisher.commands.offering import open_signing, publish_offers
from publisher.offers import Offer
from publisher.promotion import prepare_promotion


def run(arguments: Arguments, context: Context) -> Result:
    """Release it there for all kinds of boards at once."""
    product = open_signing(arguments, context)
    offers = prepare_promotion(
        product.settings,
        product.repository,
        product.view,
        arguments.version,
        (arguments.from_channel, arguments.to_channel),
        arguments.only_boards,
        arguments.basis_points,
    )
    for offer in offers:
        if not offer.is_new and offer.manifest.rollout.basis_points != arguments.basis_points:
            context.warn(f"{offer.where} keeps its share: `slotcast rollout` changes that")
    lines = [_said(offer, arguments.from_channel) for offer in offers]
    return publish_offers(product, offers, lines, arguments, context)


def _said(offer: Offer, source: str) -> str:
    manifest = offer.manifest
    percent = f"{manifest.rollout.percent} of boards"
    if not offer.is_new:
        paused = ", and paused" if manifest.paused else ""
        return f"{manifest.version} is on {offer.where} already, for {percent}{paused}"
    what = f"{manifest.version} (release {manifest.release})"
    return f"promoted {what} from {source} to {offer.where}, for {percent}"
