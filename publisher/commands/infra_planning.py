"""What `infra plan` shows and `infra apply` does: one stack's change set, and its losses."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from difflib import get_close_matches
from secrets import token_hex

from publisher.commands import Table
from publisher.commands.infra_deployer import warn_of_deployer
from publisher.commands.infra_keys import verify_keys
from publisher.commands.infra_site import Site
from publisher.console import plain_lines
from publisher.errors import SettingsError
from publisher.infra import other_accounts
from publisher.infra.arns import account_of
from publisher.infra.cloudformation import change_sets
from publisher.infra.cloudformation.change_sets import ChangeSet
from publisher.infra.cloudformation.resource_changes import HEADER
from publisher.infra.cloudformation.stacks import Stack
from publisher.infra.cloudformation.states import verify_changeable
from publisher.infra.errors import InfraError
from publisher.infra.losses import guard, in_place
from publisher.infra.losses.guard import Loss
from publisher.infra.losses.keys import key_losses
from publisher.infra.losses.parameters import PARAMETERS, parameter_losses
from publisher.infra.rules import broken
from publisher.infra.stack_requests import (
    capabilities,
    importing,
    in_force,
    other_bucket,
    parameters,
    request,
)


@dataclass(frozen=True)
class Planned:
    """What would become of one stack.

    `change_set` is None where another stack comes first; `needs` says what of it, in words.
    """

    kind: str
    name: str
    region: str
    stack: Stack | None
    change_set: ChangeSet | None
    losses: tuple[Loss, ...] = ()
    needs: str = ""

    @property
    def state(self) -> str:
        """One of create, update, protect, nothing, later."""
        if self.change_set is None:
            return "later"
        if self.change_set.is_empty:
            return "protect" if self.protects else "nothing"
        return "create" if self.change_set.is_new else "update"

    @property
    def protects(self) -> bool:
        """Whether `apply` switches the stack's termination protection on."""
        return self.change_set is not None and guard.lacks_protection(self.kind, self.stack)

    def lines(self) -> list[str]:
        """Return it for a person; whole, as a table on a terminal would not be."""
        words = {
            "later": f"comes after ota: it needs {self.needs}; then `slotcast infra plan` shows it",
            "nothing": "nothing to do",
            "protect": "would get termination protection, which it is without",
            "create": "would be created",
            "update": f"would be changed{', and protected' if self.protects else ''}",
        }
        title = f"{self.name} ({self.region}): {words[self.state]}"
        changes = self.change_set.changes if self.change_set else ()
        if self.state in ("create", "update") and not changes:
            return [f"{title}: outputs or tags only"]
        rows = [change.row() for change in changes]
        table = plain_lines(Table(HEADER, rows)) if rows else []
        lost = [f"would take away {loss.resource}: {loss.says}" for loss in self.losses]
        return [title, *table, *lost]

    def to_dict(self) -> Mapping[str, object]:
        """Return it for JSON."""
        changes = self.change_set.changes if self.change_set else ()
        return {
            "stack": self.kind,
            "name": self.name,
            "region": self.region,
            "state": self.state,
            "protects": self.protects,
            "changes": [change.to_dict() for change in changes],
            "losses": [loss.to_dict() for loss in self.losses],
        }


def verify_templates(site: Site) -> None:
    """Refuse templates that break a rule, and what only emulators are given; AWS is not asked yet.

    Raises:
        InfraError: a template breaks a rule.
        SettingsError: infra.toml lets an account do without conditional writes.
    """
    for caution in site.settings.cautions() if "ci" in site.kinds else ():
        site.context.warn(caution)
    for kind in site.kinds:
        if not site.stacks(kind).are_emulated:
            site.settings.verify_enforced()
        breaches = broken(site.sources[kind].template)
        if breaches:
            lines = tuple(f"  {breach}" for breach in breaches)
            raise InfraError(f"the template of {kind} breaks {_count(breaches)}", "", lines)


