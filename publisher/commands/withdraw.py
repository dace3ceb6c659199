"""`slotcast withdraw`: take a release back."""

from __future__ import annotations

from publisher.arguments import Arguments
from publisher.commands import Context, Result
from publisher.commands.offering import open_signing, publish_offers
from publisher.commands.retry import retried
from publisher.withdrawal import prepare_withdrawal


@retried
def run(arguments: Arguments, context: Context) -> Result:
    """Offer what takes its place, and say that boards may go down to that."""
    product = open_signing(arguments, context)
    offer = prepare_withdrawal(
        product.repository,
        product.view,
        arguments.channel,
        arguments.board,
        arguments.version,
        arguments.to_version,
    )
    version = offer.manifest.version
    line = f"{arguments.version} on {offer.where} is withdrawn: boards that run it go to {version}"
    return publish_offers(product, [offer], [line], arguments, context)
