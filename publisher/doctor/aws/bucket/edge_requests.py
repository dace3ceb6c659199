"""Requests of CloudFront by which a policy is tried: for our distribution, and for others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from publisher.doctor.aws.bucket.requests import NO_ACCOUNT
from publisher.doctor.aws.evaluated import example, is_pattern, unaddressed
from publisher.doctor.aws.policy import Statement
from publisher.infra.arns import account_of
from publisher.infra.policies import BY_TLS, Request, allows, might_deny

EDGE = "Service:cloudfront.amazonaws.com"
_ACCOUNT = "aws:SourceAccount"
# It asks as a service, which has no ARN, account or organization (IAM user guide, "AWS global
# condition context keys"); from which address or network, nobody knows.
_SERVICE = {
    "aws:principalisawsservice": "true",
    "aws:principalservicename": "cloudfront.amazonaws.com",
}
# Whatever asks, it asks at some time; whether that is one of a condition's, nobody knows.
_TIMES = ("aws:currenttime", "aws:epochtime")
_SOURCE_EQUALS = ("StringEquals", "ArnEquals", "StringLike", "ArnLike")


def sources(statement: Statement) -> tuple[str, ...]:
    """Return what a statement compares the ARN of a distribution with."""
    return statement.values("aws:SourceArn", *_SOURCE_EQUALS)


def own_arn(statements: Iterable[Statement], distribution_id: str) -> str:
    """Return the ARN of a distribution: as a policy names it, or of an account that it names."""
    statements = list(statements)
    arn = rf"arn:[a-z-]+:cloudfront::\d{{12}}:distribution/{re.escape(distribution_id)}"
    written = [source for one in statements for source in sources(one)]
    if found := [source for source in written if re.fullmatch(arn, source)]:
        return found[0]
    told = [value for one in statements for value in one.values(_ACCOUNT, *_SOURCE_EQUALS)]
    accounts = [one for one in (*told, *map(account_of, written)) if one.isdigit()]
    account = accounts[0] if accounts else NO_ACCOUNT
    return f"arn:aws:cloudfront::{account}:distribution/{distribution_id}"


def other_distributions(own: str, statement: Statement) -> Iterator[str]:
    """Yield distributions that a statement does not name: of any account, and by each wildcard."""
    for account in (account_of(own), NO_ACCOUNT):
        yield f"arn:aws:cloudfront::{account}:distribution/ENOBODYSXX"
    yield from (example(arn, "0") for arn in sources(statement) if is_pattern(arn))


def edge_reads(statements: Sequence[Statement], key: str, distribution: str) -> bool:
    """Whether CloudFront may read an object for a distribution.

    A statement with a condition of another kind is not counted on.
    """
    request = _reading(key, distribution)
    mine = [one for one in statements if _is_for_edge(one)]
    sure = [one for one in mine if not one.is_allow or one.condition_keys() <= set(request.context)]
    return allows(unaddressed(sure), request)


def edge_might_read(statement: Statement, key: str, distribution: str) -> bool:
    """Whether one statement lets CloudFront read an object for a distribution.

    A condition of another kind is taken to hold.
    """
    return allows(unaddressed([statement]), _reading(key, distribution))


def edge_may_be_denied(statement: Statement, key: str, distribution: str) -> bool:
    """Whether one statement may deny CloudFront reading an object for a distribution.

    A condition of another kind is taken to hold, unless it cannot where its key is absent.
    """
    request = _reading(key, distribution)
    may_hold = all(
        name.split(" ", 1)[1] in (*request.context, *_TIMES) or _holds_without_key(name, values)
        for name, values in statement.conditions.items()
    )
    return may_hold and _is_for_edge(statement) and might_deny(unaddressed([statement]), request)


def _holds_without_key(condition: str, values: Sequence[str]) -> bool:
    """Whether a condition holds of a request that lacks its key.

    Negated ones do (IAM user guide, "Condition operators", "Set operators for multivalued keys").
    """
    operator, _, _ = condition.partition(" ")
    if operator == "null":
        return "true" in values
    if operator.startswith("foranyvalue:"):
        return False
    holds_empty = operator.startswith("forallvalues:") or operator.endswith("ifexists")
    return holds_empty or "not" in operator


def _reading(key: str, distribution: str) -> Request:
    account = account_of(distribution)  # the bucket's, too: the stack has made both
    source = {"aws:sourcearn": distribution, "aws:sourceaccount": account}
    whose = {"aws:resourceaccount": account, "s3:resourceaccount": account}
    return Request("s3:GetObject", key, {**BY_TLS, **_SERVICE, **source, **whose})


def _is_for_edge(statement: Statement) -> bool:
    is_told = EDGE in statement.principals or statement.is_for_all()
    return is_told != statement.is_principal_negated
