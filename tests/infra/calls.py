"""Each action of the table of rights as a real call, which would do little harm if let through."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.infra.ministack_server import ACCOUNT

BODY = b"an attempt"
_OLD_VERSION = "null"


@dataclass(frozen=True)
class Scene:
    """What there is to take aim at.

    Attributes:
        distribution: its id, `DistributionConfig` and `IfMatch`, as CloudFront takes them.
        stack: name of the stack with the roles.
        role_arn: a role to take.
        role: a role to change.
    """

    distribution: Mapping[str, Any]
    stack: str
    role_arn: str
    role: str


@dataclass(frozen=True)
class Call:
    """One call.

    Attributes:
        client: returns somebody's client of a service.
        resource: the ARN that it is about, or "*".
        context: condition keys that the request is to have.
        scene: what there is to take aim at.
    """

    client: Callable[[str], Any]
    resource: str
    context: Mapping[str, str]
    scene: Scene

    @property
    def bucket(self) -> dict[str, str]:
        return {"Bucket": self.resource.rpartition(":")[2].partition("/")[0]}

    @property
    def item(self) -> dict[str, str]:
        return {**self.bucket, "Key": self.resource.partition("/")[2]}

    @property
    def key(self) -> dict[str, str]:
        return {"KeyId": self.resource}

    def s3(self, method: str, **words: object) -> object:
        """Call S3 about the bucket."""
        return getattr(self.client("s3"), method)(**self.bucket, **words)

    def s3_item(self, method: str, **words: object) -> object:
        """Call S3 about the object."""
        return getattr(self.client("s3"), method)(**self.item, **words)

    def kms(self, method: str, **words: object) -> object:
        """Call KMS about the key."""
        return getattr(self.client("kms"), method)(**self.key, **words)

    def iam(self, method: str, **words: object) -> object:
        """Call IAM."""
        return getattr(self.client("iam"), method)(**words)


_VERSION = "2012-10-17"
_MORE_RIGHTS = json.dumps(
    {"Version": _VERSION, "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
)
_NOBODY_TAKES_IT = json.dumps(
    {
        "Version": _VERSION,
        "Statement": {"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"},
    }
)
# As KMS makes it, so that the calls after it still mean something.
_KEY_POLICY = json.dumps(
    {
        "Version": _VERSION,
        "Statement": {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
            "Action": "kms:*",
            "Resource": "*",
        },
    }
)


def _put(call: Call) -> object:
    """Write an object on the condition that the context tells."""
    words = {}
    if "s3:if-none-match" in call.context:
        words["IfNoneMatch"] = "*"
    if "s3:if-match" in call.context:
        words["IfMatch"] = call.context["s3:if-match"]
    return call.s3_item("put_object", Body=BODY, **words)


def _list(call: Call) -> object:
    return call.s3("list_objects_v2", Prefix=call.context.get("s3:prefix", ""))


def _sign(call: Call) -> object:
    return call.kms(
        "sign",
        Message=BODY.ljust(64),
        MessageType=call.context.get("kms:MessageType", "RAW"),
        SigningAlgorithm=call.context.get("kms:SigningAlgorithm", "ED25519_SHA_512"),
    )


def _update_distribution(call: Call) -> object:
    return call.client("cloudfront").update_distribution(**call.scene.distribution)


def _block() -> dict[str, bool]:
    names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    return dict.fromkeys(names, True)


# Not here: iam:PassRole, which no call asks for alone.
CALLS: dict[str, Callable[[Call], object]] = {
    "s3:PutObject": _put,
    "s3:GetObject": lambda call: call.s3_item("get_object"),
    "s3:GetObjectVersion": lambda call: call.s3_item("get_object", VersionId=_OLD_VERSION),
    "s3:DeleteObject": lambda call: call.s3_item("delete_object"),
    "s3:DeleteObjectVersion": lambda call: call.s3_item("delete_object", VersionId=_OLD_VERSION),
    "s3:BypassGovernanceRetention": lambda call: call.s3_item(
        "delete_object", VersionId=_OLD_VERSION, BypassGovernanceRetention=True
    ),
    "s3:PutObjectAcl": lambda call: call.s3_item("put_object_acl", ACL="private"),
    "s3:ListMultipartUploadParts": lambda call: call.s3_item("list_parts", UploadId="none"),
    "s3:AbortMultipartUpload": lambda call: call.s3_item("abort_multipart_upload", UploadId="none"),
    "s3:ListBucket": _list,
    "s3:PutObjectRetention": lambda call: call.s3_item(
        "put_object_retention", Retention={"Mode": "GOVERNANCE", "RetainUntilDate": "2000-01-01"}
    ),
    "s3:PutObjectLegalHold": lambda call: call.s3_item(
        "put_object_legal_hold", LegalHold={"Status": "OFF"}
    ),
    "s3:GetBucketPolicy": lambda call: call.s3("get_bucket_policy"),
    "s3:ListBucketVersions": lambda call: call.s3("list_object_versions"),
    "s3:ListBucketMultipartUploads": lambda call: call.s3("list_multipart_uploads"),
    "s3:PutBucketPolicy": lambda call: call.s3("put_bucket_policy", Policy=_NOBODY_TAKES_IT),
    "s3:DeleteBucketPolicy": lambda call: call.s3("delete_bucket_policy"),
    "s3:PutBucketPublicAccessBlock": lambda call: call.s3(
        "put_public_access_block", PublicAccessBlockConfiguration=_block()
    ),
    "s3:PutBucketVersioning": lambda call: call.s3(
        "put_bucket_versioning", VersioningConfiguration={"Status": "Enabled"}
    ),
    "s3:PutLifecycleConfiguration": lambda call: call.s3(
        "put_bucket_lifecycle_configuration", LifecycleConfiguration={"Rules": []}
    ),
    "s3:PutBucketObjectLockConfiguration": lambda call: call.s3(
        "put_object_lock_configuration", ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"}
    ),
    "s3:PutBucketRequestPayment": lambda call: call.s3(
        "put_bucket_request_payment", RequestPaymentConfiguration={"Payer": "BucketOwner"}
    ),
    "s3:PutBucketNotification": lambda call: call.s3(
        "put_bucket_notification_configuration", NotificationConfiguration={}
    ),
    "s3:DeleteBucket": lambda call: call.s3("delete_bucket"),
    "kms:Sign": _sign,
    "kms:GetPublicKey": lambda call: call.kms("get_public_key"),
    "kms:ScheduleKeyDeletion": lambda call: call.kms("schedule_key_deletion"),
    "kms:DisableKey": lambda call: call.kms("disable_key"),
    "kms:PutKeyPolicy": lambda call: call.kms("put_key_policy", Policy=_KEY_POLICY),
    "kms:CreateGrant": lambda call: call.kms(
        "create_grant", GranteePrincipal=call.scene.role_arn, Operations=["Sign"]
    ),
    "kms:UpdateAlias": lambda call: call.client("kms").update_alias(
        AliasName="alias/attempt", TargetKeyId=call.resource
    ),
    "iam:CreateUser": lambda call: call.iam("create_user", UserName="attempt"),
    "iam:CreateAccessKey": lambda call: call.iam("create_access_key", UserName="attempt"),
    "iam:AttachRolePolicy": lambda call: call.iam(
        "attach_role_policy",
        RoleName=call.scene.role,
        PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess",
    ),
    "iam:PutRolePolicy": lambda call: call.iam(
        "put_role_policy", RoleName=call.scene.role, PolicyName="more", PolicyDocument=_MORE_RIGHTS
    ),
    "iam:UpdateAssumeRolePolicy": lambda call: call.iam(
        "update_assume_role_policy", RoleName=call.scene.role, PolicyDocument=_NOBODY_TAKES_IT
    ),
    "sts:AssumeRole": lambda call: call.client("sts").assume_role(
        RoleArn=call.scene.role_arn, RoleSessionName="attempt"
    ),
    "cloudfront:UpdateDistribution": _update_distribution,
    "cloudfront:CreateInvalidation": lambda call: call.client("cloudfront").create_invalidation(
        DistributionId=call.scene.distribution["Id"],
        InvalidationBatch={"Paths": {"Quantity": 1, "Items": ["/*"]}, "CallerReference": "attempt"},
    ),
    "cloudformation:UpdateStack": lambda call: call.client("cloudformation").update_stack(
        StackName=call.scene.stack, UsePreviousTemplate=True
    ),
}
