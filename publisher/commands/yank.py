"""`slotcast yank`: take one delta out of what is offered."""

from __future__ import annotations

from publisher.arguments import Arguments
from publisher.commands import Context, Result
from publisher.commands.offering import open_signing, publish_offers
from publisher.commands.retry import retried
from publisher.yank import Yank, prepare_yank


@retried
def run(arguments: Arguments, context: Context) -> Result:
    """Offer the same release without that delta."""
    product = open_signing(arguments, context)
    repository, view = product.repository, product.view
    whom = (arguments.channel, arguments.board)
    yank = prepare_yank(repository, view, *whom, arguments.base_image)
    line = _said(yank, arguments.base_image)
    return publish_offers(product, [yank.offer], [line], arguments, context)


def _said(yank: Yank, base: str) -> str:
    manifest = yank.offer.manifest
    what = f"{manifest.version} on {yank.offer.where} has no delta from {base}"
    state = f"any more ({yank.delta.length:,} bytes)" if yank.offer.is_new else "already"
    return f"{what} {state}: boards that run {base} take {manifest.full.length:,} bytes"
