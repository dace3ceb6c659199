"""What the templates make of their parameters: their resources, with every function worked out."""

import re

from publisher.infra.template import load, read

ACCOUNT, REGION = "111122223333", "us-east-1"


class Made:
    """A template with parameters.

    Args:
        template: "ota" or "ci".
        parameters: those that are not left at their defaults.
        names: what AWS calls resources, by their names in the template; ARNs by `NAME.Arn`.
    """

    def __init__(self, template, parameters, names):
        self._template = load(read(template))
        declared = self._template["Parameters"]
        self._values = {
            "AWS::Partition": "aws",
            "AWS::AccountId": ACCOUNT,
            "AWS::StackName": f"slotcast-{template}",
            "AWS::NoValue": None,
            **{name: one.get("Default") for name, one in declared.items()},
            **parameters,
            **names,
        }
        for name, one in declared.items():
            if one["Type"] == "CommaDelimitedList":
                self._values[name] = self._values[name].split(",")

    def properties(self, resource):
        """The properties of a resource."""
        return self._out(self._template["Resources"][resource]["Properties"])

    def _out(self, node):
        if isinstance(node, list):
            return [value for value in map(self._out, node) if value is not None]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((name, argument),) = node.items()
            function = getattr(self, "_" + name.removeprefix("Fn::").lower(), None)
            if function and (name.startswith("Fn::") or isinstance(argument, str)):
                return function(argument)
        pairs = ((key, self._out(value)) for key, value in node.items())
        return {key: value for key, value in pairs if value is not None}

    def _ref(self, name):
        return self._values[name]

    def _condition(self, name):
        return self._out(self._template["Conditions"][name])

    def _if(self, argument):
        condition, yes, no = argument
        return self._out(yes if self._condition(condition) else no)

    def _equals(self, argument):
        left, right = map(self._out, argument)
        return left == right

    def _not(self, argument):
        return not self._out(argument[0])

    def _and(self, argument):
        return all(map(self._out, argument))

    def _or(self, argument):
        return any(map(self._out, argument))

    def _join(self, argument):
        return argument[0].join(self._out(argument[1]))

    def _split(self, argument):
        return self._out(argument[1]).split(argument[0])

    def _getatt(self, argument):
        return self._values[".".join(argument)]

    def _sub(self, argument):
        text, own = argument if isinstance(argument, list) else (argument, {})
        values = {**self._values, **self._out(own)}
        return re.sub(r"\$\{([^}]+)\}", lambda match: str(values[match[1]]), text)
