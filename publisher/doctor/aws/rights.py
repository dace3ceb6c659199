"""What each role of a product must be allowed, and what it must be denied: the table.

It is data: `simulated_rights.py` asks IAM's policy simulator about each row, and a stack for tests
can try the action itself. Where `condition` is not "", the answer hangs on a condition key that
says more than who asks for what. The simulator is told its value, in `context`; emulators mostly do
not know such a key (s3:if-none-match, kms:SigningAlgorithm), so there the row cannot be tried.

What a simulation leaves out ("SimulatePrincipalPolicy", IAM API reference): for a role, what the
policies of bucket and keys say (`simulated_rights.py` adds the bucket's denials; what they allow is
looked at by `bucket_policy.py` and `keys.py`); resource control policies of an organization; the
policy of a session, which may narrow a role when it is taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from publisher.infra.sample_paths import (
    FILES,
    PAYLOAD,
    POINTERS,
    RELEASED,
    ROOT,
    SNAPSHOT,
    TIMESTAMP,
    VERSION_JSON,
)

# What a conditional write of a new object, and one that replaces, tell S3 (S3 user guide, "Enforce
# conditional writes"): the keys are absent where the headers are.
_WRITE = {"s3:ObjectCreationOperation": "true"}
_CREATE = {**_WRITE, "s3:if-none-match": "*"}
_REPLACE = {**_WRITE, "s3:if-match": '"0"'}
# How a key signs for boards (publisher/signers/awskms.py), and another way that it could.
_ED25519 = {"kms:SigningAlgorithm": "ED25519_SHA_512", "kms:MessageType": "RAW"}
_ED25519_PH = {"kms:SigningAlgorithm": "ED25519_PH_SHA_512", "kms:MessageType": "DIGEST"}
_P256 = {"kms:SigningAlgorithm": "ECDSA_SHA_256", "kms:MessageType": "DIGEST"}
_WAYS: Mapping[str, tuple[Mapping[str, str], ...]] = {
    "ECC_NIST_EDWARDS25519": (_ED25519, _ED25519_PH),
    "ECC_NIST_P256": (_P256,),
}

# Beside the kinds of file that there are: what a browser would show as a page of the domain.
_PAGES = ("images/index.html", "payloads/index.html", "targets/index.html")
_BLOCKS_ROOT = "would block the next root ceremony with a file under its name"
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


@dataclass(frozen=True)
class Right:
    """One row: may this role do that?

    Attributes:
        role: `release`, `refresh` or `gc`.
        action: the IAM action.
        resource: the ARN, or "*" for any.
        wanted: whether it is to be allowed.
        why: what the role needs it for, or what somebody who stole it could do.
        context: condition keys of the request and their values.
        condition: the condition key that decides; "" where role, action and resource do.
    """

    role: str
    action: str
    resource: str
    wanted: bool
    why: str
    context: Mapping[str, str] = field(default_factory=dict)
    condition: str = ""


def wanted(
    product: str,
    bucket: str,
    keys: Mapping[str, str],
    key_spec: str = "ECC_NIST_EDWARDS25519",
    partition: str = "aws",
) -> tuple[Right, ...]:
    """Return the table of one product.

    Args:
        keys: the ARN of the KMS key by `targets`, `snapshot`, `timestamp`; those that there are.
        key_spec: of these keys, as KMS calls it.
        partition: `aws`, or another of AWS's.
    """
    place = _Place(f"arn:{partition}:s3:::{bucket}", product)
    of = _Keys(keys, key_spec)
    return (*_release(place, of), *_refresh(place, of), *_gc(place, of))


@dataclass(frozen=True)
class _Place:
    bucket: str
    product: str

    def of(self, path: str) -> str:
        """Return the ARN of an object of the product."""
        return f"{self.bucket}/{self.product}/{path}"

    def outside(self) -> Iterator[str]:
        """Return ARNs of what is not the product's; a name that begins alike among them."""
        yield f"{self.bucket}/{self.product}-2/{TIMESTAMP}"
        yield f"{self.bucket}/slotcast.toml"


@dataclass(frozen=True)
class _Keys:
    arns: Mapping[str, str]
    spec: str

    def ways(self) -> tuple[Mapping[str, str], ...]:
        """Return how the keys are to sign, then in what other ways they could."""
        return _WAYS.get(self.spec, _WAYS["ECC_NIST_EDWARDS25519"])


def _release(place: _Place, keys: _Keys) -> Iterator[Right]:
    role = "release"
    for path in POINTERS:
        yield from _moves(role, place.of(path))
    for path in RELEASED:
        yield Right(role, "s3:PutObject", place.of(path), True, "publishes it", _CREATE)
        yield _overwrites(role, place.of(path))
    yield Right(role, "s3:PutObject", place.of(ROOT), False, _BLOCKS_ROOT, _CREATE)
    yield from _uploads_in_parts(role, place)
    yield from _writes_no_pages(role, place)
    yield from _reads(role, place)
    yield from _deletes_nothing(role, place, (*POINTERS, *RELEASED, ROOT))
    yield from _signs(role, keys, ("targets", "snapshot", "timestamp"))
    yield from _harms_nothing(role, place, keys)


