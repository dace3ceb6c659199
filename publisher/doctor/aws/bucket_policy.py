"""What the bucket's policy lets and forbids, read as it stands."""

from __future__ import annotations

import re
from collections.abc import Sequence

from publisher.doctor.aws.mends import by_stack
from publisher.doctor.aws.policy import Statement, parse_policy
from publisher.doctor.aws.rights import POINTERS, RELEASED
from publisher.doctor.aws.scene import Scene, bucket_setting
from publisher.doctor.findings import Finding, fail, ok, warn

CHECK = "bucket-policy"
_PUT_BACK = by_stack("put the template's policy back")
_TAKE_OUT = by_stack("take the statement out, if it is not wanted")
_EDGE = "Service:cloudfront.amazonaws.com"
_EDGE_ACTIONS = {"s3:getobject", "s3:listbucket"}
_EQUALS = ("StringEquals", "ArnEquals", "StringLike", "ArnLike")
# s3:ObjectCreationOperation leaves out the parts of an upload, which carry no condition.
_CREATION = {"s3:if-none-match", "s3:objectcreationoperation"}
_WRITES = ("s3:PutObject", "s3:DeleteObject", "s3:PutBucketPolicy", "s3:ReplicateObject")


def check_policy(scene: Scene) -> list[Finding]:
    """Check the statements of the bucket's policy (GetBucketPolicy)."""
    statements = read_policy(scene)
    place = f"arn:{scene.clients.s3.meta.partition}:s3:::{scene.deployment.bucket}"
    files = f"{place}/{scene.deployment.product}/"
    return [
        *judge_tls(statements, (place, f"{files}{POINTERS[0]}")),
        *judge_public(statements),
        *judge_edge(statements, scene.deployment.distribution_id),
        *judge_create_only(statements, files),
        *judge_versions(statements, f"{files}{POINTERS[0]}"),
        *judge_writers(statements),
    ]


def read_policy(scene: Scene) -> tuple[Statement, ...]:
    """Return the statements of the bucket's policy; () where there is none.

    Raises:
        UnansweredError: it may not be read.
        ValueError: it is no policy.
    """
    answer = bucket_setting(
        scene, "s3:GetBucketPolicy", "NoSuchBucketPolicy", scene.clients.s3.get_bucket_policy
    )
    return parse_policy(answer["Policy"]) if answer else ()


def judge_tls(statements: Sequence[Statement], arns: Sequence[str]) -> list[Finding]:
    """Return whether all requests without TLS are denied, to the bucket and to its objects."""
    denials = [
        statement
        for statement in _denials_for_all(statements)
        if statement.values("aws:SecureTransport", "Bool") == ("false",)
        and len(statement.conditions) == 1
        and statement.covers("s3:GetObject")
        and statement.covers("s3:PutObject")
    ]
    if all(any(denial.covers_resource(arn) for denial in denials) for arn in arns):
        return [ok(CHECK, "requests without TLS are denied")]
    return [fail(CHECK, "requests to the bucket without TLS are not denied", _PUT_BACK)]


def judge_public(statements: Sequence[Statement]) -> list[Finding]:
    """Return which statements let in everybody."""
    return [
        fail(CHECK, f"statement {statement.name} allows everybody (Principal *)", _TAKE_OUT)
        for statement in statements
        if statement.is_allow and statement.is_for_all()
    ]


def judge_edge(statements: Sequence[Statement], distribution_id: str) -> list[Finding]:
    """Return whether CloudFront reads for this distribution, and for no other of any account."""
    lets_in = [one for one in statements if one.is_allow and _EDGE in one.principals]
    mine = re.compile(
        rf"arn:[a-z-]+:cloudfront::\d{{12}}:distribution/{re.escape(distribution_id)}"
    )
    found = []
    for one in lets_in:
        sources = one.values("aws:SourceArn", *_EQUALS)
        if not sources or any("*" in source or "?" in source for source in sources):
            says = f"statement {one.name} lets any distribution of CloudFront, of anybody, read"
            found.append(fail(CHECK, says, by_stack("name the distribution (AWS:SourceArn)")))
        elif others := [source for source in sources if not mine.fullmatch(source)]:
            says = f"statement {one.name} lets another distribution read: {', '.join(others)}"
            found.append(warn(CHECK, says, _TAKE_OUT))
        if set(one.actions) - _EDGE_ACTIONS:
            says = f"CloudFront may do more than read: {', '.join(one.actions)}"
            found.append(fail(CHECK, says, _PUT_BACK))
    named = [source for one in lets_in for source in one.values("aws:SourceArn", *_EQUALS)]
    if not any(mine.fullmatch(source) for source in named):
        says = f"distribution {distribution_id} is not let to read: boards get 403 for everything"
        found.append(fail(CHECK, says, _PUT_BACK))
    return found or [ok(CHECK, "CloudFront reads for this distribution alone")]


def judge_create_only(statements: Sequence[Statement], files: str) -> list[Finding]:
    """Return whether writes without If-None-Match are denied to all but the pointers.

    Args:
        files: the ARN of the product's prefix, with its slash.
    """
    denials = [
        one
        for one in _denials_for_all(statements)
        if one.covers("s3:PutObject")
        and one.values("s3:if-none-match", "Null") == ("true",)
        and one.condition_keys() <= _CREATION
    ]
    open_to = [
        path for path in RELEASED if not any(one.covers_resource(files + path) for one in denials)
    ]
    if open_to:
        says = f"what never changes can be overwritten: {files}{open_to[0]}, for one"
        return [fail(CHECK, says, by_stack("set ConditionalWrites = Enforced"))]
    shut = [path for path in POINTERS if any(one.covers_resource(files + path) for one in denials)]
    if shut:
        says = f"{shut[0]} can be created, but never replaced: nothing can be released"
        return [fail(CHECK, says, _PUT_BACK)]
    return [ok(CHECK, "what never changes is create-only (s3:if-none-match)")]


def judge_versions(statements: Sequence[Statement], arn: str) -> list[Finding]:
    """Return whether past versions are kept from all who may delete, but the one who deploys."""
    for one in _denials_for_all(statements):
        is_plain = one.condition_keys() <= {"aws:principalarn"}
        if is_plain and one.covers("s3:DeleteObjectVersion") and one.covers_resource(arn):
            return [ok(CHECK, "past versions cannot be deleted")]
    return [warn(CHECK, "whoever IAM lets may delete past versions, for good", _PUT_BACK)]


def judge_writers(statements: Sequence[Statement]) -> list[Finding]:
    """Return who may write by the bucket's own policy, which the templates never let anybody."""
    found = []
    for one in statements:
        others = [who for who in one.principals if who != _EDGE]
        writes = any(one.covers(action) for action in _WRITES)
        if one.is_allow and others and writes and not one.is_for_all():
            says = f"statement {one.name} lets {', '.join(others)} write, beside the roles"
            found.append(warn(CHECK, says, _TAKE_OUT))
    return found


def _denials_for_all(statements: Sequence[Statement]) -> list[Statement]:
    return [one for one in statements if not one.is_allow and one.is_for_all()]
