"""`slotcast withdraw`: take a release back."""

from __future__ import annotations

from publisher.arguments import Arguments
from publisher.commands import Context, Result
from publisher.commands.offering import open_signing, publish_offers
from publisher.commands.retry import retried
from publisher.offers import Offer
from publisher.withdrawal import prepare_withdrawals


@retried
def run(arguments: Arguments, context: Context) -> Result:
    """Offer what takes its place, and say that boards may go down to that."""
    product = open_signing(arguments, context)
    version = arguments.version
    offers = prepare_withdrawals(
        product.repository,
        product.view,
        arguments.channel,
        arguments.any_board,
        version,
        arguments.to_version,
    )
    lines = [_said(offer, version) for offer in offers]
    return publish_offers(product, offers, lines, arguments, context)


def _said(offer: Offer, version: str) -> str:
    to = offer.manifest.version
    return f"{version} on {offer.where} is withdrawn: boards that run it go to {to}"
