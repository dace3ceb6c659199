"""Mistakes, and worse, with how far roles reach."""

from .edits import Defect, allowing, sid

_BUCKET = {"Fn::Sub": "arn:aws:s3:::${BucketName}"}


def _below(path: str) -> dict:
    return {"Fn::Sub": f"arn:aws:s3:::${{BucketName}}/${{Product}}{path}"}


REACH = (
    Defect(
        "role-actions",
        "ci",
        "refresh changes the bucket's settings",
        allowing("RefreshRole", ["s3:PutBucketPolicy", "s3:PutLifecycleConfiguration"], _BUCKET),
    ),
    Defect(
        "role-actions",
        "ci",
        "refresh writes by replication",
        allowing("RefreshRole", "s3:ReplicateObject", _below("/*")),
    ),
    Defect(
        "role-actions",
        "ci",
        "refresh gives itself rights",
        allowing("RefreshRole", "iam:PutRolePolicy", "arn:aws:iam::111122223333:role/x"),
    ),
    Defect(
        "role-actions",
        "ci",
        "refresh takes another role",
        allowing("RefreshRole", "sts:AssumeRole", "arn:aws:iam::111122223333:role/x"),
    ),
    Defect(
        "role-actions",
        "ci",
        "gc changes the edge",
        allowing("GcRole", "cloudfront:*", "arn:aws:cloudfront::111122223333:distribution/E1"),
    ),
    Defect(
        "role-prefix",
        "ci",
        "no slash after the product: sensor-2 is read too",
        sid("RefreshRole", "Read", "Resource", _below("*")),
    ),
    Defect(
        "role-prefix",
        "ci",
        "no slash after the product: sensor-2 is moved too",
        sid("RefreshRole", "ReplaceTimestamp", "Resource", _below("*/metadata/timestamp.json")),
    ),
    Defect(
        "role-prefix",
        "ci",
        "a bucket that is another's",
        allowing("GcRole", "s3:GetObject", {"Fn::Sub": "arn:aws:s3:::others/${Product}/*"}),
    ),
    Defect(
        "role-paths",
        "ci",
        "refresh writes all of a channel",
        allowing("RefreshRole", "s3:PutObject", _below("/beta/*")),
    ),
    Defect(
        "role-paths",
        "ci",
        "gc deletes metadata that begins with 1",
        allowing("GcRole", "s3:DeleteObject", _below("/metadata/1*")),
    ),
    Defect(
        "role-paths",
        "ci",
        "release writes pages",
        allowing("ReleaseRole", "s3:PutObject", _below("/images/*")),
    ),
    Defect(
        "role-conditions",
        "ci",
        "overwriting denied in another bucket",
        sid(
            "GcRole",
            "DenyOverwriting",
            "Resource",
            {"Fn::Sub": "arn:aws:s3:::others/${Product}/*"},
        ),
    ),
    Defect(
        "role-signs",
        "ci",
        "refresh signs with keys whose ids begin alike",
        sid(
            "RefreshRole",
            "Sign",
            "Resource",
            {"Fn::Sub": "${TimestampSigningKey.Arn}*"},
        ),
    ),
)
