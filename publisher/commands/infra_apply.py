"""`slotcast infra apply`: create or update the stacks, after showing what would change."""

from __future__ import annotations

from publisher.arguments import Arguments
from publisher.commands import Context, Result
from publisher.commands.infra_outputs import outputs_result
from publisher.commands.infra_planning import (
    Planned,
    drop,
    dropping,
    prepare,
    verify_let_go,
    verify_templates,
)
from publisher.commands.infra_site import Site, open_site, tell
from publisher.errors import SettingsError
from publisher.infra.cloudformation import change_sets
from publisher.infra.cloudformation.stacks import Stack
from publisher.infra.errors import InfraError
from publisher.infra.guard import PROTECTED, verify_losses

_DONE = {"create": "created", "update": "changed", "nothing": "nothing to do"}


def run(arguments: Arguments, context: Context) -> Result:
    """Do one stack after the other, and end with what slotcast.toml needs of them."""
    site = open_site(arguments, context)
    verify_templates(site)
    verify_let_go(site, arguments.let_go)
    done = {kind: _apply(site, kind, arguments) for kind in site.kinds}
    return outputs_result(site, done)


def _apply(site: Site, kind: str, arguments: Arguments) -> str:
    """Bring one stack to what infra.toml says; return what was done."""
    plan = prepare(site, kind)
    if plan.change_set is None:
        raise InfraError(f"{plan.name} needs {plan.needs}", "`slotcast infra apply ota`")
    with dropping(site, plan):
        if plan.state != "nothing":
            tell(site.context, plan.lines())
        verify_losses(plan.losses, arguments.let_go)
        if plan.state != "nothing" and not arguments.yes:
            _ask(site.context, plan)
    stack = _carry_out(site, plan)
    if kind in PROTECTED and stack is not None and not stack.is_protected:
        site.stacks(kind).protect(stack.name, True)
    what = _DONE[plan.state]
    site.context.note(f"{plan.name}: {what}")
    return what


def _ask(context: Context, plan: Planned) -> None:
    typed = context.confirm(f'{plan.name}: do that? Type "yes": ')
    if typed.strip().lower() != "yes":
        raise SettingsError(f"{plan.name} was not changed")


def _carry_out(site: Site, plan: Planned) -> Stack | None:
    if plan.change_set is None or plan.change_set.is_empty:
        with dropping(site, plan):  # again, where Ctrl-C comes in between
            drop(site, plan)
        return plan.stack
    stacks = site.stacks(plan.kind)
    with dropping(site, plan):
        watch = change_sets.begin(stacks, plan.change_set)
    try:
        return change_sets.finish(stacks, plan.change_set, watch)
    except KeyboardInterrupt:
        site.context.warn(f"CloudFormation goes on with {plan.name}: `slotcast infra outputs`")
        raise
