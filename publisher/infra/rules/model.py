"""What a rule is, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from publisher.infra.rules.view import View

# What a rule finds: the logical id of the resource, and what is wrong with it, in words.
Fault = tuple[str, str]


@dataclass(frozen=True)
class Breach:
    """What does not hold in a template.

    Attributes:
        rule: the rule's id.
        resource: the logical id of the resource.
        says: what is wrong, without a full stop.
        mend: what to do about it.
    """

    rule: str
    resource: str
    says: str
    mend: str

    def __str__(self) -> str:
        """Return all of it in one line."""
        return f"{self.resource}: {self.says} ({self.rule}); {self.mend}"


@dataclass(frozen=True)
class Rule:
    """One assertion.

    Attributes:
        name: a short id.
        asserts: what holds of a sound template, in one clause.
        mend: what to do where it does not.
        check: yields what is wrong in one view of a template.
        of_emulators: whether it holds of what emulators are given, too (ConditionalWrites).
    """

    name: str
    asserts: str
    mend: str
    check: Callable[[View], Iterator[Fault]]
    of_emulators: bool = True
