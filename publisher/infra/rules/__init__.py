"""What must hold of a template, beyond what CloudFormation and its linters look at.

They work on any template of the same kind, so that people can edit theirs: `broken` tells what an
edit has broken. Each rule is run under each branch of the conditions. What no rule can read is a
breach, too: nothing passes because nobody looked.

view, branches, model, paths            a template as rules see it, in each branch of its conditions
known, defaults, given, conditions,     what may stand in a template, and what its parameters take
choices, variables, outputs
form, policy_paths, bucket_policy,      policies, and what of the bucket they deny and let through
bucket_work, bucket_access,
bucket_settings
bucket, logs, keys                      settings of buckets, logs and keys
edge, edge_*, caching                   the edge
roles, role_*, trust                    what roles may do, and who takes them
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from publisher.infra.rules import (
    bucket,
    bucket_access,
    bucket_policy,
    bucket_settings,
    bucket_work,
    caching,
    conditions,
    defaults,
    edge,
    edge_headers,
    edge_names,
    edge_parts,
    edge_reads,
    form,
    given,
    keys,
    known,
    logs,
    outputs,
    policy_paths,
    role_keys,
    role_objects,
    role_reads,
    roles,
    trust,
    variables,
)
from publisher.infra.rules.branches import views
from publisher.infra.rules.model import Breach, Fault, Rule
from publisher.infra.rules.view import View

__all__ = ["RULES", "Breach", "Rule", "broken"]

RULES: tuple[Rule, ...] = (
    *known.RULES,
    *variables.RULES,
    *defaults.RULES,
    *given.RULES,
    *conditions.RULES,
    *form.RULES,
    *outputs.RULES,
    *bucket.RULES,
    *bucket_access.RULES,
    *policy_paths.RULES,
    *bucket_policy.RULES,
    *bucket_settings.RULES,
    *bucket_work.RULES,
    *edge_reads.RULES,
    *edge_parts.RULES,
    *edge.RULES,
    *edge_headers.RULES,
    *edge_names.RULES,
    *caching.RULES,
    *roles.RULES,
    *role_objects.RULES,
    *role_reads.RULES,
    *role_keys.RULES,
    *trust.RULES,
    *keys.RULES,
    *logs.RULES,
)


def broken(template: Mapping[str, Any], rules: Iterable[Rule] = RULES) -> list[Breach]:
    """Return what does not hold in a template that `publisher.infra.template.load` has parsed.

    Each breach is told once, in whichever branches it is found; nothing found is an empty list.
    """
    found: dict[Breach, None] = {}
    chosen = tuple(rules)
    for view in views(template):
        for rule in chosen:
            if view.is_enforced or rule.of_emulators:
                for resource, says in _checked(rule, view):
                    found.setdefault(Breach(rule.name, resource, says, rule.mend))
    return list(found)


def _checked(rule: Rule, view: View) -> list[Fault]:
    """Return what a rule finds; what has a form that it cannot read is a breach of it."""
    try:
        return list(rule.check(view))
    except (AttributeError, KeyError, TypeError, ValueError, re.error) as error:
        return [("the template", f"it is written in a way that cannot be looked at: {error}")]