def _refresh(place: _Place, keys: _Keys) -> Iterator[Right]:
    role = "refresh"
    yield from _moves(role, place.of(TIMESTAMP))
    yield Right(role, "s3:PutObject", place.of(SNAPSHOT), True, "publishes it", _CREATE)
    yield _overwrites(role, place.of(SNAPSHOT))
    says = "would offer boards something else"
    for path in (VERSION_JSON, *RELEASED):
        if path == SNAPSHOT:
            continue
        yield Right(role, "s3:PutObject", place.of(path), False, says, _CREATE)
    yield Right(role, "s3:PutObject", place.of(ROOT), False, _BLOCKS_ROOT, _CREATE)
    yield from _writes_no_pages(role, place)
    yield from _reads(role, place)
    yield from _deletes_nothing(role, place, (*POINTERS, *RELEASED, ROOT))
    yield from _signs(role, keys, ("snapshot", "timestamp"))
    yield from _harms_nothing(role, place, keys)


def _gc(place: _Place, keys: _Keys) -> Iterator[Right]:
    role = "gc"
    for path in FILES:
        yield Right(role, "s3:DeleteObject", place.of(path), True, "removes what nothing needs")
        yield Right(role, "s3:PutObject", place.of(path), True, "puts it back", _CREATE)
        yield _overwrites(role, place.of(path))
    others = [path for path in (*POINTERS, ROOT, *RELEASED) if path not in FILES]
    for path in others:
        yield Right(role, "s3:PutObject", place.of(path), False, "would publish", _CREATE)
    yield from _uploads_in_parts(role, place)
    yield from _writes_no_pages(role, place)
    yield from _reads(role, place)
    yield from _deletes_nothing(role, place, others)
    yield from _signs(role, keys, ())
    yield from _harms_nothing(role, place, keys)


def _moves(role: str, resource: str) -> Iterator[Right]:
    """Return that a pointer is moved from what was read, and never blindly."""
    yield Right(role, "s3:PutObject", resource, True, "moves the pointer", _REPLACE)
    says = "would undo what another publisher did meanwhile"
    yield Right(role, "s3:PutObject", resource, False, says, _WRITE, "s3:if-match")


def _overwrites(role: str, resource: str) -> Right:
    """Return that a write without If-None-Match is refused."""
    says = "would overwrite what never changes"
    return Right(role, "s3:PutObject", resource, False, says, _WRITE, "s3:if-none-match")


def _uploads_in_parts(role: str, place: _Place) -> Iterator[Right]:
    says = "goes on with an interrupted upload"
    for action in ("s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"):
        yield Right(role, action, place.of(PAYLOAD), True, says)
    yield Right(role, "s3:ListBucketMultipartUploads", place.bucket, True, says)


def _reads(role: str, place: _Place) -> Iterator[Right]:
    for path in (TIMESTAMP, ROOT, PAYLOAD):
        yield Right(role, "s3:GetObject", place.of(path), True, "reads what is published")
    prefix = {"s3:prefix": f"{place.product}/"}
    yield Right(role, "s3:ListBucket", place.bucket, True, "tells missing from closed", prefix)


def _writes_no_pages(role: str, place: _Place) -> Iterator[Right]:
    for path in _PAGES:
        says = "would serve a page of its own"
        yield Right(role, "s3:PutObject", place.of(path), False, says, _CREATE)


def _deletes_nothing(role: str, place: _Place, paths: Sequence[str]) -> Iterator[Right]:
    for path in paths:
        says = "boards would miss it"
        yield Right(role, "s3:DeleteObject", place.of(path), False, says)


def _signs(role: str, keys: _Keys, roles: tuple[str, ...]) -> Iterator[Right]:
    """Return with which keys the role signs, in the one way that boards verify."""
    for name, arn in keys.arns.items():
        right, *others = keys.ways()
        if name not in roles:
            yield Right(role, "kms:Sign", arn, False, f"would sign {name}", right)
            continue
        yield Right(role, "kms:Sign", arn, True, f"signs {name}", right, "kms:SigningAlgorithm")
        yield Right(role, "kms:GetPublicKey", arn, True, "compares it with root")
        says = "would sign in a way that boards do not verify"
        for other in others:
            yield Right(role, "kms:Sign", arn, False, says, other, "kms:SigningAlgorithm")


def _harms_nothing(role: str, place: _Place, keys: _Keys) -> Iterator[Right]:
    for resource in place.outside():
        for action in ("s3:PutObject", "s3:DeleteObject"):
            yield Right(role, action, resource, False, "is not of the product", _CREATE)
    for action in _OBJECT_ACTIONS:
        yield Right(role, action, place.of(TIMESTAMP), False, "would lose what versions keep")
    for action in _BUCKET_ACTIONS:
        yield Right(role, action, place.bucket, False, "would undo what protects the bucket")
    for arn in keys.arns.values():
        for action in _KEY_ACTIONS:
            yield Right(role, action, arn, False, "would lose the key, or give it away")
    for action in _ACCOUNT_ACTIONS:
        yield Right(role, action, "*", False, "would give itself more rights, or change the edge")
