"""One row of the table of rights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Right:
    """One row: may this role do that?

    Attributes:
        role: `release`, `refresh` or `gc`.
        action: the IAM action.
        resource: the ARN, or "*" for any.
        wanted: whether it is to be allowed.
        why: what the role needs it for, or what somebody who stole it could do.
        context: condition keys of the request and their values.
        condition: the condition key that decides; "" where role, action and resource do.
    """

    role: str
    action: str
    resource: str
    wanted: bool
    why: str
    context: Mapping[str, str] = field(default_factory=dict)
    condition: str = ""
