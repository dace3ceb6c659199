"""`slotcast infra destroy`: remove stacks; what boards need stays, at a cost that is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from publisher.arguments import Arguments
from publisher.commands import Context, Result, Table
from publisher.commands.infra_site import Site, open_site, tell, tell_file
from publisher.console import plain_lines
from publisher.errors import SettingsError
from publisher.infra.cloudformation.events import Watch
from publisher.infra.cloudformation.stacks import Resource, Stack
from publisher.infra.cloudformation.states import verify_idle
from publisher.infra.errors import GuardError, InfraError
from publisher.infra.losses.guard import BUCKET
from publisher.infra.losses.removal import (
    Removal,
    kept_keys,
    removal,
    removal_lines,
    verify_keys_stay,
    verify_removal,
)
from publisher.infra.names import STACKS
from publisher.infra.ownership import NAME_TAG, is_ours, may_share
from publisher.infra.template import load

_HEADER = ("resource", "type", "name", "becomes")


@dataclass(frozen=True)
class _Going:
    """A stack that is to go, and what becomes of what it consists of."""

    kind: str
    stack: Stack
    removal: Removal
    holdings: Mapping[str, str]

    def table(self) -> list[str]:
        """Return what becomes of each resource."""
        fates = (("removed", self.removal.goes), ("stays", self.removal.stays))
        rows = [
            (item.logical_id, item.type, item.physical_id, fate)
            for fate, items in fates
            for item in items
        ]
        return plain_lines(Table(_HEADER, rows)) if rows else []

    def lines(self) -> list[str]:
        """Return what stays and what it costs, and what no longer works."""
        return removal_lines(self.removal, self.holdings, self.stack)

    def to_dict(self) -> Mapping[str, object]:
        """Return it for JSON."""
        return {
            "stack": self.kind,
            "name": self.stack.name,
            "removed": [item.physical_id for item in self.removal.goes],
            "stays": [item.physical_id for item in self.removal.stays],
            "keys": kept_keys(self.removal, self.stack),
        }


def run(arguments: Arguments, context: Context) -> Result:
    """Look at all of them before the first is removed; the last to come goes first."""
    site = open_site(arguments, context, is_declared=False)
    tell_file(site, arguments)
    there = {kind: site.find(kind) for kind in site.kinds}
    _verify_last(site, there.get("ota"))
    found = [(kind, there[kind]) for kind in reversed(site.kinds)]
    going = [_look(site, kind, stack) for kind, stack in found if stack is not None]
    for one in going:
        tell(context, [f"{one.stack.name} would be removed", *one.table(), *one.lines()])
        if not arguments.yes:
            _ask(context, one.stack.name)
    for one in going:
        _remove(site, one)
    text = [f"{one.stack.name}: removed" for one in going]
    return Result(text or ["nothing to remove"], {"stacks": [one.to_dict() for one in going]})


def _verify_last(site: Site, ota: Stack | None) -> None:
    """Refuse to take the bucket and the edge from under stacks that stay."""
    if ota is None or ota.bears_nothing:
        return
    if own := [kind for kind in STACKS if kind not in site.kinds and _is_there(site, kind)]:
        first, both = " and ".join(own), "both" if len(own) == 1 else "all"
        every = " ".join(kind for kind in STACKS if kind in (*own, *site.kinds))
        hint = f"destroy {first} first, or {both}: `slotcast infra destroy {every}`"
        raise GuardError(f"{first} would be left without ota", hint)
    if sharing := _sharing(site):
        message = f"other products stand on the same bucket and edge: {', '.join(sharing)}"
        raise GuardError(message, "destroy those first; or name ci alone, to remove this product's")


def _is_there(site: Site, kind: str) -> bool:
    """Whether there is such a stack of ours, with a section in infra.toml or without."""
    stack = site.stacks(kind).find(site.settings.stack_name(kind))
    return stack is not None and is_ours(stack, site.settings, kind)


def _sharing(site: Site) -> list[str]:
    """Return the stacks of other products that have the same `name` in their infra.toml."""
    stacks, settings = site.stacks("ota"), site.settings
    near = [stacks.find(one) for one in may_share(stacks.names(f"{settings.name}-"), settings)]
    same = [one for one in near if one and one.tags.get(NAME_TAG) == settings.name]
    own = settings.stack_name("ci")
    return [one.name for one in same if one.name != own or not is_ours(one, settings, "ci")]


def _look(site: Site, kind: str, stack: Stack) -> _Going:
    """Return what becomes of a stack; refuse if keys, or a bucket that holds anything, would go."""
    verify_idle(stack.name, stack.status)
    if stack.is_shell:
        return _Going(kind, stack, Removal((), ()), {})
    stacks = site.stacks(kind)
    found = removal(stacks.resources(stack.name), load(stacks.template(stack.name)))
    verify_keys_stay(found, stack)
    held = site.held(kind, _buckets(found.goes))
    verify_removal(found, held)
    for bucket in _buckets(found.stays):
        held |= _held_if_known(site, kind, bucket)
    return _Going(kind, stack, found, held)


def _buckets(resources: Iterable[Resource]) -> list[str]:
    return [item.physical_id for item in resources if item.type == BUCKET]


def _held_if_known(site: Site, kind: str, bucket: str) -> dict[str, str]:
    """Return what a bucket holds that stays anyhow: not to know it is no reason to refuse."""
    try:
        return site.held(kind, [bucket])
    except InfraError:
        return {bucket: "what could not be looked into"}


def _ask(context: Context, name: str) -> None:
    if context.confirm(f"Type the stack's name to remove it, {name}: ").strip() != name:
        raise SettingsError("nothing was removed: that is not its name")


def _remove(site: Site, one: _Going) -> None:
    watch = _begin(site, one)
    try:
        site.stacks(one.kind).follow(one.stack.id, watch)
    except KeyboardInterrupt:
        site.context.warn(
            f"CloudFormation goes on removing {one.stack.name}; once it is gone, the same command "
            "again removes what is left"
        )
        raise


def _begin(site: Site, one: _Going) -> Watch:
    """Lift a stack's protection and have it removed; put it back if anything comes in between."""
    stacks, stack = site.stacks(one.kind), one.stack
    try:
        if stack.is_protected:
            stacks.protect(stack.name, False)
        return stacks.begin_removal(stack)
    except BaseException:
        if stack.is_protected:
            _protect_again(site, one)
        raise


def _protect_again(site: Site, one: _Going) -> None:
    """Protect a stack; refused where its removal has begun (UpdateTerminationProtection)."""
    name = one.stack.name
    try:
        site.stacks(one.kind).protect(name, True)
    except InfraError as error:
        site.context.warn(
            f"{name} is being removed, or without termination protection: {error}; "
            "`slotcast infra outputs` tells its state, `slotcast infra apply` protects it"
        )
    else:
        site.context.warn(f"{name} was not removed, and is protected again")
