"""Statements as AWS gives them, for what evaluates those of templates (infra/policies.py).

What cannot be known stands as a mapping, as it would in a template: it counts against the policy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from publisher.doctor.aws.policy import Statement

# What stands for more than one text: wildcards, and variables that IAM fills in per request (IAM
# user guide, "IAM policy elements: Variables and tags").
_OPEN = re.compile(r"\$\{[^}]*\}?|[*?]")
_UNKNOWN = {"Ref": "Unknown"}


def is_pattern(text: str) -> bool:
    """Whether a text of a policy stands for more than one."""
    return _OPEN.search(text) is not None


def example(pattern: str, filler: str) -> str:
    """Return one text that a pattern stands for, with a character in each open place."""
    return _OPEN.sub(filler, pattern)


def evaluable(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a statement with each condition once, under its key in lower case.

    Unknown are one key in two spellings, of which both conditions have to hold, and one that is
    compared with a variable.
    """
    found: dict[str, dict[str, object]] = {}
    for operator, keys in document.get("Condition", {}).items():
        told = found.setdefault(operator, {})
        for key, values in keys.items():
            is_known = key.lower() not in told and "${" not in str(values)
            told[key.lower()] = values if is_known else _UNKNOWN
    return {**document, "Condition": found}


def unaddressed(statements: Iterable[Statement]) -> list[dict[str, Any]]:
    """Return statements that are known to be for whoever asks, without whom they are for."""
    left_out = ("Principal", "NotPrincipal")
    return [
        {name: part for name, part in evaluable(one.document).items() if name not in left_out}
        for one in statements
    ]
