"""That the edge can read what it serves, whoever asks and from wherever."""

from __future__ import annotations

from collections.abc import Iterator

from publisher.infra.node import at, items, text
from publisher.infra.policies import (
    BY_TLS,
    Request,
    Statement,
    allows,
    conditions,
    is_for_all,
    might_deny,
)
from publisher.infra.rules.bucket_access import EDGE
from publisher.infra.rules.bucket_policy import policy_of
from publisher.infra.rules.model import Fault, Rule
from publisher.infra.rules.paths import IMMUTABLE, POINTERS
from publisher.infra.rules.view import View

# As CloudFront asks: by TLS 1.2, with what tells whose distribution it is, and with nothing else.
_CONTEXT = {
    **BY_TLS,
    "aws:sourcearn": "the distribution",
    "aws:sourceaccount": "its account",
}
_SOURCE = {"aws:sourcearn", "aws:sourceaccount"}


def _reads(view: View) -> Iterator[Fault]:
    served = {
        text(at(origin, "DomainName")).partition(".")[0].removeprefix("${")
        for distribution in view.of("CloudFront::Distribution")
        for origin in items(distribution.get("DistributionConfig", "Origins"))
    }
    for bucket in view.of("S3::Bucket"):
        if bucket.name in served:
            name, policy = policy_of(view, bucket)
            yield from ((name, says) for says in _problems(policy))


def _problems(policy: list[Statement]) -> Iterator[str]:
    about = [one for one in policy if _concerns_edge(one)]
    letting_in = [one for one in about if _asks(one) <= _SOURCE]
    for key in (*POINTERS, *IMMUTABLE):
        request = Request("s3:GetObject", key, _CONTEXT)
        if not allows(letting_in, request):
            yield f"the edge may not read {key}, or on more than AWS:SourceArn"
        if might_deny(about, request):
            yield f"reading {key} is denied to the edge, or may be"


def _asks(statement: Statement) -> set[str]:
    return {key for _, key in conditions(statement)}


def _concerns_edge(statement: Statement) -> bool:
    services = map(text, items(at(statement.get("Principal"), "Service")))
    return EDGE in services or is_for_all(statement) or "NotPrincipal" in statement


RULES = (
    Rule(
        "edge-reads",
        "the edge may read all that is served, and nothing but a lack of TLS is denied to it",
        "allow cloudfront.amazonaws.com s3:GetObject on the bucket's objects, on condition of "
        "AWS:SourceArn alone; deny reading by aws:SecureTransport and s3:TlsVersion only",
        _reads,
    ),
)
