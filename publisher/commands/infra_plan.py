"""`slotcast infra plan`: what apply would change; nothing stays behind."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from publisher.arguments import Arguments
from publisher.commands import Context, Result
from publisher.commands.infra_planning import (
    Planned,
    drop,
    dropping,
    prepare,
    verify_let_go,
    verify_templates,
    verify_there,
)
from publisher.commands.infra_site import Site, open_site, tell_file
from publisher.infra.errors import InfraError
from publisher.infra.losses.guard import verify_losses


def run(arguments: Arguments, context: Context) -> Result:
    """Show what would become of each stack; exit with 1 if apply would refuse."""
    site = open_site(arguments, context)
    tell_file(site, arguments)
    verify_templates(site)
    verify_let_go(site, arguments.let_go)
    plans = [_plan(site, kind) for kind in site.kinds]
    text = [line for plan in plans for line in plan.lines()]
    refused = dict(_refused(plans, arguments.let_go))
    data = {"stacks": [plan.to_dict() for plan in plans], "refused": list(refused)}
    if refused:
        text.append(f"`slotcast infra apply` would refuse this: {', '.join(refused)}")
        text += [f"hint: {hint}" for hint in dict.fromkeys(refused.values())]
    return Result(text, data, exit_code=1 if refused else 0)


def _plan(site: Site, kind: str) -> Planned:
    plan = prepare(site, kind)
    with dropping(site, plan):  # again, where Ctrl-C comes in between
        drop(site, plan)
    return plan


def _refused(plans: Sequence[Planned], let_go: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield the stacks that apply would not touch, each with what to do."""
    kinds = {plan.kind for plan in plans}
    for plan in plans:
        try:
            if not (plan.change_set or "ota" in kinds):
                verify_there(plan)
            verify_losses(plan.losses, let_go)
        except InfraError as error:
            yield plan.name, error.hint
