"""Mistakes, and worse, with whom a bucket lets in, and with who may delete in it."""

from .edits import Defect, allowing, declaring, parameter, put, sid, without

_OBJECTS = {"Fn::Sub": "${Bucket.Arn}/*"}
_LOG_OBJECTS = {"Fn::Sub": "${LogBucket.Arn}/*"}
_OTHERS = {"AWS": "arn:aws:iam::111122223333:root"}


def _source(value: object) -> dict:
    return {"StringEquals": {"AWS:SourceArn": value}}


def _except(value: object) -> dict:
    return {"ArnNotEquals": {"aws:PrincipalArn": value}}


GUESTS = (
    Defect(
        "policy-public",
        "ota",
        "everybody, by Sub",
        allowing("BucketPolicy", "s3:GetObject", _OBJECTS, Principal={"AWS": {"Fn::Sub": "*"}}),
    ),
    Defect(
        "policy-principals",
        "ota",
        "another account may write",
        allowing("BucketPolicy", "s3:*", _OBJECTS, Principal=_OTHERS),
    ),
    Defect(
        "policy-principals",
        "ota",
        "whoever a parameter names may write",
        declaring(
            "Who",
            allowing("BucketPolicy", "s3:PutObject", _OBJECTS, Principal={"AWS": {"Ref": "Who"}}),
        ),
    ),
    Defect(
        "policy-principals",
        "logs",
        "another account may read the logs",
        allowing("LogBucketPolicy", "s3:GetObject", _LOG_OBJECTS, Principal=_OTHERS),
    ),
    Defect(
        "policy-one",
        "ota",
        "the policy is another bucket's",
        put("BucketPolicy", "Bucket", "another-bucket"),
    ),
    Defect(
        "policy-one",
        "ota",
        "the policy is for a bucket whose name begins alike",
        put("BucketPolicy", "Bucket", {"Fn::Sub": "${Bucket}-2"}),
    ),
    Defect(
        "edge-access",
        "ota",
        "another account's distribution",
        sid(
            "BucketPolicy",
            "EdgeReads",
            "Condition",
            _source("arn:aws:cloudfront::111122223333:distribution/E1"),
        ),
    ),
    Defect(
        "edge-access",
        "ota",
        "whatever distribution a parameter names",
        declaring("Who", sid("BucketPolicy", "EdgeReads", "Condition", _source({"Ref": "Who"}))),
    ),
    Defect(
        "service-access",
        "logs",
        "all accounts but one may write logs",
        sid(
            "LogBucketPolicy",
            "LogDeliveryWrites",
            "Condition",
            {"StringNotEquals": {"aws:SourceAccount": "1"}, "ArnNotLike": {"aws:SourceArn": "x"}},
        ),
    ),
    Defect(
        "name-deletes", "ota", "names can be freed", without("BucketPolicy", "DenyDeletingNames")
    ),
    Defect(
        "name-deletes",
        "ota",
        "version.json can be deleted",
        sid(
            "BucketPolicy",
            "DenyDeletingNames",
            "Resource",
            [{"Fn::Sub": "${Bucket.Arn}/*/metadata/*"}, {"Fn::Sub": "${Bucket.Arn}/*/targets/*"}],
        ),
    ),
    Defect(
        "name-deletes",
        "ota",
        "gc can delete nothing",
        sid("BucketPolicy", "DenyDeletingNames", "Resource", _OBJECTS),
    ),
    Defect(
        "version-deletes",
        "ota",
        "all roles with eight letters excepted",
        sid(
            "BucketPolicy",
            "DenyDeletingVersions",
            "Condition",
            _except("arn:aws:iam::111122223333:role/????????"),
        ),
    ),
    Defect(
        "version-deletes",
        "ota",
        "two roles excepted",
        sid(
            "BucketPolicy",
            "DenyDeletingVersions",
            "Condition",
            _except(["arn:aws:iam::111122223333:role/a", "arn:aws:iam::111122223333:role/b"]),
        ),
    ),
    Defect(
        "version-deletes",
        "ota",
        "DeployRoleArn takes role/*",
        parameter("DeployRoleArn", "AllowedPattern", "(arn:aws:iam::[0-9]{12}:(role|user)/.+)?"),
    ),
    Defect(
        "version-deletes",
        "ota",
        "DeployRoleArn takes a list of roles",
        parameter("DeployRoleArn", "Type", "CommaDelimitedList"),
    ),
    Defect(
        "lifecycle",
        "ota",
        "past versions gone after a day, in older words",
        put("Bucket", "LifecycleConfiguration/Rules/1/NoncurrentVersionExpirationInDays", 1),
    ),
    Defect(
        "lifecycle",
        "ota",
        "past versions gone after what a parameter says",
        declaring(
            "Days",
            put(
                "Bucket",
                "LifecycleConfiguration/Rules/0/NoncurrentVersionExpiration/NoncurrentDays",
                {"Ref": "Days"},
            ),
        ),
    ),
)