def verify_let_go(site: Site, names: Collection[str]) -> None:
    """Refuse to let go what is in none of the stacks: a slip would pass for a precaution.

    Raises:
        SettingsError: a name is in no template, and in no stack as it is.
    """
    known = PARAMETERS | {
        name for kind in site.kinds for name in site.sources[kind].template["Resources"]
    }
    if unknown := [name for name in names if name not in known]:
        known |= {name for kind in site.kinds for name in _resources(site, kind)}
        unknown = [name for name in unknown if name not in known]
    if unknown:
        near = get_close_matches(unknown[0], known, 1, 0.5)
        hint = f"is {near[0]} meant?" if near else "it is a resource's name in the template"
        raise SettingsError(f"--let-go {unknown[0]}: {', '.join(site.kinds)} has no such", hint)


def _resources(site: Site, kind: str) -> list[str]:
    stack = site.find(kind)
    found = site.stacks(kind).resources(stack.name) if stack is not None else []
    return [resource.logical_id for resource in found]


def prepare(site: Site, kind: str) -> Planned:
    """Make a stack's change set, and work out what it would take away; `drop` undoes it.

    Raises:
        InfraError: the stack cannot be changed now, or CloudFormation refuses it.
    """
    name, region = site.settings.stack_name(kind), site.settings.region_of(kind)
    source = site.sources[kind]
    declared = source.template.get("Parameters", {})
    told = {} if kind == "ota" else site.outputs("ota")
    sent = parameters(site.settings, kind, declared, told)
    needs = "the outputs of ota" if sent is None else other_bucket(site.settings, kind, told)
    stack = site.find(kind)
    if sent is None or needs:
        return Planned(kind, name, region, stack, None, needs=needs)
    stacks, now = site.stacks(kind), site.context.now
    if stack is not None:
        verify_changeable(stack.name, stack.status)
        change_sets.sweep(stacks, stack, now)
    label = f"{change_sets.PREFIX}{now:%Y%m%dT%H%M%SZ}-{token_hex(3)}"
    asked = request(site.settings, kind, sent, source.text, capabilities(source.template))
    if site.imports:
        asked = importing(asked)
    change_set = change_sets.create(stacks, asked, label, stack)
    made, values = Planned(kind, name, region, stack, change_set), in_force(declared, sent)
    with dropping(site, made):
        verify_keys(site, stack, change_set, values)
        before = {} if stack is None else stack.parameters
        for caution in other_accounts.cautions(values, account_of(change_set.stack_id), before):
            site.context.warn(caution)
        warn_of_deployer(site, stack, values)
        return replace(made, losses=_losses(site, made, values))


def verify_there(one: Planned) -> ChangeSet:
    """Return a stack's change set.

    Raises:
        InfraError: another stack has to be there first, or be another.
    """
    if one.change_set is None:
        hint = "`slotcast infra apply ota`"
        if one.stack is not None:
            hint += ", or put infra.toml back as it was"
        raise InfraError(f"{one.name} needs {one.needs}", hint)
    return one.change_set


def drop(site: Site, one: Planned) -> None:
    """Take a change set away again."""
    if one.change_set is not None:
        change_sets.discard(site.stacks(one.kind), one.change_set)


@contextmanager
def dropping(site: Site, one: Planned) -> Iterator[None]:
    """Take a change set away if anything comes in between, Ctrl-C too."""
    try:
        yield
    except BaseException:
        with suppress(InfraError):  # the first error is the one to tell
            drop(site, one)
        raise


def _losses(site: Site, one: Planned, values: Mapping[str, str]) -> tuple[Loss, ...]:
    changes = one.change_set.changes if one.change_set is not None else ()
    held = site.held(one.kind, guard.buckets_at_stake(changes))
    before = {} if one.stack is None or one.stack.bears_nothing else one.stack.parameters
    named = parameter_losses(before, values)
    keys = key_losses(one.stack, values)
    told = {loss.resource for loss in (*keys, *named)}
    found = (*guard.losses(changes, held, told), *in_place.losses(changes, told))
    return (*(loss for loss in found if loss.resource not in told), *keys, *named)


def _count(breaches: Sequence[object]) -> str:
    return "a rule" if len(breaches) == 1 else f"{len(breaches)} rules"
