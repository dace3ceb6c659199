"""Denials that go too far: CloudFormation is kept out, or nothing can be released any more."""

from .edits import Defect, allowing

_ACCOUNT = {"AWS": {"Ref": "AWS::AccountId"}}
_ROOT = {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}
_ID = {"AWS": {"Fn::Sub": "${AWS::AccountId}"}}
_ROLE = {"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/release"}}
_BUCKET = {"Fn::GetAtt": ["Bucket", "Arn"]}
_OBJECTS = {"Fn::Sub": "${Bucket.Arn}/*"}
_PRODUCT = {"Fn::Sub": "arn:aws:s3:::${BucketName}/${Product}/*"}
_ALL = [_BUCKET, _OBJECTS]
_BY_TLS = {"Bool": {"aws:SecureTransport": "true"}}
_UNENCRYPTED = {"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}}
_FROM_ELSEWHERE = {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
_DEPLOYER = {"ArnNotEquals": {"aws:PrincipalArn": {"Ref": "DeployRoleArn"}}}


def _denied(rule: str, what: str, who: object, action: str, of: object, **more: object) -> Defect:
    edit = allowing("BucketPolicy", action, of, Effect="Deny", Principal=who, **more)
    return Defect(rule, "ota", what, edit)


KEPT_OUT = (
    _denied("lock-out", "everything denied to the account", _ACCOUNT, "s3:*", _ALL),
    _denied("lock-out", "settings denied to the account", _ROOT, "s3:PutBucketPolicy", _BUCKET),
    _denied("lock-out", "settings denied to the account's id", _ID, "s3:Put*", _BUCKET),
    _denied("lock-out", "the policy cannot be read", "*", "s3:GetBucketPolicy", _BUCKET),
    _denied(
        "lock-out",
        "settings denied to whoever speaks TLS",
        "*",
        "s3:PutBucketPolicy",
        _BUCKET,
        Condition=_BY_TLS,
    ),
    _denied(
        "lock-out",
        "settings denied from everywhere but one network",
        "*",
        "s3:PutBucketPolicy",
        _BUCKET,
        Condition=_FROM_ELSEWHERE,
    ),
    _denied(
        "lock-out",
        "settings denied to all but whoever deploys, who may be nobody",
        "*",
        "s3:PutBucketPolicy",
        _BUCKET,
        Condition=_DEPLOYER,
    ),
    _denied("create-only", "no release by the account", _ROOT, "s3:PutObject", _OBJECTS),
    _denied("create-only", "no release by the role that releases", _ROLE, "s3:PutObject", _OBJECTS),
    _denied(
        "create-only",
        "no release but with a key of KMS",
        "*",
        "s3:PutObject",
        _OBJECTS,
        Condition=_UNENCRYPTED,
    ),
    _denied("compare-and-swap", "no pointer by the account", _ID, "s3:PutObject", _OBJECTS),
    _denied(
        "compare-and-swap",
        "no pointer but by whoever deploys",
        "*",
        "s3:PutObject",
        {"Fn::Sub": "${Bucket.Arn}/*/version.json"},
        Condition=_DEPLOYER,
    ),
    _denied("name-deletes", "gc deletes nothing, by the account", _ROOT, "s3:Delete*", _OBJECTS),
    _denied("bucket-work", "nobody lists the bucket", "*", "s3:ListBucket", _BUCKET),
    _denied("bucket-work", "the account reads nothing", _ROOT, "s3:GetObject", _OBJECTS),
    _denied("bucket-work", "no upload is broken off", "*", "s3:AbortMultipartUpload", _OBJECTS),
    Defect(
        "role-writes",
        "ci",
        "release writes only with a key of KMS",
        allowing("ReleaseRole", "s3:PutObject", _PRODUCT, Effect="Deny", Condition=_UNENCRYPTED),
    ),
)
