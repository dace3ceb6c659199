"""`slotcast refresh`: sign anew what is about to expire, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

from publisher.arguments import Arguments
from publisher.commands import Context, Result
from publisher.commands.offering import open_signing
from publisher.commands.product import Product
from publisher.commands.publishing import carry_out, outcome_data, planned, told
from publisher.commands.retry import retried
from publisher.commands.through_edge import edge_check
from publisher.iso_time import iso
from publisher.plan import Plan, make_plan
from publisher.publish import Outcome
from publisher.upkeep.renewal import expiry_warnings, has_expired, role_to_renew
from publisher.upkeep.whole import verify_whole


@retried
def run(arguments: Arguments, context: Context) -> Result:
    """Renew what is due, with what names it; exits with 1 if something has expired or is lost."""
    # A job that signs by itself would keep a store alive that was rolled back.
    product = open_signing(arguments, context, needs_memory=True)
    repository, settings = product.repository, product.settings
    due = role_to_renew(repository, settings.expiry_days, context.now, arguments.targets)
    lost = verify_whole(repository, product.store, settings.product) if due else []
    if due:
        repository.renew(due)
    for warning in (*lost, *expiry_warnings(repository, context.now)):
        context.warn(warning)
    plan = make_plan(settings.product, repository.edited, product.view.stored)
    roles = [write.kind.word for write in plan.writes]
    code = 1 if lost or has_expired(repository, context.now) else 0
    data: dict[str, object] = {"renewed": roles, "expires": _expires(product)}
    if not due:
        nothing = f"nothing to do: {_left(product, context)}"
        data |= outcome_data(Outcome((), ()))
        return Result([nothing], data, code, _look(product, arguments, context))
    if arguments.dry_run:
        return planned(plan, product.store, data, [f"{', '.join(roles)} signed anew"], code)
    done = carry_out(plan, product, arguments, context, "the new metadata")
    line = f"{', '.join(roles)} signed anew: {_left(product, context)}"
    return told(done, [line], {**data, **outcome_data(done.outcome)}, code)


def _look(product: Product, arguments: Arguments, context: Context) -> Callable[[], None]:
    """Return what looks through the edge at the timestamp, if asked to: a job finds out by it."""
    what, nothing = "the present metadata", Plan(())
    return edge_check(nothing, product.store, product.settings, arguments, context, what)


def _expires(product: Product) -> dict[str, str]:
    states = product.repository.states()
    return {state.role: iso(state.expires) for state in states}


def _left(product: Product, context: Context) -> str:
    states = product.repository.states()
    days = [f"{state.role} {(state.expires - context.now).days}" for state in states]
    return f"days left: {', '.join(days)}"
