"""Whose a stack is: told by its tags, as anybody may have given a stack the same name."""

from __future__ import annotations

from collections.abc import Iterable

from publisher.infra.cloudformation.stacks import Stack
from publisher.infra.errors import InfraError
from publisher.infra.settings import InfraSettings

NAME_TAG = "slotcast:name"
_STACK_TAG = "slotcast:stack"
_PRODUCT_TAG = "slotcast:product"


def tags(settings: InfraSettings, kind: str) -> dict[str, str]:
    """Return a stack's tags, which its resources get too; `ota` and `logs` are all products'."""
    found = {NAME_TAG: settings.name, _STACK_TAG: kind}
    return {**found, _PRODUCT_TAG: settings.product} if kind == "ci" else found


def verify_ours(stack: Stack, settings: InfraSettings, kind: str) -> None:
    """Raise InfraError if a stack of that name is another product's, or no stack of Slotcast's."""
    if stack.is_shell:
        return
    for key, value in tags(settings, kind).items():
        if stack.tags.get(key) != value:
            there = stack.tags.get(key, "nothing")
            message = f"stack {stack.name} is not ours: its tag {key} is {there}, not {value}"
            hint = "choose another name in [infra]; if it is Slotcast's, give it that tag"
            raise InfraError(message, hint)


def may_share(names: Iterable[str], settings: InfraSettings) -> list[str]:
    """Return those of the names that may be other products' on the same bucket and edge."""
    first, own = f"{settings.name}-", settings.stack_name("ci")
    return [
        name for name in names if name.startswith(first) and name.endswith("-ci") and name != own
    ]
