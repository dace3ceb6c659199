"""Holes in denials of buckets and roles: somebody, some path or some action that is spared."""

from .edits import Defect, put, sid, without

_UNCREATED = {"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}}
_TLS = {"Bool": {"aws:SecureTransport": "false"}}
_POINTERS = ("*/metadata/timestamp.json", "*/version.json")
_RELEASES = ("metadata/timestamp.json", "*/version.json")
_ARN = "aws:PrincipalArn"


def _below(*paths: str, bucket: str = "Bucket") -> list[dict]:
    return [{"Fn::Sub": f"${{{bucket}.Arn}}/{path}"} for path in paths]


def _policy(rule: str, what: str, denial: str, key: str, value: object) -> Defect:
    return Defect(rule, "ota", what, sid("BucketPolicy", denial, key, value))


def _but(condition: dict, **more: object) -> dict:
    return {**condition, **more}


_UNDER = "arn:aws:s3:::${BucketName}/${Product}/"
_OWN = [{"Fn::Sub": f"{_UNDER}{path}"} for path in (*_RELEASES, "metadata/?.targets.json")]
_MALLORY = {"StringNotEquals": {_ARN: "arn:aws:iam::999999999999:user/mallory"}}
_ALL_ROLES = "arn:aws:iam::*:role/*"

SPARED = (
    _policy(
        "policy-paths",
        "a product whose releases can be overwritten",
        "DenyOverwriting",
        "NotResource",
        _below(*_POINTERS, "acme/*"),
    ),
    _policy(
        "policy-paths",
        "the first nine roots can be overwritten",
        "DenyOverwriting",
        "NotResource",
        _below(*_POINTERS, "*/metadata/?.root.json"),
    ),
    _policy(
        "policy-paths",
        "metadata can be deleted but for products with an s",
        "DenyDeletingNames",
        "Resource",
        _below("s*/metadata/*", "s*/targets/*", "*/version.json"),
    ),
    _policy(
        "policy-paths",
        "pointers replaced blindly but for one product",
        "DenyBlindReplacing",
        "Resource",
        _below("sensor*/metadata/timestamp.json", "sensor*/version.json"),
    ),
    Defect(
        "policy-paths",
        "logs",
        "log delivery writes where nobody looks",
        sid(
            "LogBucketPolicy",
            "LogDeliveryWrites",
            "Resource",
            _below("edge/../*", bucket="LogBucket"),
        ),
    ),
    _policy(
        "create-only",
        "create-only, but not for roles, by IfExists",
        "DenyOverwriting",
        "Condition",
        _but(_UNCREATED, ArnNotLikeIfExists={_ARN: _ALL_ROLES}),
    ),
    _policy(
        "create-only",
        "create-only, but not for a team, by IfExists",
        "DenyOverwriting",
        "Condition",
        _but(_UNCREATED, StringNotEqualsIfExists={"aws:PrincipalTag/team": "ops"}),
    ),
    _policy(
        "create-only",
        "create-only, but not for whoever has a tag, by Null",
        "DenyOverwriting",
        "Condition",
        _but(_UNCREATED, Null={"s3:if-none-match": "true", "aws:PrincipalTag/team": "true"}),
    ),
    _policy(
        "create-only",
        "create-only, compared with True, which AWS never says",
        "DenyOverwriting",
        "Condition",
        {
            "Null": {"s3:if-none-match": "true"},
            "StringEquals": {"s3:ObjectCreationOperation": "True"},
        },
    ),
    _policy(
        "policy-tls",
        "HTTP denied where AWS says False, which it never does",
        "DenyWithoutTls",
        "Condition",
        {"StringEquals": {"aws:SecureTransport": "False"}},
    ),
    _policy(
        "policy-tls",
        "HTTP allowed to whoever has a tag, by IfExists",
        "DenyWithoutTls",
        "Condition",
        _but(_TLS, StringNotEqualsIfExists={"aws:PrincipalTag/legacy": "yes"}),
    ),
    _policy(
        "policy-tls",
        "TLS asked for one pointer alone",
        "DenyWithoutTls",
        "Resource",
        [{"Fn::GetAtt": ["Bucket", "Arn"]}, *_below("*/metadata/timestamp.json")],
    ),
    _policy(
        "policy-tls",
        "TLS asked for three actions alone",
        "DenyWithoutTls",
        "Action",
        ["s3:GetObject", "s3:PutObject", "s3:ListBucket"],
    ),
    _policy(
        "version-deletes",
        "versions of products with an a alone are kept",
        "DenyDeletingVersions",
        "Resource",
        _below("a*"),
    ),
    _policy(
        "version-deletes",
        "a user of another account excepted",
        "DenyDeletingVersions",
        "Condition",
        _MALLORY,
    ),
    Defect(
        "bucket-settings",
        "ota",
        "settings open to whoever IAM allows it",
        without("BucketPolicy", "DenyChangingSettings"),
    ),
    _policy(
        "bucket-settings",
        "all roles excepted from the Deny on settings",
        "DenyChangingSettings",
        "Condition",
        {"ArnNotLike": {_ARN: _ALL_ROLES}},
    ),
    _policy(
        "bucket-settings",
        "requester pays can be set: no board pays",
        "DenyChangingSettings",
        "Action",
        ["s3:DeleteBucket*", "s3:PutBucketPolicy", "s3:Put*Configuration"],
    ),
    Defect(
        "replication",
        "ota",
        "releases overwritten from another bucket",
        without("BucketPolicy", "DenyReplicating"),
    ),
    _policy(
        "replication",
        "what is replicated may be deleted",
        "DenyReplicating",
        "Action",
        ["s3:ReplicateObject", "s3:ReplicateTags"],
    ),
    Defect(
        "role-denials",
        "ci",
        "release overwrites the first nine targets",
        sid("ReleaseRole", "DenyOverwriting", "NotResource", _OWN),
    ),
    Defect(
        "role-conditions",
        "ci",
        "release overwrites, but for a tag, by IfExists",
        sid(
            "ReleaseRole",
            "DenyOverwriting",
            "Condition",
            _but(_UNCREATED, StringNotEqualsIfExists={"aws:PrincipalTag/ci": "yes"}),
        ),
    ),
    Defect(
        "lifecycle",
        "ota",
        "past versions kept for ever but in one folder",
        put("Bucket", "LifecycleConfiguration/Rules/0/Prefix", "none/"),
    ),
)
