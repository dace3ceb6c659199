"""What the bucket's policy must deny to all, no TLS and overwriting; and what it must not.

Tried by requests (requests.py), as of somebody whom the policy does not name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from publisher.doctor.aws.bucket.requests import everybody, is_denied
from publisher.doctor.aws.evaluated import example
from publisher.doctor.aws.mends import by_stack
from publisher.doctor.aws.policy import Statement
from publisher.doctor.findings import Finding, fail, ok, warn
from publisher.infra.bucket_actions import SETTINGS
from publisher.infra.node import items, text
from publisher.infra.policies import BY_TLS, CREATES, REPLACES, WRITES, WRITES_PART, Request
from publisher.infra.sample_paths import IMMUTABLE, POINTERS

CHECK = "bucket-policy"
PUT_BACK = by_stack("put the template's policy back")
_WHOLE = {**BY_TLS, **WRITES}
_PART = {**BY_TLS, **WRITES_PART}
_CREATING = {**BY_TLS, **CREATES}
_REPLACING = {**BY_TLS, **REPLACES}
# What is asked for, of objects and of the bucket; what a denial leaves out is asked for as well.
_OF_OBJECTS = (
    *("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:GetObjectVersion"),
    *("s3:DeleteObjectVersion", "s3:PutObjectAcl", "s3:AbortMultipartUpload"),
)
_OF_BUCKET = ("s3:ListBucket", "s3:ListBucketVersions", "s3:GetBucketPolicy", *SETTINGS)


def judge_tls(statements: Sequence[Statement], product: str) -> list[Finding]:
    """Return whether all requests without TLS are denied to all, of the bucket and of objects.

    TLS 1.1 S3 itself refuses since 2024; in other partitions, and of emulators, the policy has to.
    """
    plain, old = {"aws:securetransport": "false"}, {**BY_TLS, "s3:tlsversion": "1.1"}
    if action := _not_denied(statements, product, plain):
        says = f"requests to the bucket without TLS are not denied: {action}, for one"
        return [fail(CHECK, says, PUT_BACK)]
    if action := _not_denied(statements, product, old):
        says = f"requests to the bucket over TLS 1.1 are not denied: {action}, for one"
        return [warn(CHECK, says, PUT_BACK)]
    return [ok(CHECK, "requests without TLS, and over TLS 1.1, are denied")]


def judge_create_only(statements: Sequence[Statement], product: str) -> list[Finding]:
    """Return whether what never changes can be created by all, and overwritten by nobody."""
    whom = everybody(statements)
    for path in IMMUTABLE:
        asked = f"{product}/{path}"
        for context in (_WHOLE, _REPLACING):
            if not is_denied(statements, Request("s3:PutObject", asked, context), whom):
                says = f"what never changes can be overwritten: {asked}, for one"
                return [fail(CHECK, says, by_stack("set ConditionalWrites = Enforced"))]
        for context in (_CREATING, _PART):
            if is_denied(statements, Request("s3:PutObject", asked, context), whom):
                says = f"{asked} cannot be created: nothing can be released"
                return [fail(CHECK, says, PUT_BACK)]
    for path in POINTERS:
        replacing = Request("s3:PutObject", f"{product}/{path}", _REPLACING)
        if is_denied(statements, replacing, whom):
            says = f"{path} can be created, but never replaced: nothing can be released"
            return [fail(CHECK, says, PUT_BACK)]
    return [ok(CHECK, "what never changes is create-only (s3:if-none-match)")]


def judge_blind(statements: Sequence[Statement], product: str) -> list[Finding]:
    """Return whether pointers are replaced on a condition only: who does not see, may undo."""
    whom = everybody(statements)
    for path in POINTERS:
        if not is_denied(statements, Request("s3:PutObject", f"{product}/{path}", _WHOLE), whom):
            says = f"{path} can be replaced blindly: of two releases at once, one is lost"
            return [warn(CHECK, says, by_stack("set ConditionalWrites = Enforced"))]
    return [ok(CHECK, "pointers are replaced on a condition only (s3:if-match)")]


def _not_denied(statements: Sequence[Statement], product: str, context: Mapping[str, str]) -> str:
    """Return an action that is not denied to all, with the bucket or any object; or ""."""
    objects = ("index.html", *(f"{product}/{path}" for path in (*POINTERS, *IMMUTABLE)))
    left_out = (*_left_out(statements),)
    asked = [(action, key) for action in (*_OF_OBJECTS, *left_out) for key in objects]
    asked += [(action, "") for action in (*_OF_BUCKET, *left_out)]
    whom = everybody(statements)
    free = (
        action
        for action, key in asked
        if not is_denied(statements, Request(action, key, context), whom)
    )
    return next(free, "")


def _left_out(statements: Sequence[Statement]) -> Iterator[str]:
    """Yield actions of S3 that denials are not for."""
    for one in statements:
        if not one.is_allow:
            patterns = map(text, items(one.document.get("NotAction")))
            yield from (example(each, "x") for each in patterns if each.lower().startswith("s3"))
