"""Requests by which a bucket's policy is tried: what is asked for, and by whom.

A policy is judged by what it does to them, whatever its statements look like; what one request is
answered the rules of the templates know (publisher/infra/policies.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from publisher.doctor.aws.evaluated import evaluable, example, is_pattern
from publisher.doctor.aws.policy import Statement
from publisher.infra.node import items
from publisher.infra.policies import Request, denies
from publisher.infra.wildcards import matches

_PRINCIPAL = "aws:principalarn"
# The bucket's ARN, as infra/ota.yaml has it.
_TEMPLATES = "${Bucket.Arn}"
NO_ACCOUNT = "000000000000"
_NOBODY = f"arn:aws:iam::{NO_ACCOUNT}:role/nobody-in-particular"


def of_bucket(statements: Iterable[Statement], bucket: str) -> tuple[Statement, ...]:
    """Return a policy's statements with their resources as the templates name their bucket.

    Args:
        bucket: the bucket's ARN.
    """
    return tuple(
        replace(one, document=_renamed(evaluable(one.document), bucket)) for one in statements
    )


def is_denied(statements: Iterable[Statement], request: Request, whom: Iterable[str]) -> bool:
    """Whether a request is denied to each of some principals, by their ARNs."""
    policy = [one.document for one in statements]
    return all(
        denies(policy, replace(request, context={**request.context, _PRINCIPAL: arn}))
        for arn in whom
    )


def strangers(statements: Iterable[Statement]) -> list[str]:
    """Return principals whom a policy does not name: any, and one for each wildcard in it."""
    wild = [arn for arn in _told_apart(statements) if is_pattern(arn)]
    return [_NOBODY, *(example(arn, "x") for arn in wild)]


def named(statements: Iterable[Statement]) -> list[str]:
    """Return the principals whom a policy tells apart by their whole ARN, in its conditions."""
    return [arn for arn in _told_apart(statements) if not is_pattern(arn)]


def everybody(statements: Iterable[Statement]) -> list[str]:
    """Return principals that stand for all: strangers, and whoever is told apart."""
    statements = list(statements)
    return [*strangers(statements), *named(statements)]


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
