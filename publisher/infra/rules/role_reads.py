"""What roles read: all of their product, which they need, and by a prefix no names of others."""

from __future__ import annotations

from collections.abc import Iterator

from publisher.infra.jobs import ACTIONS
from publisher.infra.node import text
from publisher.infra.policies import (
    Request,
    Statement,
    actions,
    allows,
    conditions,
    might_deny,
)
from publisher.infra.rules.model import Fault, Rule
from publisher.infra.rules.paths import IMMUTABLE, POINTERS
from publisher.infra.rules.roles import allowed_of, policy_of
from publisher.infra.rules.view import View

_LISTS = {"s3:listbucket", "s3:listbucketmultipartuploads"}
_PREFIX = [("StringLikeIfExists", "s3:prefix"), ("StringLike", "s3:prefix")]


def _reads(view: View) -> Iterator[Fault]:
    asked = [Request("s3:GetObject", key) for key in (*POINTERS, *IMMUTABLE)]
    for role in (one for one in view.of("IAM::Role") if one.name in ACTIONS):
        policy = policy_of(role)
        for request in (*asked, Request("s3:ListBucket")):
            if not allows(policy, request) or might_deny(policy, request):
                on = request.key or "the bucket"
                yield role.name, f"it may not {request.action[3:]} {on}, which it has to"


def _lists(view: View) -> Iterator[Fault]:
    for role, statement in allowed_of(view):
        if _LISTS & {one.lower() for one in actions(statement)} and not _in_product(statement):
            yield role.name, f"{statement.get('Sid', 'a statement')} lists other products too"


def _in_product(statement: Statement) -> bool:
    found = conditions(statement)
    prefixes = [text(value) for key in _PREFIX for value in found.get(key, [])]
    return len(found) == 1 and prefixes == ["${Product}/*"]


RULES = (
    Rule(
        "role-reads",
        "each role reads all of its product, and lists the bucket: it publishes nothing unseen",
        "allow s3:GetObject on ${Product}/*, and s3:ListBucket on the bucket",
        _reads,
    ),
    Rule(
        "role-lists",
        "where a role lists names by a prefix, it is that of its own product",
        "allow s3:ListBucket where s3:prefix is StringLikeIfExists ${Product}/*",
        _lists,
    ),
)
