"""What a change set would do, resource by resource, in words.

AWS CloudFormation API reference: ResourceChange, ResourceTargetDefinition.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types_boto3_cloudformation.type_defs import (
        ResourceChangeDetailTypeDef,
        ResourceChangeTypeDef,
    )

HEADER = ("resource", "type", "change", "replacement", "why")
_ACTIONS = {
    "Add": "create",
    "Modify": "change",
    "Remove": "remove",
    "Import": "take in",
    "Dynamic": "unknown before",
}
_REPLACEMENTS = {"True": "yes", "Conditional": "perhaps", "False": "no"}
_LONGEST = 48
_PROPERTIES = "/Properties/"
# Between a property's name and what `_cause` tells of it.
_MORE = re.compile(r": | \(parameter ")
# What only follows from another resource's change, which is told by itself.
_FOLLOWS = ("ResourceReference", "ResourceAttribute")


@dataclass(frozen=True)
class Altered:
    """A property that template or parameters change, as deep as AWS tells it.

    Attributes:
        path: such as "DistributionConfig/Aliases/0".
        is_vague: AWS names the whole property, where a parameter may change a part of it only.
    """

    path: str
    is_vague: bool = False


@dataclass(frozen=True)
class Change:
    """What would happen to one resource.

    Attributes:
        logical_id: its name in the template.
        physical_id: AWS's name for what is there now; "" where nothing is.
        action: Add, Modify, Remove, Import or Dynamic.
        replacement: True, Conditional, False, or "".
        policy: what becomes of the resource itself, such as Retain or ReplaceAndDelete; or "".
        why: the properties that change, in words.
        altered: those of them that do not merely follow another resource.
        before: its properties as they are, where AWS tells them; else empty.
        after: its properties as they would be, where AWS tells them; else empty.
    """

    logical_id: str
    type: str
    action: str
    physical_id: str = ""
    replacement: str = ""
    policy: str = ""
    why: tuple[str, ...] = ()
    altered: tuple[Altered, ...] = ()
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, change: ResourceChangeTypeDef) -> Change:
        """Take what DescribeChangeSet tells of a resource."""
        details = change.get("Details", ())
        causes = [_cause(detail) for detail in details]
        altered = [_altered(detail) for detail in details]
        return cls(
            logical_id=change.get("LogicalResourceId", ""),
            type=change.get("ResourceType", ""),
            action=change.get("Action", ""),
            physical_id=change.get("PhysicalResourceId", ""),
            replacement=change.get("Replacement", ""),
            policy=change.get("PolicyAction", ""),
            why=_distinct(causes),
            altered=tuple(dict.fromkeys(one for one in altered if one)),
            before=_properties(change.get("BeforeContext", "")),
            after=_properties(change.get("AfterContext", "")),
        )

    @property
    def is_removed(self) -> bool:
        """Whether the stack would no longer have it, or cannot tell."""
        return self.action in ("Remove", "Dynamic")

    @property
    def is_replaced(self) -> bool:
        """Whether another would take its place, or might."""
        return self.action == "Modify" and self.replacement in ("True", "Conditional")

    @property
    def is_kept(self) -> bool:
        """Whether the thing itself stays, outside the stack."""
        return self.policy in ("Retain", "ReplaceAndRetain")

    def row(self) -> tuple[str, ...]:
        """Return it under HEADER."""
        action = _ACTIONS.get(self.action, self.action)
        if (self.is_removed or self.is_replaced) and self.is_kept:
            action = f"{action}, the old one stays"
        replacement = _REPLACEMENTS.get(self.replacement, "-")
        return (self.logical_id, self.type, action, replacement, "; ".join(self.why) or "-")

    def to_dict(self) -> Mapping[str, object]:
        """Return it for JSON, in AWS's words."""
        return {
            "resource": self.logical_id,
            "type": self.type,
            "action": self.action,
            "physical_id": self.physical_id or None,
            "replacement": self.replacement or None,
            "policy": self.policy or None,
            "why": list(self.why),
        }


def _cause(detail: ResourceChangeDetailTypeDef) -> str:
    """Put in words which property changes, and from what to what where AWS tells."""
    target = detail.get("Target", {})
    name = target.get("Name") or target.get("Attribute", "")
    before, after = target.get("BeforeValue"), target.get("AfterValue")
    if before is not None and after is not None:
        return f"{name}: {_clipped(before)} -> {_clipped(after)}"
    if detail.get("ChangeSource") == "ParameterReference" and detail.get("CausingEntity"):
        return f"{name} (parameter {detail.get('CausingEntity')})"
    return name


def _distinct(causes: Sequence[str]) -> tuple[str, ...]:
    """Return each once, without a bare name where another tells more of the same property."""
    found = dict.fromkeys(cause for cause in causes if cause)
    told = {_MORE.split(cause)[0] for cause in found if _MORE.search(cause)}
    return tuple(cause for cause in found if cause not in told)


def _altered(detail: ResourceChangeDetailTypeDef) -> Altered | None:
    target, source = detail.get("Target", {}), detail.get("ChangeSource", "")
    path, name = target.get("Path", ""), target.get("Name", "")
    if source in _FOLLOWS:
        return None
    if path.startswith(_PROPERTIES):
        return Altered(path.removeprefix(_PROPERTIES))
    # A parameter's change comes with a "Dynamic" change of the template beside it.
    is_vague = source == "ParameterReference" or detail.get("Evaluation") == "Dynamic"
    return Altered(name, is_vague) if name else None


def _properties(context: str) -> Mapping[str, Any]:
    """Return the properties in a context; what AWS has cut off cannot be read."""
    with suppress(ValueError):
        found = json.loads(context)
        properties = found.get("Properties") if isinstance(found, dict) else None
        return properties if isinstance(properties, dict) else {}
    return {}


def _clipped(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
