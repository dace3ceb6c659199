"""Policies as IAM writes them (IAM user guide, "JSON policy element reference"), parsed.

A text may stand where a list may: here they are tuples always.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from publisher.infra.arns import account_of, partition_of
from publisher.infra.wildcards import matches


@dataclass(frozen=True)
class Statement:
    """One statement.

    Attributes:
        principals: whom it is for, as `AWS:ARN`, `Service:NAME`, `Federated:ARN`, or `*`.
        is_principal_negated: for all but these (NotPrincipal).
        actions: patterns, in lower case as IAM compares them; of NotAction with `!` before each.
        conditions: the values by operator and key, in lower case, as `stringequals aws:sourcearn`;
            of a key in two spellings, which both have to hold, those of both.
        document: as it was written.
    """

    sid: str
    is_allow: bool
    principals: tuple[str, ...]
    is_principal_negated: bool
    actions: tuple[str, ...]
    conditions: Mapping[str, tuple[str, ...]]
    document: Mapping[str, Any]

    @property
    def name(self) -> str:
        """What to call it: its Sid, or what it is about."""
        return self.sid or f"{'Allow' if self.is_allow else 'Deny'} {', '.join(self.actions)}"

    def is_for_all(self) -> bool:
        """Whether it is for everybody; for all but a few (NotPrincipal) is less than that."""
        return bool({"*", "AWS:*"} & set(self.principals)) and not self.is_principal_negated

    def is_for_strangers(self) -> bool:
        """Whether it is for people whom it does not name: everybody, or all but a few."""
        return self.is_for_all() or self.is_principal_negated

    def is_for(self, arn: str) -> bool:
        """Whether it is for a role or user, by name, by its account, or as everybody."""
        account = account_of(arn)
        mine = {f"AWS:{arn}", f"AWS:{account}", f"AWS:arn:{partition_of(arn)}:iam::{account}:root"}
        named = bool(mine & set(self.principals))
        return not named if self.is_principal_negated else named or self.is_for_all()

    def covers(self, action: str) -> bool:
        """Whether it is about an action."""
        return _covers(self.actions, action.lower())

    def values(self, key: str, *operators: str) -> tuple[str, ...]:
        """Return the values that a condition key is compared with by any of the operators."""
        names = [f"{operator} {key}".lower() for operator in operators]
        return tuple(value for name in names for value in self.conditions.get(name, ()))

    def condition_keys(self) -> set[str]:
        """Return the keys of its conditions, in lower case."""
        return {name.split(" ", 1)[1] for name in self.conditions}


def is_deleted(principal: str) -> bool:
    """Whether a principal is an id, which IAM puts in the place of a name that was deleted."""
    kind, _, who = principal.partition(":")
    return kind == "AWS" and who.isalnum() and not who.isdigit()


def apart(principals: Iterable[str], account: str) -> tuple[list[str], list[str], list[str]]:
    """Tell principals apart: those that may be ours, those of another account, the deleted.

    Args:
        account: ours; "" where it is not known, and so of nobody whether they are of another.
    """
    own: list[str] = []
    strange: list[str] = []
    deleted: list[str] = []
    for one in principals:
        is_strange = account_of(one.partition(":")[2]) not in ("", account)
        found = deleted if is_deleted(one) else strange if account and is_strange else own
        found.append(one)
    return own, strange, deleted


def nobody(deleted: Iterable[str]) -> str:
    """Return in words whom a policy names that were deleted."""
    return f"nobody, as {', '.join(deleted).replace('AWS:', '')} was deleted"


def parse_policy(policy: str | Mapping[str, Any]) -> tuple[Statement, ...]:
    """Parse a policy, a text or what JSON makes of it.

    Raises:
        ValueError: it is no policy, or says one thing twice.
    """
    document = json.loads(policy, object_pairs_hook=_once) if isinstance(policy, str) else policy
    if not isinstance(document, Mapping):
        raise ValueError("this is no policy")
    statements = document.get("Statement", [])
    written = [statements] if isinstance(statements, Mapping) else statements
    return tuple(_statement(one) for one in written)


def _statement(written: Mapping[str, Any]) -> Statement:
    negated = "NotPrincipal" in written
    return Statement(
        sid=str(written.get("Sid", "")),
        is_allow=written["Effect"] == "Allow",
        principals=_principals(written.get("NotPrincipal" if negated else "Principal")),
        is_principal_negated=negated,
        actions=tuple(pattern.lower() for pattern in _action_patterns(written)),
        conditions=_conditions(written.get("Condition", {})),
        document=written,
    )


def _principals(written: object) -> tuple[str, ...]:
    if not isinstance(written, Mapping):
        return () if written is None else (str(written),)
    return tuple(f"{kind}:{one}" for kind, ones in written.items() for one in _texts(ones))


def _action_patterns(written: Mapping[str, Any]) -> Iterable[str]:
    yield from _texts(written.get("Action", ()))
    yield from (f"!{pattern}" for pattern in _texts(written.get("NotAction", ())))


def _conditions(written: Mapping[str, Mapping[str, object]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for operator, keys in written.items():
        for key, values in keys.items():
            name = f"{operator} {key}".lower()
            found[name] = tuple(dict.fromkeys((*found.get(name, ()), *_texts(values))))
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object; of a name that stands in it twice nobody knows which one counts."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"the policy has {', '.join(twice)} twice in one place")
    return found


def _texts(values: object) -> tuple[str, ...]:
    many = values if isinstance(values, list | tuple) else [values]
    return tuple(str(one).lower() if isinstance(one, bool) else str(one) for one in many)


def _covers(patterns: tuple[str, ...], name: str) -> bool:
    """Whether patterns with `*` and `?` cover a name; `!` ones cover what none of them matches."""
    negated = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
    if negated:
        return not any(matches(pattern, name) for pattern in negated)
    return any(matches(pattern, name) for pattern in patterns)
