"""The parameters of a stack, held against what its template asks for, before AWS does.

Sections of a template: AWS CloudFormation user guide, "Parameters".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from difflib import get_close_matches
from typing import Any

from publisher.errors import SettingsError

_LIST = "CommaDelimitedList"
_NUMBER = "Number"


def verify_parameters(
    template: Mapping[str, Any], given: Mapping[str, object], supplied: Collection[str] = ()
) -> None:
    """Raise SettingsError unless the template takes the values, and needs no more.

    Args:
        template: as `publisher.infra.template.load` returns it.
        given: values by name, of infra.toml.
        supplied: names that need not be given, as their values come from elsewhere.
    """
    declared: Mapping[str, Any] = template.get("Parameters", {})
    for name, value in given.items():
        if name not in declared:
            raise SettingsError(f"{name} is not a parameter", instead(name, declared))
        _verify_value(name, value, declared[name])
    for name, parameter in declared.items():
        if "Default" not in parameter and name not in given and name not in supplied:
            raise SettingsError(f"{name} is missing", str(parameter.get("Description", "")))


def as_text(value: object) -> str:
    """Return a value as CloudFormation takes it: a list becomes its items with commas between."""
    return ",".join(value) if isinstance(value, list) else str(value)


def instead(name: str, declared: Mapping[str, Any]) -> str:
    """Return what may be meant by a name that a template does not declare."""
    near = get_close_matches(name, declared, 1, 0.5)
    return f"is {near[0]} meant?" if near else f"there are {', '.join(declared)}"


def _verify_value(name: str, value: object, parameter: Mapping[str, Any]) -> None:
    kind = parameter["Type"]
    _verify_type(name, value, kind)
    items = value if isinstance(value, list) else [value]
    for item in items:
        if kind == _LIST and "," in str(item):
            raise SettingsError(f'{name}: "{item}" has a comma', "that would make it two items")
        for verify in _CHECKS:
            verify(name, item, parameter)


def _verify_type(name: str, value: object, kind: str) -> None:
    if kind == _LIST:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise SettingsError(f"{name} must be a list of texts")
    elif kind == _NUMBER:
        if type(value) is not int:
            raise SettingsError(f"{name} must be a whole number")
    elif not isinstance(value, str):
        raise SettingsError(f"{name} must be text in quotes")


def _verify_choice(name: str, value: object, parameter: Mapping[str, Any]) -> None:
    allowed = [str(one) for one in parameter.get("AllowedValues", ())]
    if allowed and str(value) not in allowed:
        raise SettingsError(f'{name} is "{value}"; it must be one of {", ".join(allowed)}')


def _verify_pattern(name: str, value: object, parameter: Mapping[str, Any]) -> None:
    pattern = parameter.get("AllowedPattern")
    if pattern is not None and not re.fullmatch(pattern, str(value)):
        why = parameter.get("ConstraintDescription") or parameter.get("Description", "")
        raise SettingsError(f'{name}: "{value}" does not match {pattern}', str(why))


def _verify_limits(name: str, value: object, parameter: Mapping[str, Any]) -> None:
    size = len(str(value))
    if not int(parameter.get("MinLength", 0)) <= size <= int(parameter.get("MaxLength", 4096)):
        raise SettingsError(f'{name}: "{value}" is too short or too long')
    if not isinstance(value, int):
        return
    low, high = parameter.get("MinValue"), parameter.get("MaxValue")
    if (low is not None and value < float(low)) or (high is not None and value > float(high)):
        raise SettingsError(f"{name} is {value}; it must be from {low} to {high}")


_CHECKS: tuple[Callable[[str, object, Mapping[str, Any]], None], ...] = (
    _verify_choice,
    _verify_pattern,
    _verify_limits,
)
