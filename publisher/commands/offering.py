"""Publishing offers that are prepared: what promote, rollout, pause, resume and withdraw share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from publisher.arguments import Arguments
from publisher.commands import Context, Result
from publisher.commands.product import Product, open_product
from publisher.commands.publishing import (
    carry_out,
    outcome_data,
    outcome_line,
    plan_table,
    planned_line,
    verify_may_sign,
)
from publisher.manifest import Manifest
from publisher.offers import Offer, change_offer, plan_offers


def change(
    arguments: Arguments,
    context: Context,
    edit: Callable[[Manifest], Manifest],
    say: Callable[[Offer], str],
) -> Result:
    """Change what one channel offers one board; `say` puts what was done into words."""
    product = open_signing(arguments, context)
    offer = change_offer(product.repository, arguments.channel, arguments.board, edit)
    return publish_offers(product, [offer], [say(offer)], arguments, context)


def open_signing(arguments: Arguments, context: Context) -> Product:
    """Open the product for signing on top of what is published."""
    product = open_product(arguments, context)
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
    plan = plan_offers(product.settings.product, product.repository, product.view, offers)
    warnings = [warning for offer in offers for warning in offer.warnings]
    for warning in (*warnings, *product.repository.warnings):
        context.warn(warning)
    manifests = [offer.manifest.to_fields() for offer in offers]
    fields = {"new": any(offer.is_new for offer in offers), "manifests": manifests}
    if arguments.dry_run:
        data = {**fields, "writes": plan.to_list()}
        return Result([*lines, planned_line(plan), plan_table(plan)], data)
    outcome = carry_out(plan, product, context, "the change")
    return Result([*lines, outcome_line(outcome)], {**fields, **outcome_data(outcome)})
