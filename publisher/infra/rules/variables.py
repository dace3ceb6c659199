"""Where `${NAME}` stands: in Fn::Sub alone, and for what the template has.

Outside of it CloudFormation leaves it as it is, and in a policy IAM takes it for a variable of its
own; the other rules read both as what the template means by the name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from publisher.infra.node import Node
from publisher.infra.rules.model import Fault, Rule
from publisher.infra.rules.view import View

_VARIABLE = re.compile(r"\$\{([^}]*)\}")


def _variables(view: View) -> Iterator[Fault]:
    values = {name: resource.body for name, resource in view.resources.items()}
    for name, value in (*values.items(), *view.outputs.items()):
        for one in _left(view, value):
            yield name, f"{one} has a ${{…}} that CloudFormation does not replace"


def _left(view: View, node: Node) -> Iterator[str]:
    """Yield the texts of a tree that are deployed with a `${` in them."""
    if isinstance(node, str) and _has_variable(node):
        yield node
    elif isinstance(node, list):
        for value in node:
            yield from _left(view, value)
    elif isinstance(node, dict):
        for name, value in node.items():
            yield from _left_of_sub(view, value) if name == "Fn::Sub" else _left(view, value)


def _left_of_sub(view: View, node: Node) -> Iterator[str]:
    template, own = node if isinstance(node, list) else (node, {})
    known = {*own, *view.parameters, *view.resources}

    def replaced(found: re.Match[str]) -> str:
        is_known = found[1].startswith("AWS::") or found[1].partition(".")[0] in known
        return "{" if is_known else found[0]  # what it stands for may begin so, behind a $

    if _has_variable(_VARIABLE.sub(replaced, template)):
        yield template
    yield from _left(view, own)


def _has_variable(text: str) -> bool:
    """Say whether a variable of IAM's is in a text, or may begin at its end, in Fn::Join."""
    return "${" in text or text.endswith("$")


RULES = (
    Rule(
        "known-variables",
        "${…} stands in Fn::Sub alone, for what the template has: IAM has no variables to replace",
        "write !Sub before the text, with names of parameters or resources in it",
        _variables,
    ),
)
