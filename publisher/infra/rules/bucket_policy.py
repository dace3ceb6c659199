"""What nobody does with a bucket, whatever rights he has: without TLS, and over what is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from publisher.infra.policies import (
    BY_TLS,
    CREATES,
    REPLACES,
    WRITES,
    WRITES_PART,
    Request,
    Statement,
    actions,
    denies,
    might_deny,
    statements,
)
from publisher.infra.rules.model import Fault, Rule
from publisher.infra.rules.paths import IMMUTABLE, POINTERS, PROBE, TIMESTAMP
from publisher.infra.rules.view import Resource, View

# The denial has to be of all actions, by this very word, and of all paths.
_ALL = "s3:*"
_ANYWHERE = ("", "anything", "any/thing", TIMESTAMP)


def policy_of(view: View, bucket: Resource) -> tuple[str, list[Statement]]:
    """Return the logical id of a bucket's policy, or the bucket's, and its statements."""
    for policy in view.of("S3::BucketPolicy"):
        if view.named(policy.get("Bucket")) is bucket:
            return policy.name, statements(policy.get("PolicyDocument"))
    return bucket.name, []


def _tls(view: View) -> Iterator[Fault]:
    without = {"aws:securetransport": "false"}
    old = {"aws:securetransport": "true", "s3:tlsversion": "1.1"}
    for bucket in view.of("S3::Bucket"):
        name, policy = policy_of(view, bucket)
        of_all = [one for one in policy if _ALL in actions(one)]
        if not all(denies(of_all, Request(_ALL, key, without)) for key in _ANYWHERE):
            yield name, "not every request without TLS is denied"
        if not all(denies(of_all, Request(_ALL, key, old)) for key in _ANYWHERE):
            yield name, "not every request over TLS 1.1 is denied"


def _create_only(view: View) -> Iterator[Fault]:
    for bucket in view.origin_buckets():
        name, policy = policy_of(view, bucket)
        for key in IMMUTABLE:
            if not denies(policy, Request("s3:PutObject", key, WRITES)):
                yield name, f"{key} can be overwritten"
            if not denies(policy, Request("s3:PutObject", key, REPLACES)):
                yield name, f"{key} can be replaced by If-Match"
            if _is_kept_from(policy, key, CREATES):
                yield name, f"{key} cannot be created with If-None-Match"
            if _is_kept_from(policy, key, WRITES_PART):
                yield name, f"{key} cannot be sent in parts, which carry no condition"


def _compare_and_swap(view: View) -> Iterator[Fault]:
    for bucket in view.origin_buckets():
        name, policy = policy_of(view, bucket)
        for key in (*POINTERS, PROBE):
            if not denies(policy, Request("s3:PutObject", key, WRITES)):
                yield name, f"{key} can be replaced blindly"
            for context in (CREATES, REPLACES):
                if _is_kept_from(policy, key, context):
                    yield name, f"{key} cannot be written on a condition"


def _is_kept_from(policy: list[Statement], key: str, context: Mapping[str, str]) -> bool:
    """Say whether anybody is denied a write, or would be by a condition that nothing is known of.

    A denial for one is as bad as for all: it may be the role that releases.
    """
    return might_deny(policy, Request("s3:PutObject", key, {**BY_TLS, **context}))


RULES = (
    Rule(
        "policy-tls",
        "each bucket denies requests without TLS, and over less than TLS 1.2",
        "deny s3:* on the bucket and its objects where aws:SecureTransport is false, and where "
        "s3:TlsVersion is below 1.2",
        _tls,
    ),
    Rule(
        "create-only",
        "what is not a pointer can be created, in parts too, and never overwritten",
        "deny s3:PutObject where s3:if-none-match is Null and s3:ObjectCreationOperation is true, "
        "with the pointers as NotResource",
        _create_only,
        of_emulators=False,
    ),
    Rule(
        "compare-and-swap",
        "pointers are written on a condition only",
        "deny s3:PutObject on them where s3:if-match and s3:if-none-match are both Null",
        _compare_and_swap,
        of_emulators=False,
    ),
)
