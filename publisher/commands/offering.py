"""Publishing offers that are prepared: what promote, rollout, pause, resume and withdraw share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from publisher.arguments import Arguments
from publisher.cautions import ask_channel, with_stage_cautions
from publisher.commands import Context, Result
from publisher.commands.product import Product, open_product
from publisher.commands.publishing import (
    carry_out,
    planned,
    published,
    verify_may_sign,
)
from publisher.errors import SettingsError
from publisher.manifest import Manifest
from publisher.offers import Offer, plan_offers, present_offer


def change(
    arguments: Arguments,
    context: Context,
    edit: Callable[[Manifest], Manifest],
    say: Callable[[Offer], str],
) -> Result:
    """Change what a channel offers a board, or all of its boards in one transaction.

    Args:
        edit: returns the manifest to offer instead of the present one.
        say: puts into words what was done.
    """
    product = open_signing(arguments, context)
    boards = [arguments.any_board] if arguments.any_board else _boards(product, arguments.channel)
    offers = [present_offer(product.repository, arguments.channel, board) for board in boards]
    offers = [replace(offer, manifest=edit(offer.manifest)) for offer in offers]
    offers = with_stage_cautions(product.fleet, offers)
    return publish_offers(product, offers, list(map(say, offers)), arguments, context)


def open_signing(arguments: Arguments, context: Context, needs_memory: bool = False) -> Product:
    """Open the product for signing on top of what is published; see open_product."""
    product = open_product(arguments, context, needs_memory=needs_memory)
    for warning in verify_may_sign(product, arguments, context):
        context.warn(warning)
    return product


def publish_offers(
    product: Product,
    offers: Sequence[Offer],
    lines: Sequence[str],
    arguments: Arguments,
    context: Context,
) -> Result:
    """Publish offers in one transaction, or print what would be written."""
    proofs = product.fleet.prove(offers)
    plan = plan_offers(product.fleet, offers)
    warnings = [warning for offer in offers for warning in offer.warnings]
    warnings += [warning for proof in proofs for warning in proof.warnings]
    for warning in (*warnings, *product.repository.warnings):
        context.warn(warning)
    manifests = [offer.manifest.to_fields() for offer in offers]
    fields = {
        "new": any(offer.is_new for offer in offers),
        "manifests": manifests,
        "proofs": [proof.to_dict() for proof in proofs],
    }
    lines = [*lines, *(line for proof in proofs for line in proof.lines)]
    if arguments.dry_run:
        return planned(plan, product.store, fields, lines)
    return published(carry_out(plan, product, arguments, context, "the change"), fields, lines)


def _boards(product: Product, channel: str) -> list[str]:
    boards = product.repository.boards(channel)
    if not boards:
        hint = ask_channel(product.repository, channel)
        raise SettingsError(f"nothing is offered on {channel}", hint)
    return boards
