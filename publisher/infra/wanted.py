"""What each stack is to be: infra.toml, and what one stack tells another."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from publisher.infra.change_sets import Request
from publisher.infra.errors import InfraError
from publisher.infra.guard import BUCKET
from publisher.infra.settings import InfraSettings, supplied
from publisher.infra.stacks import Stack
from publisher.infra.template import load

if TYPE_CHECKING:
    from types_boto3_cloudformation.literals import CapabilityType

_IAM = "AWS::IAM::"
# Properties that give an IAM resource a name of its own (CreateChangeSet, "Capabilities").
_NAMES = ("RoleName", "ManagedPolicyName", "UserName", "GroupName", "InstanceProfileName")
# Whoever deletes one of these strands boards or the people who release.
PROTECTED = ("ota", "ci")
_OWNER = "slotcast:product"


def parameters(
    settings: InfraSettings, kind: str, declared: Mapping[str, Any], ota: Mapping[str, str]
) -> dict[str, str] | None:
    """Return all parameters of a stack; None while another stack has to be there first.

    Args:
        declared: the template's Parameters.
        ota: the outputs of the stack `ota`, as far as it is there.
    """
    given = settings.stacks[kind]
    values = {**_supplied(settings, ota), **given}
    found = {name: values[name] for name in declared if name in values}
    needed = [name for name, item in declared.items() if "Default" not in item]
    return found if all(name in found for name in needed) else None


def request(
    settings: InfraSettings,
    kind: str,
    values: Mapping[str, str],
    text: str,
    acknowledged: Sequence[CapabilityType],
) -> Request:
    """Return what CloudFormation is asked for.

    Args:
        values: all parameters.
        text: the template.
        acknowledged: its `capabilities`.
    """
    name = settings.stack_name(kind)
    return Request(name, text, values, tags(settings, kind), acknowledged)


def importing(asked: Request) -> Request:
    """Return the same, taking in the buckets that are there already.

    CloudFormation finds them only by names that stand in the template itself ("Import AWS resources
    into a CloudFormation stack automatically"), so parameters are put in their place.
    """
    template = load(asked.template)
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        name = properties.get("BucketName")
        if resource.get("Type") == BUCKET and isinstance(name, dict) and "Ref" in name:
            properties["BucketName"] = asked.parameters.get(name["Ref"], name)
    return replace(asked, template=json.dumps(template, separators=(",", ":")), imports=True)


def tags(settings: InfraSettings, kind: str) -> dict[str, str]:
    """Return a stack's tags, which its resources get too; `ota` and `logs` are all products'."""
    found = {"slotcast:name": settings.name, "slotcast:stack": kind}
    return {**found, _OWNER: settings.product} if kind == "ci" else found


def capabilities(template: Mapping[str, Any]) -> tuple[CapabilityType, ...]:
    """Return what has to be acknowledged: that it makes IAM resources, perhaps with names."""
    iam = [
        item.get("Properties", {})
        for item in template["Resources"].values()
        if str(item.get("Type", "")).startswith(_IAM)
    ]
    if not iam:
        return ()
    named = any(name in properties for properties in iam for name in _NAMES)
    return ("CAPABILITY_NAMED_IAM",) if named else ("CAPABILITY_IAM",)


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


def _supplied(settings: InfraSettings, ota: Mapping[str, str]) -> dict[str, str]:
    """Return what infra.toml or the stack `ota` tells the others."""
    if "ota" not in settings.stacks:
        return {"Product": settings.product}
    told = {**settings.stacks["ota"], **ota, "Product": settings.product}
    names = {name for kind in ("ci", "logs") for name in supplied(kind, settings.stacks)}
    return {name: told[name] for name in names if name in told}
