"""A template under its conditions: each is met both ways, and any two in each way that can be.

All choices of all conditions would be thousands of templates, nearly all alike.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import combinations, islice, product
from typing import TypeVar

from publisher.infra.rules.node import Node, walk
from publisher.infra.rules.view import Resource, View
from publisher.infra.template import TemplateError

_T = TypeVar("_T")
# Emulators lack some condition keys, and without them it is known what does not hold.
_PRESET = {"ConditionalWrites": "Enforced"}
_MAX_CHOICES = 4096
_NOTHING = {"Ref": "AWS::NoValue"}


def views(template: Mapping[str, Node]) -> Iterator[View]:
    """Yield a template as it is deployed, under enough choices of its conditions.

    Raises:
        TemplateError: a condition is not declared, or not made of what CloudFormation has for it.
    """
    conditions = template.get("Conditions", {})
    for choice in _choices(conditions):
        yield _view(template, choice)


def _choices(conditions: Mapping[str, Node]) -> Iterator[dict[str, bool]]:
    """Yield what the conditions are together, until any two have been met in each way."""
    questions = sorted({_key(node["Fn::Equals"]) for node in walk(conditions) if _asks(node)})
    seen: set[tuple[object, ...]] = set()
    for answers in islice(product((False, True), repeat=len(questions)), _MAX_CHOICES):
        known = dict(zip(questions, answers, strict=True))
        choice = {name: _holds(node, conditions, known) for name, node in conditions.items()}
        pairs = set(combinations(sorted(choice.items()), 2)) | {(one,) for one in choice.items()}
        if not seen or pairs - seen:
            seen |= pairs or {()}
            yield choice


def _asks(node: Mapping[str, Node]) -> bool:
    return "Fn::Equals" in node and _preset(node["Fn::Equals"]) is None


def _holds(node: Node, conditions: Mapping[str, Node], known: Mapping[str, bool]) -> bool:
    """Evaluate a condition, by the answers to what it asks of parameters."""
    (function, value), *_ = node.items()
    if function == "Condition":
        return _holds(_named(conditions, value), conditions, known)
    if function == "Fn::Equals":
        preset = _preset(value)
        return known[_key(value)] if preset is None else preset
    answers = [_holds(part, conditions, known) for part in value]
    if function == "Fn::Not":
        return not answers[0]
    if function in ("Fn::And", "Fn::Or"):
        return all(answers) if function == "Fn::And" else any(answers)
    raise TemplateError(f"Conditions: {function} is not for conditions")


def _named(found: Mapping[str, _T], name: str) -> _T:
    if name not in found:
        raise TemplateError(f"the condition {name} is not declared", "add it under Conditions")
    return found[name]


def _preset(sides: list[Node]) -> bool | None:
    """Answer a question about a parameter that is taken as set; None for all others."""
    left, right = sides
    if isinstance(right, dict):
        left, right = right, left
    name = left.get("Ref") if isinstance(left, dict) else None
    return _PRESET[name] == right if name in _PRESET else None


def _key(sides: list[Node]) -> str:
    return json.dumps(sides, sort_keys=True)


def _view(template: Mapping[str, Node], choice: Mapping[str, bool]) -> View:
    resources = {
        name: Resource(name, str(body.get("Type")), _chosen(body, choice))
        for name, body in template["Resources"].items()
        if "Condition" not in body or _named(choice, body["Condition"])
    }
    return View(resources, template.get("Parameters", {}))


def _chosen(node: Node, choice: Mapping[str, bool]) -> Node:
    """Return a tree with one branch of each Fn::If, and without what is NoValue there."""
    if isinstance(node, dict):
        if "Fn::If" in node:
            name, then, otherwise = node["Fn::If"]
            return _chosen(then if _named(choice, name) else otherwise, choice)
        chosen = {name: _chosen(value, choice) for name, value in node.items()}
        return {name: value for name, value in chosen.items() if value != _NOTHING}
    if isinstance(node, list):
        return [value for one in node if (value := _chosen(one, choice)) != _NOTHING]
    return node
