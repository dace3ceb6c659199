"""What is lost where a role is to sign with another key: told by the parameters of the stack `ci`.

A change set names it only in part: an alias that follows a new key of the stack is no change of
its own there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from publisher.infra.cloudformation.stacks import Stack
from publisher.infra.keys.given import CREATE, NONE
from publisher.infra.losses.guard import Loss
from publisher.infra.names import (
    ALIAS_RESOURCES,
    KEY_OUTPUTS,
    KEY_PARAMETERS,
    KEY_RESOURCES,
    KEY_SCHEME,
)

_CEREMONY = (
    "which counts once root lists it: until then no job can release or refresh, so have that root "
    'signed before, and apply it right after (docs/operator.md, "A signing key lost")'
)


def key_losses(stack: Stack | None, after: Mapping[str, str]) -> list[Loss]:
    """Return a loss for each role whose key changes, by the resource that names or is the old one.

    Args:
        stack: as it is; None where there is none.
        after: its parameters as they would be.
    """
    return [] if stack is None or stack.bears_nothing else list(_losses(stack, after))


def _losses(stack: Stack, after: Mapping[str, str]) -> Iterator[Loss]:
    for role, parameter in KEY_PARAMETERS.items():
        was = stack.parameters.get(parameter, CREATE)
        becomes = after.get(parameter, CREATE)
        if was in (becomes, NONE):
            continue
        resource = (KEY_RESOURCES if was == CREATE else ALIAS_RESOURCES)[role]
        in_use = stack.outputs.get(KEY_OUTPUTS[role], "").removeprefix(KEY_SCHEME)
        yield Loss(resource, _says(role, becomes, in_use))


def _says(role: str, becomes: str, in_use: str) -> str:
    if becomes == in_use:
        return "the stack lets it go; it stays in KMS, and the roles go on signing with it"
    stays = f"{in_use or 'the old key'} stays in KMS"
    if becomes == NONE:
        return f"no role signs {role} any more, and root has to list the key that does; {stays}"
    other = "a new key" if becomes == CREATE else becomes
    return f"the roles sign {role} with {other} instead, {_CEREMONY}; {stays}"
