"""What CloudFormation is asked for: a stack out of infra.toml, and what one stack tells another."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from publisher.infra.cloudformation.change_sets import Request
from publisher.infra.losses.guard import BUCKET
from publisher.infra.ownership import tags
from publisher.infra.parameters import as_text
from publisher.infra.settings import InfraSettings, supplied_names
from publisher.infra.template import load

if TYPE_CHECKING:
    from types_boto3_cloudformation.literals import CapabilityType

_IAM = "AWS::IAM::"
# Properties that give an IAM resource a name of its own (CreateChangeSet, "Capabilities").
_NAMES = ("RoleName", "ManagedPolicyName", "UserName", "GroupName", "InstanceProfileName")
_BUCKET = "BucketName"
# Outputs of the stack `ota` that are parameters of others.
_OUTPUTS = (_BUCKET, "DistributionArn")


def parameters(
    settings: InfraSettings, kind: str, declared: Mapping[str, Any], ota: Mapping[str, str]
) -> dict[str, str] | None:
    """Return all parameters of a stack; None while another stack has to be there first.

    Args:
        declared: the template's Parameters.
        ota: the outputs of the stack `ota`, as far as it is there.
    """
    given = settings.stacks[kind]
    values = {**_supplied_values(settings, ota), **given}
    found = {name: values[name] for name in declared if name in values}
    needed = [name for name, item in declared.items() if "Default" not in item]
    return found if all(name in found for name in needed) else None


def in_force(declared: Mapping[str, Any], sent: Mapping[str, str]) -> dict[str, str]:
    """Return all parameters that a stack would have: those that are sent, else their defaults.

    What is left out does not stay as it is (CreateChangeSet, "UsePreviousValue").

    Args:
        declared: the template's Parameters.
    """
    defaults = {name: item["Default"] for name, item in declared.items() if "Default" in item}
    return {name: as_text(value) for name, value in {**defaults, **sent}.items()}


def other_bucket(settings: InfraSettings, kind: str, ota: Mapping[str, str]) -> str:
    """Return which bucket a stack needs, in words, where `ota` has another; else "".

    Roles for either would be wrong: that change of `ota` comes first, or is a slip.
    """
    said = {**settings.stacks.get("ota", {}), **settings.stacks[kind]}.get(_BUCKET, "")
    there = ota.get(_BUCKET, said)
    if kind != "ci" or not said or said == there:
        return ""
    return f"the bucket {said}, as {settings.path} says, and ota has {there}"


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


def _supplied_values(settings: InfraSettings, ota: Mapping[str, str]) -> dict[str, str]:
    """Return what infra.toml or the stack `ota` tells the others."""
    if "ota" not in settings.stacks:
        return {"Product": settings.product}
    outputs = {name: ota[name] for name in _OUTPUTS if name in ota}
    told = {**outputs, **settings.stacks["ota"], "Product": settings.product}
    names = {name for kind in ("ci", "logs") for name in supplied_names(kind, settings.stacks)}
    return {name: told[name] for name in names if name in told}
