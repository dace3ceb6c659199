"""What a template creates with given parameters: conditions decided, functions replaced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_NOTHING = object()  # AWS::NoValue: the property is left out


class Resources:
    """The resources of a template; those that others name stay names, as in `{"Ref": "Bucket"}`.

    Args:
        template: as publisher.infra.template.load returns it.
        parameters: values of its Parameters, where they are not the defaults.
    """

    def __init__(self, template: Mapping[str, Any], parameters: Mapping[str, str]) -> None:
        declared = template.get("Parameters", {})
        unknown = set(parameters) - set(declared)
        if unknown:
            raise ValueError(f"the template has no parameters {sorted(unknown)}")
        defaults = {name: one["Default"] for name, one in declared.items() if "Default" in one}
        self._values = {**defaults, **parameters, "AWS::NoValue": _NOTHING}
        self._conditions = template.get("Conditions", {})
        self._resources = template["Resources"]

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return the properties of all resources of a type that are created, by their names."""
        return {
            name: self._settle(one.get("Properties", {}))
            for name, one in self._resources.items()
            if one["Type"] == kind and self._is_created(one)
        }

    def _is_created(self, resource: Mapping[str, Any]) -> bool:
        return "Condition" not in resource or self._holds({"Condition": resource["Condition"]})

    def _settle(self, value: Any) -> Any:
        if isinstance(value, list):
            settled = [self._settle(one) for one in value]
            return [one for one in settled if one is not _NOTHING]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            [(name, argument)] = value.items()
            if name == "Ref" or name.startswith("Fn::"):
                return self._call(name, argument)
        pairs = ((name, self._settle(one)) for name, one in value.items())
        return {name: one for name, one in pairs if one is not _NOTHING}

    def _call(self, name: str, argument: Any) -> Any:
        if name == "Ref":
            return self._values.get(argument, argument)
        if name == "Fn::If":
            condition, then, otherwise = argument
            return self._settle(then if self._holds({"Condition": condition}) else otherwise)
        if name == "Fn::GetAtt":
            return ".".join(argument)
        if name == "Fn::Sub":  # names and ARNs, of which nothing at the edge depends
            return argument if isinstance(argument, str) else argument[0]
        raise ValueError(f"this edge does not know {name}")

    def _holds(self, condition: Mapping[str, Any]) -> bool:
        [(name, argument)] = condition.items()
        if name == "Condition":
            return self._holds(self._conditions[argument])
        if name == "Fn::Equals":
            first, second = (self._settle(one) for one in argument)
            return bool(first == second)
        each = [self._holds(one) for one in argument]
        if name == "Fn::Not":
            return not each[0]
        return {"Fn::And": all, "Fn::Or": any}[name](each)
