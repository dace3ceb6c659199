"""`slotcast refresh`: sign anew what is about to expire, and nothing else."""

from __future__ import annotations

from publisher.arguments import Arguments
from publisher.commands import Context, Result
from publisher.commands.offering import open_signing
from publisher.commands.product import Product
from publisher.commands.publishing import carry_out, outcome_data, plan_table, planned_line
from publisher.plan import make_plan
from publisher.renewal import expiry_warnings, role_to_renew


def run(arguments: Arguments, context: Context) -> Result:
    """Renew what is due, with what names it; exits with 0 where nothing is."""
    product = open_signing(arguments, context)
    repository, settings = product.repository, product.settings
    for warning in expiry_warnings(repository, context.now):
        context.warn(warning)
    due = role_to_renew(repository, settings.expiry_days, context.now, arguments.targets)
    if due:
        repository.renew(due)
    plan = make_plan(settings.product, repository.edited, product.view.stored)
    roles = [write.kind.word for write in plan.writes]
    line = f"{', '.join(roles)} signed anew" if due else "nothing to do"
    if arguments.dry_run:
        data = {"renewed": roles, "expires": _expires(product), "writes": plan.to_list()}
        return Result([planned_line(plan), plan_table(plan)] if due else [line], data)
    outcome = carry_out(plan, product, context, "the new metadata") if due else None
    data = {"renewed": roles, "expires": _expires(product)}
    return Result(
        [f"{line}: {_left(product, context)}"], data | (outcome_data(outcome) if outcome else {})
    )


def _expires(product: Product) -> dict[str, str]:
    states = product.repository.states()
    return {state.role: f"{state.expires:%Y-%m-%dT%H:%M:%SZ}" for state in states}


def _left(product: Product, context: Context) -> str:
    states = product.repository.states()
    days = [f"{state.role} {(state.expires - context.now).days}" for state in states]
    return f"days left: {', '.join(days)}"
