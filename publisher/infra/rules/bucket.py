"""What must hold of buckets: nothing public, nothing lost."""

from __future__ import annotations

from collections.abc import Iterator

from publisher.infra.node import Node, at, is_true, items, number, text
from publisher.infra.requirements import NONCURRENT_MIN_DAYS, PUBLIC_ACCESS_BLOCKS
from publisher.infra.rules.model import Fault, Rule
from publisher.infra.rules.view import View

# By a key of KMS whoever has that key could keep the edge from all that is here.
_ENCRYPTION = {"SSEAlgorithm": "AES256"}
# What a lifecycle rule may have: nothing that is about current versions.
_HARMLESS = {
    *("Id", "Status", "Prefix", "NoncurrentVersionExpiration"),
    *("ExpiredObjectDeleteMarker", "AbortIncompleteMultipartUpload"),
}


def _public(view: View) -> Iterator[Fault]:
    for bucket in view.of("S3::Bucket"):
        block = bucket.get("PublicAccessBlockConfiguration")
        missing = [name for name in PUBLIC_ACCESS_BLOCKS if not is_true(at(block, name))]
        if missing:
            yield bucket.name, f"{', '.join(missing)} not set"


def _ownership(view: View) -> Iterator[Fault]:
    for bucket in view.of("S3::Bucket"):
        rules = items(bucket.get("OwnershipControls", "Rules"))
        if [at(rule, "ObjectOwnership") for rule in rules] != ["BucketOwnerEnforced"]:
            yield bucket.name, "ACLs are in force"
        if bucket.get("AccessControl"):
            yield bucket.name, "it has an ACL"


def _encryption(view: View) -> Iterator[Fault]:
    for bucket in view.of("S3::Bucket"):
        rules = items(bucket.get("BucketEncryption", "ServerSideEncryptionConfiguration"))
        if [at(rule, "ServerSideEncryptionByDefault") for rule in rules] != [_ENCRYPTION]:
            yield bucket.name, "it is not encrypted by AES256, with keys that S3 itself has"


def _retained(view: View) -> Iterator[Fault]:
    for bucket in view.of("S3::Bucket"):
        if policies := bucket.policies_not_retain():
            yield bucket.name, f"{' and '.join(policies)} not Retain"


def _versioning(view: View) -> Iterator[Fault]:
    for bucket in view.origin_buckets():
        if bucket.get("VersioningConfiguration", "Status") != "Enabled":
            yield bucket.name, "it keeps no versions"


def _object_lock(view: View) -> Iterator[Fault]:
    for bucket in view.origin_buckets():
        if not is_true(bucket.get("ObjectLockEnabled")):
            yield bucket.name, "objects cannot be locked, now or later"
        if bucket.get("ObjectLockConfiguration", "Rule"):
            yield bucket.name, "each version of each pointer would be locked by default"


def _lifecycle(view: View) -> Iterator[Fault]:
    for bucket in view.origin_buckets():
        rules = items(bucket.get("LifecycleConfiguration", "Rules"))
        for rule in (rule for rule in rules if at(rule, "Status") != "Disabled"):
            yield from ((bucket.name, says) for says in _endangers(rule))
        in_force = [one for one in rules if at(one, "Status") == "Enabled" and _is_for_all(one)]
        if not any(at(rule, "AbortIncompleteMultipartUpload") for rule in in_force):
            yield bucket.name, "uploads that were broken off stay for ever, and are paid for"
        if not any(at(rule, "NoncurrentVersionExpiration") for rule in in_force):
            yield bucket.name, "past versions stay for ever"


def _is_for_all(rule: Node) -> bool:
    return not at(rule, "Prefix")


def _endangers(rule: dict[str, Node]) -> Iterator[str]:
    """Yield what a lifecycle rule would do to releases."""
    for name in sorted(rule.keys() - _HARMLESS):
        yield f"a lifecycle rule has {name}, which can expire or move what boards fetch"
    days = at(rule, "NoncurrentVersionExpiration", "NoncurrentDays")
    if number(days, NONCURRENT_MIN_DAYS, unknown=0) < NONCURRENT_MIN_DAYS:
        yield f"past versions go after {text(days)} days; keep them for {NONCURRENT_MIN_DAYS}"


RULES = (
    Rule(
        "public-access-block",
        "each bucket has all four settings of Block Public Access",
        "set all four under PublicAccessBlockConfiguration",
        _public,
    ),
    Rule(
        "bucket-ownership",
        "ACLs are switched off in each bucket",
        "set ObjectOwnership to BucketOwnerEnforced, and no AccessControl",
        _ownership,
    ),
    Rule(
        "bucket-encryption",
        "each bucket encrypts by default, with keys that S3 itself has",
        "name AES256 under BucketEncryption, and no key",
        _encryption,
    ),
    Rule(
        "bucket-retained",
        "each bucket outlives its stack, and its replacement",
        "set DeletionPolicy and UpdateReplacePolicy to Retain",
        _retained,
    ),
    Rule(
        "bucket-versioning",
        "the bucket with releases keeps versions",
        "set VersioningConfiguration to Enabled",
        _versioning,
    ),
    Rule(
        "object-lock",
        "objects can be locked one by one; none is by default",
        "set ObjectLockEnabled, without a Rule in ObjectLockConfiguration",
        _object_lock,
    ),
    Rule(
        "lifecycle",
        "lifecycle rules clear away past versions and broken uploads, and never what is current",
        "keep to NoncurrentVersionExpiration and AbortIncompleteMultipartUpload",
        _lifecycle,
    ),
)
