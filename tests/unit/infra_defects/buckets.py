"""Mistakes with buckets, and with what their policies say."""

from .edits import Defect, allowing, put, sid, without

_OBJECTS = {"Fn::Sub": "${Bucket.Arn}/*"}
_OTHER_DISTRIBUTIONS = {"StringLike": {"AWS:SourceArn": "arn:aws:cloudfront::*:distribution/*"}}
_DENIED_UNLESS_CREATED = {"Null": {"s3:if-none-match": "true"}}
_SPARING_ADMINISTRATORS = {
    **_DENIED_UNLESS_CREATED,
    "Bool": {"s3:ObjectCreationOperation": "true"},
    "ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/admin"},
}

BUCKET = (
    Defect(
        "public-access-block",
        "ota",
        "BlockPublicPolicy false",
        put("Bucket", "PublicAccessBlockConfiguration/BlockPublicPolicy", False),
    ),
    Defect(
        "public-access-block",
        "ota",
        "one of the four left out",
        put("Bucket", "PublicAccessBlockConfiguration/RestrictPublicBuckets", None),
    ),
    Defect(
        "bucket-ownership",
        "ota",
        "ACLs in force again",
        put("Bucket", "OwnershipControls/Rules/0/ObjectOwnership", "ObjectWriter"),
    ),
    Defect(
        "bucket-encryption", "logs", "no encryption", put("LogBucket", "BucketEncryption", None)
    ),
    Defect(
        "bucket-retained",
        "ota",
        "bucket deleted with the stack",
        put("Bucket", "/DeletionPolicy", "Delete"),
    ),
    Defect(
        "bucket-retained",
        "ota",
        "no UpdateReplacePolicy",
        put("Bucket", "/UpdateReplacePolicy", None),
    ),
    Defect(
        "bucket-versioning",
        "ota",
        "versioning suspended",
        put("Bucket", "VersioningConfiguration/Status", "Suspended"),
    ),
    Defect("object-lock", "ota", "no Object Lock", put("Bucket", "ObjectLockEnabled", False)),
    Defect(
        "object-lock",
        "ota",
        "a default retention, which locks pointers",
        put(
            "Bucket",
            "ObjectLockConfiguration",
            {
                "ObjectLockEnabled": "Enabled",
                "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 365}},
            },
        ),
    ),
    Defect(
        "lifecycle",
        "ota",
        "a rule that expires releases",
        put("Bucket", "LifecycleConfiguration/Rules/1/ExpirationInDays", 90),
    ),
    Defect(
        "lifecycle",
        "ota",
        "past pointers gone after a day",
        put(
            "Bucket", "LifecycleConfiguration/Rules/0/NoncurrentVersionExpiration/NoncurrentDays", 1
        ),
    ),
    Defect(
        "lifecycle",
        "ota",
        "broken uploads kept for ever",
        put("Bucket", "LifecycleConfiguration/Rules/2/Status", "Disabled"),
    ),
)

POLICY = (
    Defect(
        "policy-public",
        "ota",
        'Principal "*" allowed to read',
        sid("BucketPolicy", "EdgeReads", "Principal", "*"),
    ),
    Defect(
        "policy-public",
        "ota",
        'Principal AWS: "*", for one object',
        allowing("BucketPolicy", "s3:GetObject", _OBJECTS, Principal={"AWS": "*"}),
    ),
    Defect("policy-tls", "ota", "HTTP allowed", without("BucketPolicy", "DenyWithoutTls")),
    Defect("policy-tls", "logs", "TLS 1.1 allowed", without("LogBucketPolicy", "DenyOldTls")),
    Defect(
        "policy-tls",
        "ota",
        "TLS asked of the bucket, not of its objects",
        sid("BucketPolicy", "DenyWithoutTls", "Resource", {"Fn::GetAtt": ["Bucket", "Arn"]}),
    ),
    Defect(
        "edge-access",
        "ota",
        "OAC without SourceArn",
        sid("BucketPolicy", "EdgeReads", "Condition", None),
    ),
    Defect(
        "edge-access",
        "ota",
        "SourceArn with a wildcard",
        sid("BucketPolicy", "EdgeReads", "Condition", _OTHER_DISTRIBUTIONS),
    ),
    Defect(
        "edge-access",
        "ota",
        "ListBucket for the edge: 403 becomes 404",
        sid("BucketPolicy", "EdgeReads", "Action", ["s3:GetObject", "s3:ListBucket"]),
    ),
    Defect(
        "service-access",
        "logs",
        "log delivery of any account",
        sid(
            "LogBucketPolicy",
            "LogDeliveryWrites",
            "Condition",
            {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}},
        ),
    ),
    Defect("create-only", "ota", "no create-only Deny", without("BucketPolicy", "DenyOverwriting")),
    Defect(
        "create-only",
        "ota",
        "create-only for payloads alone",
        lambda template: [
            sid("BucketPolicy", "DenyOverwriting", "NotResource", None)(template),
            sid(
                "BucketPolicy",
                "DenyOverwriting",
                "Resource",
                {"Fn::Sub": "${Bucket.Arn}/*/payloads/*"},
            )(template),
        ],
    ),
    Defect(
        "create-only",
        "ota",
        "create-only without s3:ObjectCreationOperation: no uploads in parts",
        sid("BucketPolicy", "DenyOverwriting", "Condition", _DENIED_UNLESS_CREATED),
    ),
    Defect(
        "create-only",
        "ota",
        "all of metadata/ taken for pointers",
        sid(
            "BucketPolicy",
            "DenyOverwriting",
            "NotResource",
            [
                {"Fn::Sub": "${Bucket.Arn}/*/metadata/*"},
                {"Fn::Sub": "${Bucket.Arn}/*/version.json"},
            ],
        ),
    ),
    Defect(
        "create-only",
        "ota",
        "create-only, but not for administrators",
        sid("BucketPolicy", "DenyOverwriting", "Condition", _SPARING_ADMINISTRATORS),
    ),
    Defect(
        "create-only",
        "ota",
        "create-only for the release role alone",
        sid(
            "BucketPolicy",
            "DenyOverwriting",
            "Principal",
            {"AWS": "arn:aws:iam::111122223333:role/release"},
        ),
    ),
    Defect(
        "compare-and-swap",
        "ota",
        "pointers replaced blindly",
        without("BucketPolicy", "DenyBlindReplacing"),
    ),
    Defect(
        "compare-and-swap",
        "ota",
        "the first write of a pointer denied",
        sid(
            "BucketPolicy",
            "DenyBlindReplacing",
            "Condition",
            {"Null": {"s3:if-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}},
        ),
    ),
    Defect(
        "version-deletes",
        "ota",
        "versions can be deleted",
        without("BucketPolicy", "DenyDeletingVersions"),
    ),
    Defect(
        "version-deletes",
        "ota",
        "all roles excepted from the Deny",
        sid(
            "BucketPolicy",
            "DenyDeletingVersions",
            "Condition",
            {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}},
        ),
    ),
    Defect(
        "lock-out",
        "ota",
        "settings denied to everybody, CloudFormation too",
        sid("BucketPolicy", "DenyChangingSettings", "Condition", None),
    ),
)
