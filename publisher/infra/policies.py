"""What IAM policies, of a bucket or a role, say to one request.

Policies are judged by what they do rather than by how they are written: rules ask them about
requests that must be allowed or denied. Only what such policies use is evaluated; an unknown
condition counts against the policy: it lets an Allow apply, and a Deny not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from publisher.infra.node import Node, at, items, text
from publisher.infra.wildcards import matches

# A product that stands for the parameter, and others, whose names may begin with ours.
OURS = "sensor"
OTHERS = ("other-product", f"{OURS}-2", f"{OURS}.v2")

# ARNs are compared with wildcards by each of their operators; but for Bool and Null, case counts.
_LIKE = ("StringLike", "ArnEquals", "ArnLike")
_UNLIKE = ("StringNotLike", "ArnNotEquals", "ArnNotLike")

# The bucket of the policy's template, and that of the parameter of a role's.
_BUCKET = re.compile(r"\$\{[A-Za-z0-9]+\.Arn\}|arn:[^:]+(?:::[^:]+)?:s3:::\$\{BucketName\}")
Statement = Mapping[str, Node]

# What requests that write tell S3 (S3 user guide, "Enforce conditional writes"). A part of an
# upload carries no condition; what completes the upload does.
WRITES = {"s3:objectcreationoperation": "true"}
CREATES = {**WRITES, "s3:if-none-match": "*"}
REPLACES = {**WRITES, "s3:if-match": "0123"}
WRITES_PART = {"s3:objectcreationoperation": "false"}
# How all requests come that are served at all.
BY_TLS = {"aws:securetransport": "true", "s3:tlsversion": "1.2"}
# What a request that writes has, or is known to lack; of other keys nobody knows.
_TOLD = {"s3:if-none-match", "s3:if-match"}


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
        if one.get("Effect") == "Deny" and _is_for_whom_it_concerns(one)
    )


def might_deny(policy: Iterable[Statement], request: Request) -> bool:
    """Say whether a policy denies a request to anybody, or would where what is not known held."""
    denying = (one for one in policy if one.get("Effect") == "Deny")
    return any(_applies(one, request, unknown=True) for one in denying)


def surely_allows(policy: Iterable[Statement], request: Request) -> bool:
    """Say whether a policy allows a request whatever is not known; its denials aside."""
    allowing = (one for one in policy if one.get("Effect") == "Allow")
    return any(_applies(one, request, unknown=False) for one in allowing)


def _is_for_whom_it_concerns(statement: Statement) -> bool:
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
    """Say whether a statement is about an object, or with key "" about the bucket."""
    named = "Resource" in statement
    # Of a bucket that is not known to be ours: what makes a policy weaker.
    unknown = named == (statement.get("Effect") != "Deny")
    patterns = [text(one) for one in items(statement.get("Resource" if named else "NotResource"))]
    return named == any(_names(pattern, key, unknown) for pattern in patterns)


def conditions(statement: Statement) -> dict[tuple[str, str], list[Node]]:
    """Return a statement's conditions: values by operator and key, the key in lower case."""
    found = statement.get("Condition") or {}
    return {
        (operator, key.lower()): items(values)
        for operator, keys in found.items()
        for key, values in keys.items()
    }


def _applies(statement: Statement, request: Request, unknown: bool | None = None) -> bool:
    """Say whether a statement is about a request, and its conditions hold.

    Args:
        unknown: what an unknown condition is taken for; None for what counts against the policy.
    """
    against = statement.get("Effect") == "Allow" if unknown is None else unknown
    return (
        _is_action(statement, request.action)
        and names_object(statement, request.key)
        and _holds(statement, request.context, against)
    )


def _is_action(statement: Statement, action: str) -> bool:
    named = "Action" in statement
    patterns = items(statement.get("Action" if named else "NotAction"))
    return named == any(matches(text(one).lower(), action.lower()) for one in patterns)


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


def _holds(statement: Statement, context: Mapping[str, str], unknown: bool) -> bool:
    return all(
        _is_met(operator, key, context.get(key), values, unknown)
        for (operator, key), values in conditions(statement).items()
    )


def _is_met(operator: str, key: str, value: str | None, wanted: list[Node], unknown: bool) -> bool:
    """Evaluate one condition (IAM User Guide, "Condition operators").

    What a request lacks here may be there in the next one: ...IfExists tells nothing of that.
    """
    if any(isinstance(one, dict) for one in wanted):
        return unknown
    words = list(map(str, wanted))
    if operator == "Null" and (value is not None or key in _TOLD):
        return [one.lower() for one in words] == [str(value is None).lower()]
    if value is None:
        return unknown
    return _compares(operator.removesuffix("IfExists"), value, words, unknown)


def _compares(operator: str, value: str, words: list[str], unknown: bool) -> bool:
    if operator == "Bool":
        return value.lower() in [one.lower() for one in words]
    if operator == "StringEquals":
        return value in words
    if operator == "StringNotEquals":
        return value not in words
    if operator == "NumericLessThan":
        return any(float(value) < float(word) for word in words)
    if operator in _LIKE:
        return any(matches(word, value) for word in words)
    if operator in _UNLIKE:
        return not any(matches(word, value) for word in words)
    return unknown
