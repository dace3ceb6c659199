"""What must hold of a template, beyond what CloudFormation and its linters look at.

They work on any template of the same kind, so that people can edit theirs: `broken` tells what an
edit has broken. Each rule is run under each branch of the conditions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from publisher.infra.rules import bucket, bucket_policy, caching, edge, keys, logs, roles, trust
from publisher.infra.rules.branches import views
from publisher.infra.rules.model import Breach, Rule

__all__ = ["RULES", "Breach", "Rule", "broken"]

RULES: tuple[Rule, ...] = (
    *bucket.RULES,
    *bucket_policy.RULES,
    *edge.RULES,
    *caching.RULES,
    *roles.RULES,
    *trust.RULES,
    *keys.RULES,
    *logs.RULES,
)


def broken(template: Mapping[str, Any], rules: Iterable[Rule] = RULES) -> list[Breach]:
    """Return what does not hold in a template that `publisher.infra.template.load` has parsed.

    Each breach is told once, in whichever branches it is found; nothing found is an empty list.
    """
    found: dict[Breach, None] = {}
    for view in views(template):
        for rule in rules:
            for resource, says in rule.check(view):
                found.setdefault(Breach(rule.name, resource, says, rule.mend))
    return list(found)
