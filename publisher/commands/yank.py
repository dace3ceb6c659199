"""`slotcast yank`: take one delta out of what is offered."""

from __future__ import annotations

from publisher.arguments import Arguments
from publisher.commands import Context, Result
from publisher.commands.offering import open_signing, publish_offers
from publisher.commands.retry import retried
from publisher.yank import prepare_yank


@retried
def run(arguments: Arguments, context: Context) -> Result:
    """Offer the same release without that delta."""
    product = open_signing(arguments, context)
    repository, view = product.repository, product.view
    whom = (arguments.channel, arguments.board)
    offer, delta = prepare_yank(repository, view, *whom, arguments.base_image)
    line = (
        f"{offer.manifest.version} on {offer.where} has no delta from {arguments.base_image} any "
        f"more ({delta.length:,} bytes): boards that run it take {offer.manifest.full.length:,}"
    )
    return publish_offers(product, [offer], [line], arguments, context)
