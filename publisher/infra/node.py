"""Looking into the tree of a parsed template."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from typing import Any

# A part of a parsed template: a mapping, a list, text, a number, or nothing.
Node = Any


def at(node: Node, *path: str) -> Node:
    """Return what lies at a path of names, or None where it ends early."""
    for name in path:
        if not isinstance(node, dict):
            return None
        node = node.get(name)
    return node


def items(node: Node) -> list[Node]:
    """Return a list as it is, nothing as an empty one, and all else as a list of one."""
    if node is None:
        return []
    return node if isinstance(node, list) else [node]


def text(node: object) -> str:
    """Return a value as text; what is not known yet stands as in Fn::Sub: `${Name.Arn}`."""
    if not isinstance(node, dict):
        return str(node)
    if "Ref" in node:
        return f"${{{node['Ref']}}}"
    if "Fn::GetAtt" in node:
        return f"${{{'.'.join(map(str, items(node['Fn::GetAtt'])))}}}"
    if "Fn::Sub" in node:
        return _substituted(node["Fn::Sub"])
    if "Fn::Join" in node:
        between, parts = node["Fn::Join"]
        return str(between).join(map(text, items(parts)))
    return str(node)


def _substituted(value: object) -> str:
    """Return the text of Fn::Sub; names of its own are replaced."""
    if not isinstance(value, list):
        return str(value)
    result, own = str(value[0]), value[1]
    for name, node in own.items():
        result = result.replace(f"${{{name}}}", text(node))
    return result


def is_true(node: Node) -> bool:
    """Say whether a property is set; CloudFormation takes text for it, too."""
    return str(node).lower() == "true"


def may_be_true(node: Node) -> bool:
    """Say whether a property that is false where it is left out can be anything else."""
    return node is not None and str(node).lower() != "false"


def number(node: Node, otherwise: float, unknown: float = inf) -> float:
    """Return a number, `otherwise` where there is none, `unknown` where a parameter decides."""
    if node is None:
        return otherwise
    return unknown if isinstance(node, dict) else float(node)


def walk(node: Node) -> Iterator[dict[str, Node]]:
    """Yield each mapping of a tree, from the outside in."""
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from walk(value)
    elif isinstance(node, list):
        for value in node:
            yield from walk(value)
