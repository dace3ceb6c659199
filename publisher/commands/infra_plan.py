"""`slotcast infra plan`: what apply would change; nothing stays behind."""

from __future__ import annotations

from publisher.arguments import Arguments
from publisher.commands import Context, Result
from publisher.commands.infra_planning import (
    Planned,
    drop,
    dropping,
    prepare,
    verify_let_go,
    verify_templates,
)
from publisher.commands.infra_site import Site, open_site, tell_file
from publisher.infra.errors import GuardError
from publisher.infra.losses.guard import verify_losses


def run(arguments: Arguments, context: Context) -> Result:
    """Show what would become of each stack; exit with 1 if apply would refuse."""
    site = open_site(arguments, context)
    tell_file(site, arguments)
    verify_templates(site)
    verify_let_go(site, arguments.let_go)
    plans = [_plan(site, kind) for kind in site.kinds]
    text = [line for plan in plans for line in plan.lines()]
    refused = _refused(plans, arguments)
    data = {"stacks": [plan.to_dict() for plan in plans], "refused": refused}
    if refused:
        text.append(f"`slotcast infra apply` would refuse this: {', '.join(refused)}")
    return Result(text, data, exit_code=1 if refused else 0)


def _plan(site: Site, kind: str) -> Planned:
    plan = prepare(site, kind)
    with dropping(site, plan):  # again, where Ctrl-C comes in between
        drop(site, plan)
    return plan


def _refused(plans: list[Planned], arguments: Arguments) -> list[str]:
    """Return the stacks that apply would not touch."""
    found = []
    for plan in plans:
        try:
            verify_losses(plan.losses, arguments.let_go)
        except GuardError:
            found.append(plan.name)
    return found
