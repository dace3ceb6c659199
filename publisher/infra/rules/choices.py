"""Which choices of a template's conditions are looked at: any two, in each way that can be.

All choices of all conditions would be thousands of templates, nearly all alike. Each condition is
worked out for all answers to the questions at once: as a number whose bit N says what it is with
the N-th set of answers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import TypeVar

from publisher.infra.node import Node, walk
from publisher.infra.template import TemplateError

_T = TypeVar("_T")
# Emulators lack some condition keys, and are given NotEnforced: then some rules cannot hold.
_PRESET = "ConditionalWrites"
# 4,096 sets of answers; the templates here ask nine questions at most.
_MAX_QUESTIONS = 12


def choices(conditions: Mapping[str, Node], setting: str) -> Iterator[dict[str, bool]]:
    """Yield what the conditions are together, until any two have been met in each way.

    Args:
        setting: what ConditionalWrites is.

    Raises:
        TemplateError: a condition is not declared, or they ask more than can be tried.
    """
    questions = _questions(conditions)
    all_answers = (1 << (1 << len(questions))) - 1
    known = {key: _truth(number, len(questions)) for number, key in enumerate(questions)}
    known |= {key: all_answers if is_so else 0 for key, is_so in _preset(conditions, setting)}
    possible = all_answers & ~_contradictions(known)
    truths = {name: _holds(node, conditions, known) for name, node in conditions.items()}
    for answer in _covering(_ways(list(truths.values()), possible)):
        yield {name: bool(truth & answer) for name, truth in truths.items()}


def named(found: Mapping[str, _T], name: str) -> _T:
    """Return what is declared under the name of a condition.

    Raises:
        TemplateError: nothing is.
    """
    if name not in found:
        raise TemplateError(f"the condition {name} is not declared", "add it under Conditions")
    return found[name]


def _questions(conditions: Mapping[str, Node]) -> list[str]:
    """Return what conditions ask of parameters, but for the one that is taken as set."""
    questions = sorted({_key(sides) for sides in _asked(conditions) if not _compared(sides)})
    if len(questions) > _MAX_QUESTIONS:
        says = f"Conditions: they ask {len(questions)} questions of parameters"
        raise TemplateError(says, f"up to {_MAX_QUESTIONS} can be tried in each way")
    return questions


def _asked(conditions: Mapping[str, Node]) -> list[list[Node]]:
    return [node["Fn::Equals"] for node in walk(conditions) if "Fn::Equals" in node]


def _preset(conditions: Mapping[str, Node], setting: str) -> Iterator[tuple[str, bool]]:
    """Yield what is asked of the parameter that is taken as set, and the answer."""
    for sides in _asked(conditions):
        if compared := _compared(sides):
            yield _key(sides), compared == setting


def _compared(sides: list[Node], parameter: str = _PRESET) -> str | None:
    """Return what a parameter is compared with; None where another is, or no text."""
    left, right = sides
    if isinstance(right, dict):
        left, right = right, left
    return right if left == {"Ref": parameter} and isinstance(right, str) else None


def _truth(number: int, count: int) -> int:
    """Return the sets of answers in which that to one of some questions is yes."""
    block = ((1 << (1 << number)) - 1) << (1 << number)
    blocks = range(0, 1 << count, 2 << number)
    return sum(block << start for start in blocks)


def _contradictions(known: Mapping[str, int]) -> int:
    """Return the sets of answers by which one parameter is two things at once."""
    found = 0
    for one, other in combinations(known, 2):
        if _exclude(json.loads(one), json.loads(other)):
            found |= known[one] & known[other]
    return found


def _exclude(one: list[Node], other: list[Node]) -> bool:
    """Say whether the same is compared with two different texts."""
    texts = {side for side in (*one, *other) if isinstance(side, str)}
    return len(texts) > 1 and any(isinstance(side, dict) and side in other for side in one)


def _holds(node: Node, conditions: Mapping[str, Node], known: Mapping[str, int]) -> int:
    """Evaluate a condition for all sets of answers."""
    (function, value), *_ = node.items()
    if function == "Condition":
        return _holds(named(conditions, value), conditions, known)
    if function == "Fn::Equals":
        return known[_key(value)]
    parts = [_holds(part, conditions, known) for part in value]
    if function == "Fn::Not":
        return ~parts[0]
    if function not in ("Fn::And", "Fn::Or"):
        raise TemplateError(f"Conditions: {function} is not for conditions")
    result = parts[0]
    for part in parts[1:]:
        result = result & part if function == "Fn::And" else result | part
    return result


def _ways(truths: list[int], possible: int) -> list[int]:
    """Return the sets of answers of each way in which two conditions can be together."""
    each = [(truth & possible, ~truth & possible) for truth in truths]
    alone = [way for ways in each for way in ways]
    pairs = [one & other for a, b in combinations(each, 2) for one in a for other in b]
    return [possible, *(way for way in (*alone, *pairs) if way)]


def _covering(ways: list[int]) -> Iterator[int]:
    """Yield sets of answers, a few in which each way is met."""
    while ways:
        answers = ways[0]
        for way in ways:
            answers = answers & way or answers
        answer = answers & -answers
        yield answer
        ways = [way for way in ways if not way & answer]


def _key(sides: list[Node]) -> str:
    return json.dumps(sides, sort_keys=True)
