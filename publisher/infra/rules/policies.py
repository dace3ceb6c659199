"""What IAM policies, of a bucket or a role, say to one request.

Policies are judged by what they do rather than by how they are written: rules ask them about
requests that must be allowed or denied. Only what such policies use is evaluated; an unknown
condition counts against the policy: it lets an Allow apply, and a Deny not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from publisher.infra.rules.node import Node, at, items, text
from publisher.infra.wildcards import matches

# A product that stands for the parameter, and others, whose names may begin with ours.
OURS = "sensor"
OTHERS = ("other-product", f"{OURS}-2", f"{OURS}.v2")

# ARNs are compared with wildcards by each of their operators.
_LIKE = ("StringLike", "ArnEquals", "ArnLike")
_UNLIKE = ("StringNotLike", "ArnNotEquals", "ArnNotLike")

# The bucket of the policy's template, and that of the parameter of a role's.
_BUCKET = re.compile(r"\$\{[A-Za-z0-9]+\.Arn\}|arn:[^:]+(?:::[^:]+)?:s3:::\$\{BucketName\}")
Statement = Mapping[str, Node]


@dataclass(frozen=True)
class Request:
    """What somebody asks S3 for.

    Attributes:
        action: such as s3:PutObject.
        key: the object's key, or "" for the bucket itself.
        context: condition keys, in lower case, with what they have in this request.
    """

    action: str
    key: str = ""
    context: Mapping[str, str] = field(default_factory=dict)


def statements(document: object) -> list[Statement]:
    """Return a policy document's statements."""
    return [one for one in items(at(document, "Statement")) if isinstance(one, dict)]


def allows(policy: Iterable[Statement], request: Request) -> bool:
    """Say whether a policy allows a request, by itself, and does not deny it."""
    policy = list(policy)
    allowed = any(_applies(one, request) for one in policy if one.get("Effect") == "Allow")
    return allowed and not denies(policy, request)


def denies(policy: Iterable[Statement], request: Request) -> bool:
    """Say whether a policy denies a request to all whom it is about."""
    return any(
        _applies(one, request)
        for one in policy
        if one.get("Effect") == "Deny" and is_for_whom_it_concerns(one)
    )


def is_for_whom_it_concerns(statement: Statement) -> bool:
    """Say whether a statement is for everybody, or of a role's own policy."""
    return is_for_all(statement) or not {"Principal", "NotPrincipal"} & statement.keys()


def is_for_all(statement: Statement) -> bool:
    """Say whether a statement's principal is everybody."""
    principal = statement.get("Principal")
    everybody = items(principal if not isinstance(principal, dict) else principal.get("AWS"))
    return "*" in map(text, everybody)


def actions(statement: Statement) -> list[str]:
    """Return the actions of a statement, as it has them."""
    return [text(one) for one in items(statement.get("Action"))]


def resources(statement: Statement) -> list[str]:
    """Return the resources of a statement, as text."""
    return [text(one) for one in items(statement.get("Resource"))]


def names_object(statement: Statement, key: str) -> bool:
    """Say whether a statement is about an object."""
    return _is_resource(statement, key)


def conditions(statement: Statement) -> dict[tuple[str, str], list[Node]]:
    """Return a statement's conditions: values by operator and key, the key in lower case."""
    found = statement.get("Condition") or {}
    return {
        (operator, key.lower()): items(values)
        for operator, keys in found.items()
        for key, values in keys.items()
    }


def _applies(statement: Statement, request: Request) -> bool:
    return (
        _is_action(statement, request.action)
        and _is_resource(statement, request.key)
        and _holds(statement, request.context)
    )


def _is_action(statement: Statement, action: str) -> bool:
    named = "Action" in statement
    patterns = items(statement.get("Action" if named else "NotAction"))
    return named == any(matches(text(one).lower(), action.lower()) for one in patterns)


def _is_resource(statement: Statement, key: str) -> bool:
    named = "Resource" in statement
    # Of a bucket that is not known to be ours: what makes a policy weaker.
    unknown = named == (statement.get("Effect") != "Deny")
    patterns = [text(one) for one in items(statement.get("Resource" if named else "NotResource"))]
    return named == any(_names(pattern, key, unknown) for pattern in patterns)


def _names(pattern: str, key: str, unknown: bool) -> bool:
    """Say whether an ARN with wildcards names an object, or with key "" the bucket."""
    bucket, slash, keys = pattern.partition("/")
    if bucket == "*":
        return True
    if not unknown and not _BUCKET.fullmatch(bucket):
        return False
    if not key:
        return not slash
    return bool(slash) and matches(keys.replace("${Product}", OURS), key)


def _holds(statement: Statement, context: Mapping[str, str]) -> bool:
    unknown = statement.get("Effect") == "Allow"
    return all(
        _is_met(operator, context.get(key), values, unknown)
        for (operator, key), values in conditions(statement).items()
    )


def _is_met(operator: str, value: str | None, wanted: list[Node], unknown: bool) -> bool:
    """Evaluate one condition (IAM User Guide, "Condition operators")."""
    if any(isinstance(one, dict) for one in wanted):
        return unknown
    words = [str(one).lower() for one in wanted]
    if operator == "Null":
        return words == [str(value is None).lower()]
    if value is None:
        return operator.endswith("IfExists") or unknown
    if operator in ("Bool", "StringEquals"):
        return value.lower() in words
    if operator == "NumericLessThan":
        return any(float(value) < float(word) for word in words)
    if operator in _LIKE:
        return any(matches(word, value.lower()) for word in words)
    if operator in _UNLIKE:
        return not any(matches(word, value.lower()) for word in words)
    return unknown
