"""A template under its conditions: each is met both ways, and any two in each way that can be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from publisher.infra.node import Node
from publisher.infra.rules.choices import choices, named
from publisher.infra.rules.view import Resource, View
from publisher.infra.template import TemplateError

# Emulators lack some condition keys, and are given NotEnforced: then some rules cannot hold.
_ENFORCED, _NOT_ENFORCED = "Enforced", "NotEnforced"
_NOTHING = {"Ref": "AWS::NoValue"}


def views(template: Mapping[str, Node]) -> Iterator[View]:
    """Yield a template as it is deployed, under enough choices of its conditions.

    Raises:
        TemplateError: a condition is not declared, or not made of what CloudFormation has for it,
            or they ask more than can be tried.
    """
    try:
        yield from _views(template)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        says = f"Conditions, or a Condition or Fn::If, have a form that is not known: {error}"
        raise TemplateError(says, "see CloudFormation's user guide, Condition functions") from error


def _views(template: Mapping[str, Node]) -> Iterator[View]:
    conditions = template.get("Conditions", {})
    for setting in (_ENFORCED, _NOT_ENFORCED):
        for choice in choices(conditions, setting):
            yield _view(template, choice, setting)


def _view(template: Mapping[str, Node], choice: Mapping[str, bool], setting: str) -> View:
    resources = {
        name: Resource(name, str(body.get("Type")), _chosen(body, choice))
        for name, body in template["Resources"].items()
        if "Condition" not in body or named(choice, body["Condition"])
    }
    outputs = {
        name: _chosen(body.get("Value"), choice)
        for name, body in template.get("Outputs", {}).items()
        if "Condition" not in body or named(choice, body["Condition"])
    }
    return View(
        resources,
        template.get("Parameters", {}),
        tuple(template),
        setting == _ENFORCED,
        outputs,
        template.get("Conditions", {}),
        choice,
        template.get("Rules", {}),
    )


def _chosen(node: Node, choice: Mapping[str, bool]) -> Node:
    """Return a tree with one branch of each Fn::If, and without what is NoValue there."""
    if isinstance(node, dict):
        if "Fn::If" in node:
            name, then, otherwise = node["Fn::If"]
            return _chosen(then if named(choice, name) else otherwise, choice)
        chosen = {name: _chosen(value, choice) for name, value in node.items()}
        return {name: value for name, value in chosen.items() if value != _NOTHING}
    if isinstance(node, list):
        return [value for one in node if (value := _chosen(one, choice)) != _NOTHING]
    return node
