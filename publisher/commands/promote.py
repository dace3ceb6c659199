"""`slotcast promote`: release on a channel what another has released."""

from __future__ import annotations

from publisher.arguments import Arguments
from publisher.cautions import channel_cautions, with_image_cautions, with_stage_cautions
from publisher.commands import Context, Result
from publisher.commands.offering import open_signing, publish_offers
from publisher.commands.retry import retried
from publisher.commands.shares import asked_share
from publisher.offers import Offer
from publisher.promotion import prepare_promotion
from publisher.rollout import Share
from publisher.rollout_words import words


@retried
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
        asked_share(arguments, Share()),
    )
    for warning in channel_cautions(product.repository, arguments.to_channel):
        context.warn(warning)
    offers = with_image_cautions(product.fleet, offers, arguments.withdrawn_image)
    offers = with_stage_cautions(product.fleet, offers)
    lines = [_said(offer, arguments.from_channel) for offer in offers]
    return publish_offers(product, offers, lines, arguments, context)


def _said(offer: Offer, source: str) -> str:
    manifest = offer.manifest
    whom = words(manifest, " of boards")
    if not offer.is_new:
        paused = ", and paused" if manifest.paused else ""
        return f"{manifest.version} is on {offer.where} already, for {whom}{paused}"
    what = f"{manifest.version} (release {manifest.release})"
    return f"promoted {what} from {source} to {offer.where}, for {whom}"
