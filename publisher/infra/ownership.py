"""Whose a stack is: told by its tags, as anybody may have given a stack the same name."""

from __future__ import annotations

from collections.abc import Iterable

from publisher.infra.cloudformation.stacks import Stack
from publisher.infra.errors import InfraError
from publisher.infra.names import PRODUCT_TAG, may_be_ci
from publisher.infra.settings import InfraSettings

NAME_TAG = "slotcast:name"
_STACK_TAG = "slotcast:stack"


def tags(settings: InfraSettings, kind: str) -> dict[str, str]:
    """Return a stack's tags, which its resources get too; `ota` and `logs` are all products'."""
    found = {NAME_TAG: settings.name, _STACK_TAG: kind}
    return {**found, PRODUCT_TAG: settings.product} if kind == "ci" else found


def verify_ours(stack: Stack, settings: InfraSettings, kind: str) -> None:
    """Raise InfraError if a stack of that name is another product's, or no stack of Slotcast's."""
    for key, value in _others(stack, settings, kind).items():
        there = stack.tags.get(key, "nothing")
        message = f"stack {stack.name} is not ours: its tag {key} is {there}, not {value}"
        hint = "choose another name in [infra]; if it is Slotcast's, give it that tag"
        raise InfraError(message, hint)


def is_ours(stack: Stack, settings: InfraSettings, kind: str) -> bool:
    """Whether a stack of that name is the product's, or nobody's yet."""
    return not _others(stack, settings, kind)


def may_share(names: Iterable[str], settings: InfraSettings) -> list[str]:
    """Return those of the names that may be stacks `ci` on the same bucket and edge."""
    first = f"{settings.name}-"
    return [name for name in names if name.startswith(first) and may_be_ci(name)]


def _others(stack: Stack, settings: InfraSettings, kind: str) -> dict[str, str]:
    """Return the tags that it would have, were it ours, and has not; a shell has none."""
    if stack.is_shell:
        return {}
    wanted = tags(settings, kind)
    return {key: value for key, value in wanted.items() if stack.tags.get(key) != value}
