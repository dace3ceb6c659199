"""Requests by which a bucket's policy is tried: what is asked for, and by whom.

A policy is judged by what it does to them, whatever its statements look like; what one request is
answered the rules of the templates know (publisher/infra/rules/policies.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from publisher.doctor.aws.policy import Statement
from publisher.infra.arns import account_of
from publisher.infra.rules.node import items
from publisher.infra.rules.policies import Request, allows, denies
from publisher.infra.wildcards import matches

EDGE = "Service:cloudfront.amazonaws.com"
BY_TLS = {"aws:securetransport": "true", "s3:tlsversion": "1.2"}
_PRINCIPAL = "aws:principalarn"
# The bucket's ARN, as infra/ota.yaml has it.
_TEMPLATES = "${Bucket.Arn}"
_ACCOUNT = "aws:SourceAccount"
_NO_ACCOUNT = "000000000000"
_NOBODY = f"arn:aws:iam::{_NO_ACCOUNT}:role/nobody-in-particular"
_SOURCE_EQUALS = ("StringEquals", "ArnEquals", "StringLike", "ArnLike")


def of_bucket(statements: Iterable[Statement], bucket: str) -> tuple[Statement, ...]:
    """Return a policy's statements with their resources as the templates name their bucket.

    Args:
        bucket: the bucket's ARN.
    """
    return tuple(replace(one, document=_renamed(one.document, bucket)) for one in statements)


def is_denied(statements: Iterable[Statement], request: Request, whom: Iterable[str]) -> bool:
    """Whether a request is denied to each of some principals, by their ARNs."""
    policy = [one.document for one in statements]
    return all(
        denies(policy, replace(request, context={**request.context, _PRINCIPAL: arn}))
        for arn in whom
    )


def strangers(statements: Iterable[Statement]) -> list[str]:
    """Return principals whom a policy does not name: any, and one for each wildcard in it."""
    wild = [arn for arn in _told_apart(statements) if _is_pattern(arn)]
    return [_NOBODY, *(re.sub(r"[*?]", "x", arn) for arn in wild)]


def named(statements: Iterable[Statement]) -> list[str]:
    """Return the principals whom a policy tells apart by their whole ARN, in its conditions."""
    return [arn for arn in _told_apart(statements) if not _is_pattern(arn)]


def everybody(statements: Iterable[Statement]) -> list[str]:
    """Return principals that stand for all: strangers, and whoever is told apart."""
    statements = list(statements)
    return [*strangers(statements), *named(statements)]


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
    account = accounts[0] if accounts else _NO_ACCOUNT
    return f"arn:aws:cloudfront::{account}:distribution/{distribution_id}"


def other_distributions(own: str, statement: Statement) -> Iterator[str]:
    """Yield distributions that a statement does not name: of any account, and by each wildcard."""
    for account in (account_of(own), _NO_ACCOUNT):
        yield f"arn:aws:cloudfront::{account}:distribution/ENOBODYSXX"
    yield from (re.sub(r"[*?]", "0", arn) for arn in sources(statement) if _is_pattern(arn))


def edge_reads(statements: Sequence[Statement], key: str, distribution: str) -> bool:
    """Whether CloudFront may read an object for a distribution.

    A statement with a condition of another kind is not counted on.
    """
    request = _reading(key, distribution)
    mine = [one for one in statements if _is_for_edge(one)]
    sure = [one for one in mine if not one.is_allow or one.condition_keys() <= set(request.context)]
    return allows(_unaddressed(sure), request)


def edge_might_read(statement: Statement, key: str, distribution: str) -> bool:
    """Whether one statement lets CloudFront read an object for a distribution.

    A condition of another kind is taken to hold.
    """
    return allows(_unaddressed([statement]), _reading(key, distribution))


def _renamed(document: Mapping[str, Any], bucket: str) -> dict[str, Any]:
    parts = {name: document[name] for name in ("Resource", "NotResource") if name in document}
    return {
        **document,
        **{
            name: [ours for one in items(part) for ours in _ours(str(one), bucket)]
            for name, part in parts.items()
        },
    }


def _ours(pattern: str, bucket: str) -> Iterator[str]:
    """Yield a resource as in the template: of our bucket, of everything, or as it is."""
    named, slash, keys = pattern.partition("/")
    if not matches(named, bucket):
        yield pattern
    elif not slash and named.endswith("*"):  # which stands for slashes, too
        yield "*"
    else:
        yield f"{_TEMPLATES}{slash}{keys}"
        if named.endswith("*"):
            yield f"{_TEMPLATES}/*/{keys}"


def _reading(key: str, distribution: str) -> Request:
    source = {"aws:sourcearn": distribution, "aws:sourceaccount": account_of(distribution)}
    return Request("s3:GetObject", key, {**BY_TLS, **source})


def _is_for_edge(statement: Statement) -> bool:
    is_told = EDGE in statement.principals or statement.is_for_all()
    return is_told != statement.is_principal_negated


def _unaddressed(statements: Iterable[Statement]) -> list[dict[str, object]]:
    """Return statements that are known to be for whoever asks, without whom they are for."""
    left_out = ("Principal", "NotPrincipal")
    return [
        {name: part for name, part in one.document.items() if name not in left_out}
        for one in statements
    ]


def _told_apart(statements: Iterable[Statement]) -> list[str]:
    """Return what the ARN of whoever asks is compared with, by whichever operator."""
    values = (
        value
        for one in statements
        for name, values in one.conditions.items()
        if name.endswith(f" {_PRINCIPAL}")
        for value in values
    )
    return list(dict.fromkeys(values))


def _is_pattern(arn: str) -> bool:
    return "*" in arn or "?" in arn
