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
    verify_there,
)
from publisher.commands.infra_site import Site, open_site, tell, tell_file
from publisher.errors import SettingsError
from publisher.infra.cloudformation import change_sets
from publisher.infra.cloudformation.change_sets import ChangeSet
from publisher.infra.cloudformation.stacks import Stack
from publisher.infra.losses.guard import lacks_protection, verify_losses

_DONE = {
    "create": "created",
    "update": "changed",
    "protect": "protected",
    "nothing": "nothing to do",
}


def run(arguments: Arguments, context: Context) -> Result:
    """Do one stack after the other, and end with what slotcast.toml needs of them."""
    site = open_site(arguments, context)
    tell_file(site, arguments)
    verify_templates(site)
    verify_let_go(site, arguments.let_go)
    done = {kind: _apply(site, kind, arguments) for kind in site.kinds}
    return outputs_result(site, done)


def _apply(site: Site, kind: str, arguments: Arguments) -> str:
    """Bring one stack to what infra.toml says; return what was done."""
    plan = prepare(site, kind)
    change_set = verify_there(plan)
    with dropping(site, plan):
        if plan.state != "nothing":
            tell(site.context, plan.lines())
        verify_losses(plan.losses, arguments.let_go)
        if not (change_set.is_empty or arguments.yes):
            _ask(site.context, plan)
    _carry_out(site, plan, change_set)
    what = _DONE[plan.state]
    site.context.note(f"{plan.name}: {what}")
    return what


def _ask(context: Context, plan: Planned) -> None:
    typed = context.confirm(f'{plan.name}: do that? Type "yes": ')
    if typed.strip().lower() != "yes":
        raise SettingsError(f"{plan.name} was not changed")


def _carry_out(site: Site, plan: Planned, change_set: ChangeSet) -> None:
    if change_set.is_empty:
        with dropping(site, plan):  # again, where Ctrl-C comes in between
            drop(site, plan)
        _protect(site, plan, plan.stack)
        return
    stacks = site.stacks(plan.kind)
    with dropping(site, plan):
        watch = change_sets.begin(stacks, change_set)
    try:
        _protect(site, plan, change_sets.finish(stacks, change_set, watch))
    except KeyboardInterrupt:
        site.context.warn(_goes_on(plan))
        raise


def _protect(site: Site, plan: Planned, stack: Stack | None) -> None:
    if lacks_protection(plan.kind, stack):
        site.stacks(plan.kind).protect(plan.name, True)


def _goes_on(plan: Planned) -> str:
    """Return what Ctrl-C does not stop, and what it leaves undone."""
    says = f"CloudFormation goes on with {plan.name}: `slotcast infra outputs`"
    if not plan.protects:
        return says
    return f"{says}; once it is done, `slotcast infra apply` again, which protects it"
