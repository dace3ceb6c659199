"""Where the bucket is and what it keeps, how long (S3 API reference)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from publisher.aws_errors import is_denied
from publisher.doctor.aws.asking import NO_BUCKET, UnansweredError, ask, ask_unless
from publisher.doctor.aws.mends import by_stack
from publisher.doctor.aws.scene import Scene, bucket_setting
from publisher.doctor.findings import Finding, fail, ok, warn
from publisher.infra.buckets import is_anothers
from publisher.infra.requirements import NONCURRENT_MIN_DAYS

_RULES = by_stack("set the template's lifecycle rules")
_MOVES = by_stack(
    "take the transition out, and copy back what it moved (from an archive restore it first)"
)
_NONCURRENT = "NoncurrentVersionExpiration"
# What is in these classes is read as ever; from the archives it must be restored first (S3 user
# guide, "Understanding and managing Amazon S3 storage classes").
_READABLE = {"STANDARD_IA", "ONEZONE_IA", "GLACIER_IR", "INTELLIGENT_TIERING"}
_GONE = (
    'docs/operator.md, "When something is gone", puts it back; if it was never made, '
    "`slotcast infra apply` makes it"
)
_TAKEN = 'docs/operator.md, "Bucket deleted": take another name, and put the copy back'


def check_region(scene: Scene) -> list[Finding]:
    """Check where the bucket is (GetBucketLocation)."""
    check, region = "bucket-region", scene.deployment.region
    client = scene.clients.s3
    name = scene.deployment.bucket
    permission, call = "s3:GetBucketLocation", client.get_bucket_location
    try:
        answer = ask_unless(permission, NO_BUCKET, call, Bucket=name)
    except UnansweredError as error:
        if _is_taken(scene, error):
            return [taken(name)]
        raise
    if answer is None:
        return [gone(name)]
    there = str(answer.get("LocationConstraint") or "us-east-1")  # none: the first region
    there = "eu-west-1" if there == "EU" else there
    if there != region:
        says = f"the bucket is in {there}, the stack is said to be in {region}"
        return [fail(check, says, f'set region = "{there}" in infra.toml and in [store]')]
    return [ok(check, f"the bucket is in {region}")]


def _is_taken(scene: Scene, error: UnansweredError) -> bool:
    """Whether the bucket that the stack has made is gone, and its name another account's.

    One that no stack here has made may be another account's from the beginning.
    """
    cause, deployment = error.__cause__, scene.deployment
    if not deployment.distribution_id or not isinstance(cause, ClientError):
        return False
    return is_denied(cause) and is_anothers(scene.clients.s3, deployment.bucket)


def gone(bucket: str) -> Finding:
    """Return that there is no such bucket."""
    return fail("bucket-region", f"there is no bucket {bucket}", _GONE)


def taken(bucket: str) -> Finding:
    """Return that the bucket is gone, and that another account has its name."""
    says = f"that bucket is not this account's: {bucket} was deleted, and others have the name"
    return fail("bucket-region", says, _TAKEN)


def check_versions(scene: Scene) -> list[Finding]:
    """Check that the past of pointers is kept (GetBucketVersioning)."""
    check, client = "bucket-versions", scene.clients.s3
    bucket = scene.deployment.bucket
    answer = ask("s3:GetBucketVersioning", client.get_bucket_versioning, Bucket=bucket)
    status = str(answer.get("Status", "not enabled"))
    if status != "Enabled":
        says = f"versioning is {status}: a pointer that is overwritten cannot be restored"
        return [fail(check, says, by_stack("enable it"))]
    return [ok(check, "versioning is enabled")]


def check_encryption(scene: Scene) -> list[Finding]:
    """Check with what objects are encrypted (GetBucketEncryption)."""
    check = "bucket-encryption"
    answer = bucket_setting(
        scene,
        "s3:GetEncryptionConfiguration",
        "ServerSideEncryptionConfigurationNotFoundError",
        scene.clients.s3.get_bucket_encryption,
    )
    rules = answer.get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
    kinds = [rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] for rule in rules]
    if not kinds:
        return [warn(check, "the bucket names no encryption", by_stack("set AES256"))]
    if kinds != ["AES256"]:
        says = (
            f"objects are encrypted with {', '.join(kinds)}: CloudFront must be allowed to decrypt"
        )
        what = "allow cloudfront.amazonaws.com kms:Decrypt in the key's policy, or set AES256"
        return [warn(check, says, by_stack(what))]
    return [ok(check, "objects are encrypted (SSE-S3)")]


def check_lock(scene: Scene) -> list[Finding]:
    """Check that objects can be locked, and are not by default (GetObjectLockConfiguration)."""
    check = "bucket-lock"
    answer = bucket_setting(
        scene,
        "s3:GetBucketObjectLockConfiguration",
        "ObjectLockConfigurationNotFoundError",
        scene.clients.s3.get_object_lock_configuration,
    )
    lock = answer.get("ObjectLockConfiguration", {})
    if lock.get("ObjectLockEnabled") != "Enabled":
        says = "Object Lock is not available: no release can be kept from being deleted"
        return [warn(check, says, "aws s3api put-object-lock-configuration turns it on")]
    if "Rule" in lock:
        says = "every object is locked by default, and with it each past pointer"
        mend = "take the default away, and lock single objects: put-object-lock-configuration"
        return [warn(check, says, mend)]
    return [ok(check, "Object Lock is available for single objects")]


def check_lifecycle(scene: Scene) -> list[Finding]:
    """Check what S3 removes by itself (GetBucketLifecycleConfiguration)."""
    answer = bucket_setting(
        scene,
        "s3:GetLifecycleConfiguration",
        "NoSuchLifecycleConfiguration",
        scene.clients.s3.get_bucket_lifecycle_configuration,
    )
    rules = [rule for rule in answer.get("Rules", []) if rule["Status"] == "Enabled"]
    check = "bucket-lifecycle"
    judges = (_judge_age, _judge_moves, _judge_uploads, _judge_past)
    found = [finding for judge in judges for finding in judge(check, rules)]
    return found or [ok(check, "unfinished uploads and past pointers go after a while, no more")]


def _judge_age(check: str, rules: Sequence[Mapping[str, Any]]) -> list[Finding]:
    for rule in rules:
        # ExpiredObjectDeleteMarker alone removes nothing that is there.
        if {"Days", "Date"} & set(rule.get("Expiration", {})):
            says = f"lifecycle rule {rule.get('ID', '')} removes what is published, by its age"
            mend = by_stack("take it out (`slotcast gc` removes what nothing needs)")
            return [fail(check, says, mend)]
    return []


def _judge_moves(check: str, rules: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """Return what becomes of published files in other classes; past versions may go there."""
    moves = [
        (
            one.get("StorageClass", ""),
            f"lifecycle rule {rule.get('ID', '')} moves what is published",
        )
        for rule in rules
        for one in rule.get("Transitions", [])
    ]
    for storage, says in moves:
        if storage not in _READABLE:
            return [fail(check, f"{says} to {storage}: nobody can read it there", _MOVES)]
    return [warn(check, f"{says} to {to}: each read is paid for", _MOVES) for to, says in moves[:1]]


def _judge_uploads(check: str, rules: Sequence[Mapping[str, Any]]) -> list[Finding]:
    if any("AbortIncompleteMultipartUpload" in rule for rule in rules if _is_for_all(rule)):
        return []
    return [warn(check, "parts of unfinished uploads are paid for, for ever", _RULES)]


def _judge_past(check: str, rules: Sequence[Mapping[str, Any]]) -> list[Finding]:
    found = []
    past = [rule for rule in rules if _NONCURRENT in rule]
    if not any(map(_is_for_all, past)):
        found.append(warn(check, "past pointers are paid for, for ever", _RULES))
    days = min((rule[_NONCURRENT].get("NoncurrentDays", 0) for rule in past), default=None)
    if days is not None and days < NONCURRENT_MIN_DAYS:
        says = f"a pointer that was overwritten can be restored for {days} days only"
        found.append(warn(check, says, _RULES))
    return found


def _is_for_all(rule: Mapping[str, Any]) -> bool:
    """Whether a rule is about all objects: without a filter, or with one that is empty."""
    return not rule.get("Prefix") and rule.get("Filter", {}) in ({}, {"Prefix": ""})
