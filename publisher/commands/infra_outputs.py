"""`slotcast infra outputs`: what the stacks made, and what slotcast.toml needs of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from publisher.arguments import Arguments
from publisher.commands import Context, Result, Table
from publisher.commands.infra_site import Site, is_founded, open_site
from publisher.console import plain_lines
from publisher.errors import SettingsError
from publisher.infra.cloudformation.stacks import Stack
from publisher.infra.cloudformation.states import is_sound, verify_changeable
from publisher.infra.errors import InfraError
from publisher.infra.names import KEY_OUTPUTS
from publisher.infra.outputs import ceremony_lines, name_lines, next_step, settings_lines
from publisher.settings import FILE_NAME as SETTINGS_FILE
from publisher.settings import load_settings

_HEADER = ("stack", "output", "value")


def run(arguments: Arguments, context: Context) -> Result:
    """Show the outputs of all stacks that are there; exits with 1 if one is not as it should be."""
    return outputs_result(open_site(arguments, context), {})


def outputs_result(site: Site, done: Mapping[str, str]) -> Result:
    """Return the outputs of all stacks of infra.toml, as a result.

    Args:
        done: what was done to stacks before, by `ota`, `logs`, `ci`; a person was told meanwhile,
            and what another stack is like is no failure of that.
    """
    stacks = {kind: site.find(kind) for kind in site.settings.stacks}
    there = {kind: stack for kind, stack in stacks.items() if stack and not stack.is_shell}
    if not there:
        raise InfraError("none of the stacks is there", "`slotcast infra apply` creates them")
    text = [*_outputs(there), *_troubles(site, there), *_advice(site, there)]
    data: dict[str, object] = {"stacks": {kind: _to_dict(site, kind, there) for kind in stacks}}
    if done:
        return Result(text, {**data, "done": dict(done)})
    return Result(text, data, exit_code=1 if _unsound(there) else 0)


def _unsound(there: Mapping[str, Stack]) -> list[Stack]:
    return [stack for stack in there.values() if not is_sound(stack.status)]


def _outputs(there: Mapping[str, Stack]) -> list[str]:
    """Return them whole, to copy; a table on a terminal would be cut at its width."""
    rows = [
        (kind, name, value)
        for kind, stack in there.items()
        for name, value in stack.outputs.items()
    ]
    return plain_lines(Table(_HEADER, rows))


def _troubles(site: Site, there: Mapping[str, Stack]) -> list[str]:
    """Return which stacks are not there, or not as they should be, and what to do."""
    absent = [kind for kind in site.settings.stacks if kind not in there]
    unsound = _unsound(there)
    return [
        *(f"{stack.name} is {stack.status}" for stack in unsound),
        *(f"{site.settings.stack_name(kind)} is not there" for kind in absent),
        *(line for stack in unsound for line in _mending(stack)),
    ]


def _mending(stack: Stack) -> list[str]:
    """Return what to do about a stack that is not as it should be, as `infra plan` says it."""
    try:
        verify_changeable(stack.name, stack.status)
    except InfraError as error:
        return [str(error), f"hint: {error.hint}"]
    return []


def _advice(site: Site, there: Mapping[str, Stack]) -> list[str]:
    """Return the lines for slotcast.toml, and what comes next."""
    region, product = site.settings.region, site.settings.product
    ota = there["ota"].outputs if "ota" in there else {}
    ci = there["ci"].outputs if "ci" in there else {}
    lines = settings_lines(region, ota, ci)
    if not lines:
        return []
    founded = is_founded(site.settings)
    return [
        *("", *lines, ""),
        *(name_lines(there["ota"].parameters, ota) if ota else ()),
        *next_step(product, region, ota, founded),
        *ceremony_lines(ci, _named_keys(site) if founded else {}),
    ]


def _named_keys(site: Site) -> Mapping[str, Collection[str]]:
    """Return what slotcast.toml says of keys; one that cannot be read is told of, no more."""
    try:
        keys = load_settings(site.settings.path.with_name(SETTINGS_FILE)).keys
    except SettingsError as error:
        site.context.warn(str(error))
        return {}
    return {role: keys.of(role) for role in KEY_OUTPUTS}


def _to_dict(site: Site, kind: str, there: Mapping[str, Stack]) -> Mapping[str, object]:
    stack = there.get(kind)
    return {
        "name": site.settings.stack_name(kind),
        "region": site.settings.region_of(kind),
        "status": stack.status if stack else None,
        "protected": stack.is_protected if stack else None,
        "outputs": dict(stack.outputs) if stack else {},
    }
