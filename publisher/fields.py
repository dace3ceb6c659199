"""Dataclasses inside, JSON objects at the edge: what both have in common."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self


@dataclass(frozen=True)
class Fields:
    """What reads and writes a JSON object; names that are not known stay in `unrecognized`."""

    unrecognized: Mapping[str, Any] = field(default_factory=dict, kw_only=True)

    @classmethod
    def from_fields(cls, values: Mapping[str, Any]) -> Self:
        """Make one of a JSON object that the schema has passed."""
        known = {item.name for item in fields(cls)}
        named = {name: value for name, value in values.items() if name in known}
        unrecognized = {name: value for name, value in values.items() if name not in known}
        return cls(**named, unrecognized=unrecognized)

    def to_fields(self) -> dict[str, Any]:
        """Return the JSON object."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        unrecognized: dict[str, Any] = values.pop("unrecognized")
        return {**unrecognized, **values}
