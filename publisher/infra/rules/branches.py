"""A template under its conditions: each is met both ways, and any two in each way that can be.

All choices of all conditions would be thousands of templates, nearly all alike.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import combinations, product
from typing import TypeVar

from publisher.infra.rules.node import Node, walk
from publisher.infra.rules.view import Resource, View
from publisher.infra.template import TemplateError

_T = TypeVar("_T")
# Emulators lack some condition keys, and are given NotEnforced: then some rules cannot hold.
_PRESET, _ENFORCED, _NOT_ENFORCED = "ConditionalWrites", "Enforced", "NotEnforced"
# 4,096 choices, in seconds; the templates here ask seven questions at most.
_MAX_QUESTIONS = 12
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
        for choice in _choices(conditions, setting):
            yield _view(template, choice, setting)


def _choices(conditions: Mapping[str, Node], setting: str) -> Iterator[dict[str, bool]]:
    """Yield what the conditions are together, until any two have been met in each way."""
    questions = _questions(conditions)
    preset = _preset_answers(conditions, setting)
    seen: set[tuple[object, ...]] = set()
    for answers in product((False, True), repeat=len(questions)):
        known = {**dict(zip(questions, answers, strict=True)), **preset}
        choice = {name: _holds(node, conditions, known) for name, node in conditions.items()}
        pairs = set(combinations(sorted(choice.items()), 2)) | {(one,) for one in choice.items()}
        if not seen or pairs - seen:
            seen |= pairs or {()}
            yield choice


def _questions(conditions: Mapping[str, Node]) -> list[str]:
    """Return what conditions ask of parameters, but for the one that is taken as set."""
    asked = [node["Fn::Equals"] for node in walk(conditions) if "Fn::Equals" in node]
    questions = sorted({_key(sides) for sides in asked if _preset(sides) is None})
    if len(questions) > _MAX_QUESTIONS:
        says = f"Conditions: they ask {len(questions)} questions of parameters"
        raise TemplateError(says, f"up to {_MAX_QUESTIONS} can be tried in each way")
    return questions


def _preset_answers(conditions: Mapping[str, Node], setting: str) -> dict[str, bool]:
    """Return the answers to what is asked of the parameter that is taken as set."""
    asked = [node["Fn::Equals"] for node in walk(conditions) if "Fn::Equals" in node]
    return {_key(sides): _preset(sides) == setting for sides in asked if _preset(sides) is not None}


def _holds(node: Node, conditions: Mapping[str, Node], known: Mapping[str, bool]) -> bool:
    """Evaluate a condition, by the answers to what it asks of parameters."""
    (function, value), *_ = node.items()
    if function == "Condition":
        return _holds(_named(conditions, value), conditions, known)
    if function == "Fn::Equals":
        return known[_key(value)]
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


def _preset(sides: list[Node]) -> str | None:
    """Return what the parameter that is taken as set is compared with; None for all others."""
    left, right = sides
    if isinstance(right, dict):
        left, right = right, left
    return right if left == {"Ref": _PRESET} and isinstance(right, str) else None


def _key(sides: list[Node]) -> str:
    return json.dumps(sides, sort_keys=True)


def _view(template: Mapping[str, Node], choice: Mapping[str, bool], setting: str) -> View:
    resources = {
        name: Resource(name, str(body.get("Type")), _chosen(body, choice))
        for name, body in template["Resources"].items()
        if "Condition" not in body or _named(choice, body["Condition"])
    }
    parameters = template.get("Parameters", {})
    return View(resources, parameters, tuple(template), setting == _ENFORCED)


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
