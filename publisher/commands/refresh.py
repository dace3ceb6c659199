"""`slotcast refresh`: sign anew what is about to expire, and nothing else."""

from __future__ import annotations

from publisher.arguments import Arguments
from publisher.commands import Context, Result
from publisher.commands.offering import open_signing
from publisher.commands.product import Product, find_settings
from publisher.commands.publishing import carry_out, outcome_data, plan_table, planned_line
from publisher.errors import VerificationError
from publisher.plan import make_plan
from publisher.renewal import expiry_warnings, has_expired, role_to_renew
from publisher.seen import SeenFile
from publisher.settings import load_settings


def run(arguments: Arguments, context: Context) -> Result:
    """Renew what is due, with what names it; exits with 1 if what is left has expired."""
    _verify_memory(arguments)
    product = open_signing(arguments, context)
    repository, settings = product.repository, product.settings
    due = role_to_renew(repository, settings.expiry_days, context.now, arguments.targets)
    if due:
        repository.renew(due)
    for warning in expiry_warnings(repository, context.now):
        context.warn(warning)
    plan = make_plan(settings.product, repository.edited, product.view.stored)
    roles = [write.kind.word for write in plan.writes]
    code = 1 if has_expired(repository, context.now) else 0
    data: dict[str, object] = {"renewed": roles, "expires": _expires(product)}
    if not due:
        return Result([f"nothing to do: {_left(product, context)}"], data, code)
    if arguments.dry_run:
        data["writes"] = plan.to_list()
        return Result([planned_line(plan), plan_table(plan)], data, code)
    outcome = carry_out(plan, product, context, "the new metadata")
    line = f"{', '.join(roles)} signed anew: {_left(product, context)}"
    return Result([line], {**data, **outcome_data(outcome)}, code)


def _verify_memory(arguments: Arguments) -> None:
    """Refuse without a memory: a job that signs by itself would keep a rolled-back store alive."""
    settings = load_settings(find_settings(arguments))
    if not SeenFile(settings.directory, settings.root_sha256).read().versions:
        message = "this machine has no memory of the product (.slotcast/seen.json)"
        hint = "compare `slotcast status` with what was released last: that makes one; then keep it"
        raise VerificationError(f"{message}, so it cannot tell a store that was rolled back", hint)


def _expires(product: Product) -> dict[str, str]:
    states = product.repository.states()
    return {state.role: f"{state.expires:%Y-%m-%dT%H:%M:%SZ}" for state in states}


def _left(product: Product, context: Context) -> str:
    states = product.repository.states()
    days = [f"{state.role} {(state.expires - context.now).days}" for state in states]
    return f"days left: {', '.join(days)}"
