"""Mistakes with roles, with who may take them, and with keys."""

from .edits import Defect, Edit, allowing, parameter, put, sid, without

_ALL_OF_PRODUCT = {"Fn::Sub": "arn:aws:s3:::${BucketName}/${Product}/*"}
_ALL_OF_BUCKET = {"Fn::Sub": "arn:aws:s3:::${BucketName}/*"}
_SUB = "token.actions.githubusercontent.com:sub"
_AUD = "token.actions.githubusercontent.com:aud"


def _trusting(conditions: dict) -> Edit:
    """Let the tokens of jobs that refresh be looked at in another way."""
    return sid("RefreshRole", "GitHubRefreshes", "Condition", conditions)


ROLES = (
    Defect(
        "role-wildcards",
        "ci",
        "s3:* for the release role",
        sid("ReleaseRole", "Create", "Action", "s3:*"),
    ),
    Defect(
        "role-wildcards",
        "ci",
        "kms:Sign with every key",
        sid("ReleaseRole", "Sign", "Resource", "*"),
    ),
    Defect(
        "role-wildcards",
        "ci",
        "all but one action allowed, by NotAction",
        sid("GcRole", "Read", "NotAction", "s3:DeleteBucket"),
    ),
    Defect(
        "role-wildcards",
        "ci",
        "AdministratorAccess for the gc role",
        put("GcRole", "ManagedPolicyArns", ["arn:aws:iam::aws:policy/AdministratorAccess"]),
    ),
    Defect(
        "role-prefix",
        "ci",
        "release reads all products",
        sid("ReleaseRole", "Read", "Resource", _ALL_OF_BUCKET),
    ),
    Defect(
        "role-prefix",
        "ci",
        "gc deletes in all products",
        sid(
            "GcRole",
            "RemoveAndPutBack",
            "Resource",
            {"Fn::Sub": "arn:aws:s3:::${BucketName}/*/payloads/*"},
        ),
    ),
    Defect(
        "role-writes",
        "ci",
        "refresh may write all of metadata/",
        sid(
            "RefreshRole",
            "CreateSnapshot",
            "Resource",
            {"Fn::Sub": "arn:aws:s3:::${BucketName}/${Product}/metadata/*"},
        ),
    ),
    Defect(
        "role-writes",
        "ci",
        "refresh may write version.json",
        allowing(
            "RefreshRole",
            "s3:PutObject",
            {"Fn::Sub": "arn:aws:s3:::${BucketName}/${Product}/*/version.json"},
        ),
    ),
    Defect(
        "role-writes",
        "ci",
        "release may write root",
        sid("ReleaseRole", "Create", "Resource", _ALL_OF_PRODUCT),
    ),
    Defect(
        "role-writes",
        "ci",
        "release may not write payloads",
        sid(
            "ReleaseRole",
            "Create",
            "Action",
            ["s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
        ),
    ),
    Defect(
        "role-conditions", "ci", "release overwrites", without("ReleaseRole", "DenyOverwriting")
    ),
    Defect(
        "role-conditions",
        "ci",
        "refresh replaces blindly",
        without("RefreshRole", "DenyBlindReplacing"),
    ),
    Defect(
        "role-deletes",
        "ci",
        "release deletes",
        allowing("ReleaseRole", "s3:DeleteObject", _ALL_OF_PRODUCT),
    ),
    Defect(
        "role-deletes",
        "ci",
        "gc deletes versions",
        allowing("GcRole", "s3:DeleteObjectVersion", _ALL_OF_PRODUCT),
    ),
    Defect(
        "role-signs",
        "ci",
        "refresh signs targets",
        sid(
            "RefreshRole",
            "Sign",
            "Resource",
            [
                {"Fn::GetAtt": [f"{name}SigningKey", "Arn"]}
                for name in ("Targets", "Snapshot", "Timestamp")
            ],
        ),
    ),
    Defect(
        "role-signs",
        "ci",
        "gc signs",
        allowing("GcRole", "kms:Sign", {"Fn::GetAtt": ["TimestampSigningKey", "Arn"]}),
    ),
    Defect(
        "role-signs",
        "ci",
        "release deletes a key",
        sid("ReleaseRole", "Sign", "Action", ["kms:Sign", "kms:ScheduleKeyDeletion"]),
    ),
    Defect(
        "role-session",
        "ci",
        "credentials for half a day",
        put("ReleaseRole", "MaxSessionDuration", 43200),
    ),
)

TRUST = (
    Defect(
        "trust-subjects",
        "ci",
        "every branch of a repository, by StringLike",
        _trusting(
            {
                "StringLike": {_SUB: "repo:acme/sensor:*"},
                "StringEquals": {_AUD: "sts.amazonaws.com"},
            }
        ),
    ),
    Defect(
        "trust-subjects",
        "ci",
        "wildcard in StringEquals, which matches nothing",
        _trusting({"StringEquals": {_SUB: "repo:acme/*", _AUD: "sts.amazonaws.com"}}),
    ),
    Defect(
        "trust-subjects",
        "ci",
        "no sub: any repository of GitHub",
        _trusting({"StringEquals": {_AUD: "sts.amazonaws.com"}}),
    ),
    Defect(
        "trust-subjects",
        "ci",
        "no aud",
        _trusting({"StringEquals": {_SUB: {"Ref": "RefreshSubjects"}}}),
    ),
    Defect(
        "trust-subjects",
        "ci",
        "a parameter that takes wildcards",
        parameter("ReleaseSubjects", "AllowedPattern", ".*"),
    ),
    Defect(
        "trust-principals",
        "ci",
        "everybody may take the release role",
        sid("ReleaseRole", "People", "Principal", {"AWS": "*"}),
    ),
    Defect(
        "trust-principals",
        "ci",
        "whoever is in the account may clean up",
        sid(
            "GcRole",
            "People",
            "Principal",
            {"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}},
        ),
    ),
    Defect(
        "trust-principals",
        "ci",
        "a parameter that takes everybody",
        parameter("TrustedPrincipalArns", "AllowedPattern", None),
    ),
)

KEYS = (
    Defect("key-spec", "ci", "an RSA key", put("TimestampSigningKey", "KeySpec", "RSA_2048")),
    Defect(
        "key-spec",
        "ci",
        "a choice of specs that TUF here does not have",
        parameter("KeySpec", "AllowedValues", ["ECC_NIST_EDWARDS25519", "ECC_SECG_P256K1"]),
    ),
    Defect(
        "key-spec",
        "ci",
        "a key for encryption",
        put("SnapshotSigningKey", "KeyUsage", "ENCRYPT_DECRYPT"),
    ),
    Defect(
        "key-retained",
        "ci",
        "a key deleted with its stack",
        put("TargetsSigningKey", "/DeletionPolicy", None),
    ),
    Defect(
        "key-retained",
        "ci",
        "a key gone after a week",
        put("TimestampSigningKey", "PendingWindowInDays", 7),
    ),
    Defect(
        "key-policy",
        "ci",
        "everybody may sign",
        allowing("TargetsSigningKey", "kms:Sign", "*", Principal={"AWS": "*"}),
    ),
    Defect(
        "key-policy",
        "ci",
        "nobody can manage the key any more",
        sid("SnapshotSigningKey", "AccountDecides", "Action", ["kms:Sign", "kms:GetPublicKey"]),
    ),
)
