"""Whom bucket policies let in: one distribution, the delivery of logs, and the account itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from publisher.infra.node import Node, at, items, text
from publisher.infra.policies import (
    Statement,
    actions,
    conditions,
    is_for_all,
    resources,
    statements,
)
from publisher.infra.rules.model import Fault, Rule
from publisher.infra.rules.paths import LOG_FOLDER
from publisher.infra.rules.view import Resource, View

EDGE, _LOGS = "cloudfront.amazonaws.com", "delivery.logs.amazonaws.com"
_PARTITION = r"arn:(?:\$\{AWS::Partition\}|aws[a-z-]*)"
_ACCOUNT = re.compile(rf"{_PARTITION}:iam::\$\{{AWS::AccountId\}}:root|\$\{{AWS::AccountId\}}")
_DISTRIBUTION = re.compile(
    rf"{_PARTITION}:cloudfront::\$\{{AWS::AccountId\}}:distribution/\$\{{([A-Za-z0-9]+)(?:\.Id)?\}}"
)
_SOURCE = re.compile(rf"{_PARTITION}:logs:us-east-1:\$\{{AWS::AccountId\}}:delivery-source:.+")
_EXACT = ("StringEquals", "ArnEquals")
_LIKE = (*_EXACT, "StringLike", "ArnLike")


def is_account(principal: Node) -> bool:
    """Say whether a principal is the stack's own account, whose IAM then decides."""
    return _ACCOUNT.fullmatch(text(principal)) is not None


def _allowing(view: View) -> Iterator[tuple[str, Statement]]:
    """Yield what bucket policies allow, with the logical id of the policy."""
    for policy in view.of("S3::BucketPolicy"):
        for statement in statements(policy.get("PolicyDocument")):
            if statement.get("Effect") != "Deny":
                yield policy.name, statement


def _services(statement: Statement) -> list[str]:
    return [text(one) for one in items(at(statement.get("Principal"), "Service"))]


def _public(view: View) -> Iterator[Fault]:
    for name, statement in _allowing(view):
        if is_for_all(statement) or "NotPrincipal" in statement:
            yield name, f"{statement.get('Sid', 'a statement')} allows everybody"


def _principals(view: View) -> Iterator[Fault]:
    for name, statement in _allowing(view):
        principal = statement.get("Principal")
        others = [one for one in items(at(principal, "AWS")) if not is_account(one)]
        others += [one for one in _services(statement) if one not in (EDGE, _LOGS)]
        others += items(at(principal, "Federated"))
        yield from ((name, f"{text(one)} is let in") for one in others)


def _one_policy(view: View) -> Iterator[Fault]:
    served = [(policy, view.named(policy.get("Bucket"))) for policy in view.of("S3::BucketPolicy")]
    for policy, bucket in served:
        if bucket is None or bucket.kind != "AWS::S3::Bucket":
            yield policy.name, "it is for a bucket that is not in the template"
        elif [one for _, one in served].count(bucket) > 1:
            yield policy.name, "the bucket has another policy; S3 keeps one of them"


def _edge_access(view: View) -> Iterator[Fault]:
    for name, statement in _allowing(view):
        if EDGE in _services(statement):
            yield from ((name, says) for says in _edge_problems(view, statement))


def _edge_problems(view: View, statement: Statement) -> Iterator[str]:
    sources = _compared(statement, "aws:sourcearn", _LIKE)
    if not sources:
        yield "distributions of any account may read: AWS:SourceArn is missing"
    for source in sources:
        if "*" in source or "?" in source:
            yield f"AWS:SourceArn has a wildcard: {source}"
        elif not _is_distribution(view, source):
            yield f"AWS:SourceArn is not this template's distribution: {source}"
    if {one.lower() for one in actions(statement)} != {"s3:getobject"}:
        yield f"the edge may do more than s3:GetObject: {', '.join(actions(statement))}"


def _is_distribution(view: View, source: str) -> bool:
    found = _DISTRIBUTION.fullmatch(source)
    named: Resource | None = view.resources.get(found[1]) if found else None
    return named is not None and named.kind == "AWS::CloudFront::Distribution"


def _compared(statement: Statement, key: str, operators: tuple[str, ...]) -> list[str]:
    """Return what a condition key has to be, by one of some operators."""
    return [
        text(value)
        for (operator, found), values in conditions(statement).items()
        if found == key and operator in operators
        for value in values
    ]


def _service_access(view: View) -> Iterator[Fault]:
    for name, statement in _allowing(view):
        for service in (one for one in _services(statement) if one != EDGE):
            yield from ((name, f"{service} {says}") for says in _service_problems(statement))


def _service_problems(statement: Statement) -> Iterator[str]:
    accounts = _compared(statement, "aws:sourceaccount", _EXACT)
    if not accounts or set(accounts) != {"${AWS::AccountId}"}:
        yield "may write for any account: aws:SourceAccount is not this one"
    sources = _compared(statement, "aws:sourcearn", _LIKE)
    if not sources or not all(map(_SOURCE.fullmatch, sources)):
        yield "may write for any source: aws:SourceArn is none of this account's logs"
    more = [one for one in actions(statement) if one.lower() != "s3:putobject"]
    if more or "NotAction" in statement:
        yield f"may do more than s3:PutObject: {', '.join(more)}"
    if not all(f"/{LOG_FOLDER}/" in one for one in resources(statement) or [""]):
        yield f"may write outside {LOG_FOLDER}/"


RULES = (
    Rule(
        "policy-public",
        "no bucket policy allows anything to everybody",
        "name who may; the edge reads as cloudfront.amazonaws.com",
        _public,
    ),
    Rule(
        "policy-principals",
        "bucket policies let in the edge, the delivery of logs and their own account alone",
        "give rights to roles of the account by policies of theirs; nobody of another has any here",
        _principals,
    ),
    Rule(
        "policy-one",
        "a bucket has one policy, beside it in the template",
        "put all statements into one AWS::S3::BucketPolicy",
        _one_policy,
    ),
    Rule(
        "edge-access",
        "this template's distribution, by its ARN, may read objects, and nothing else",
        "allow s3:GetObject on condition of AWS:SourceArn; without s3:ListBucket a missing object "
        "stays 403",
        _edge_access,
    ),
    Rule(
        "service-access",
        "log delivery may write for this account and its sources alone",
        f"allow s3:PutObject on {LOG_FOLDER}/*, on condition of aws:SourceAccount and "
        "aws:SourceArn",
        _service_access,
    ),
)
