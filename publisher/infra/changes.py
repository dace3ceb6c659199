"""What a change set would do, resource by resource, in words.

AWS CloudFormation API reference: ResourceChange, ResourceTargetDefinition.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

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


@dataclass(frozen=True)
class Change:
    """What would happen to one resource.

    Attributes:
        logical_id: its name in the template.
        physical_id: AWS's name for what is there now; "" where nothing is.
        action: Add, Modify, Remove, Import or Dynamic.
        replacement: True, Conditional, False, or "".
        policy: what becomes of the resource itself, such as Retain or ReplaceAndDelete; or "".
        why: the properties that change.
    """

    logical_id: str
    type: str
    action: str
    physical_id: str = ""
    replacement: str = ""
    policy: str = ""
    why: tuple[str, ...] = ()

    @classmethod
    def of(cls, change: ResourceChangeTypeDef) -> Change:
        """Take what DescribeChangeSet tells of a resource."""
        causes = [_cause(detail) for detail in change.get("Details", ())]
        return cls(
            logical_id=change.get("LogicalResourceId", ""),
            type=change.get("ResourceType", ""),
            action=change.get("Action", ""),
            physical_id=change.get("PhysicalResourceId", ""),
            replacement=change.get("Replacement", ""),
            policy=change.get("PolicyAction", ""),
            why=tuple(dict.fromkeys(cause for cause in causes if cause)),
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


def _clipped(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
