"""What each role of a product must be allowed, and what it must be denied: the table.

It is data: `simulator.py` asks IAM's policy simulator about each row, and a stack for tests
can try the action itself. Where `condition` is not "", the answer hangs on a condition key that
says more than who asks for what. The simulator is told its value, in `context`; emulators mostly do
not know such a key (s3:if-none-match, kms:SigningAlgorithm), so there the row cannot be tried.

What a simulation leaves out ("SimulatePrincipalPolicy", IAM API reference): for a role, what the
policies of bucket and keys say (`simulated.py` adds the bucket's denials; what they allow is
looked at by `bucket/policy.py` and `key_policy.py`); resource control policies of an organization;
the policy of a session, which may narrow a role when it is taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from publisher.doctor.aws.role_rights.keys import Keys, signs
from publisher.doctor.aws.role_rights.objects import (
    CREATE,
    Place,
    deletes_nothing,
    moves,
    overwrites_nothing,
    reads,
    uploads_in_parts,
    writes_no_pages,
)
from publisher.doctor.aws.role_rights.row import Right
from publisher.infra.sample_paths import (
    IMAGE,
    PAYLOAD,
    POINTERS,
    RELEASED,
    ROOT,
    SNAPSHOT,
    TIMESTAMP,
    VERSION_JSON,
)

_BLOCKS_ROOT = "would block the next root ceremony with a file under its name"
_REMOVABLE = (PAYLOAD, IMAGE)
_BUCKET_ACTIONS = (
    "s3:PutBucketPolicy",
    "s3:DeleteBucketPolicy",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketVersioning",
    "s3:PutLifecycleConfiguration",
    "s3:PutBucketObjectLockConfiguration",
    "s3:DeleteBucket",
)
_OBJECT_ACTIONS = (
    "s3:DeleteObjectVersion",
    "s3:PutObjectAcl",
    "s3:BypassGovernanceRetention",
)
_KEY_ACTIONS = (
    "kms:ScheduleKeyDeletion",
    "kms:DisableKey",
    "kms:PutKeyPolicy",
    "kms:CreateGrant",
    "kms:UpdateAlias",
)
_ACCOUNT_ACTIONS = (
    "iam:CreateAccessKey",
    "iam:CreateUser",
    "iam:AttachRolePolicy",
    "iam:PutRolePolicy",
    "iam:UpdateAssumeRolePolicy",
    "iam:PassRole",
    "sts:AssumeRole",
    "cloudfront:UpdateDistribution",
    "cloudformation:UpdateStack",
)


def wanted(
    product: str,
    bucket: str,
    keys: Mapping[str, str],
    key_specs: Mapping[str, str] = MappingProxyType({}),
    partition: str = "aws",
) -> tuple[Right, ...]:
    """Return the table of one product.

    Args:
        keys: the ARN of the KMS key by `targets`, `snapshot`, `timestamp`; those that there are.
        key_specs: of these keys, as KMS calls them; Ed25519's where it is not told.
        partition: `aws`, or another of AWS's.
    """
    place = Place(f"arn:{partition}:s3:::{bucket}", product)
    of = Keys(keys, key_specs)
    return (*_release(place, of), *_refresh(place, of), *_gc(place, of))


def _release(place: Place, keys: Keys) -> Iterator[Right]:
    role = "release"
    for path in POINTERS:
        yield from moves(role, place.of(path))
    for path in RELEASED:
        yield Right(role, "s3:PutObject", place.of(path), True, "publishes it", CREATE)
        yield overwrites_nothing(role, place.of(path))
    yield Right(role, "s3:PutObject", place.of(ROOT), False, _BLOCKS_ROOT, CREATE)
    yield from uploads_in_parts(role, place)
    yield from writes_no_pages(role, place)
    yield from reads(role, place)
    yield from deletes_nothing(role, place, (*POINTERS, *RELEASED, ROOT))
    yield from signs(role, keys, ("targets", "snapshot", "timestamp"))
    yield from _harms_nothing(role, place, keys)


def _refresh(place: Place, keys: Keys) -> Iterator[Right]:
    role = "refresh"
    yield from moves(role, place.of(TIMESTAMP))
    yield Right(role, "s3:PutObject", place.of(SNAPSHOT), True, "publishes it", CREATE)
    yield overwrites_nothing(role, place.of(SNAPSHOT))
    says = "would offer boards something else"
    for path in (VERSION_JSON, *RELEASED):
        if path == SNAPSHOT:
            continue
        yield Right(role, "s3:PutObject", place.of(path), False, says, CREATE)
    yield Right(role, "s3:PutObject", place.of(ROOT), False, _BLOCKS_ROOT, CREATE)
    yield from writes_no_pages(role, place)
    yield from reads(role, place)
    yield from deletes_nothing(role, place, (*POINTERS, *RELEASED, ROOT))
    yield from signs(role, keys, ("snapshot", "timestamp"))
    yield from _harms_nothing(role, place, keys)


def _gc(place: Place, keys: Keys) -> Iterator[Right]:
    role = "gc"
    for path in _REMOVABLE:
        yield Right(role, "s3:DeleteObject", place.of(path), True, "removes what nothing needs")
        yield Right(role, "s3:PutObject", place.of(path), True, "puts it back", CREATE)
        yield overwrites_nothing(role, place.of(path))
    others = [path for path in (*POINTERS, ROOT, *RELEASED) if path not in _REMOVABLE]
    for path in others:
        yield Right(role, "s3:PutObject", place.of(path), False, "would publish", CREATE)
    yield from uploads_in_parts(role, place)
    yield from writes_no_pages(role, place)
    yield from reads(role, place)
    yield from deletes_nothing(role, place, others)
    yield from signs(role, keys, ())
    yield from _harms_nothing(role, place, keys)


def _harms_nothing(role: str, place: Place, keys: Keys) -> Iterator[Right]:
    for resource in place.outside():
        for action in ("s3:PutObject", "s3:DeleteObject"):
            yield Right(role, action, resource, False, "is not of the product", CREATE)
    for action in _OBJECT_ACTIONS:
        yield Right(role, action, place.of(TIMESTAMP), False, "would lose what versions keep")
    for action in _BUCKET_ACTIONS:
        yield Right(role, action, place.bucket, False, "would undo what protects the bucket")
    for arn in keys.arns.values():
        for action in _KEY_ACTIONS:
            yield Right(role, action, arn, False, "would lose the key, or give it away")
    for action in _ACCOUNT_ACTIONS:
        yield Right(role, action, "*", False, "would give itself more rights, or change the edge")
