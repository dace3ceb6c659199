"""Mistakes, and worse, with what parameters take: a pattern hardly wider than it was."""

from .edits import Defect, Edit, allowing, condition, declaring, parameter, put

_IAM = "arn:aws[a-z-]*:iam::[0-9]{12}:"
_JOB = "repo:[^*?,: ]+:(environment:[^*?,: ]+|ref:refs/(heads|tags)/[^*?,: ]+)"
_PULLS = "repo:[^*?,: ]+:(environment:[^*?,: ]+|ref:refs/(heads|tags|pull/[2-9])/[^*?,: ]+)"


def _pattern(template: str, what: str, name: str, pattern: str) -> Defect:
    edit = parameter(name, "AllowedPattern", pattern)
    return Defect("parameter-patterns", template, what, edit)


_BUCKET_OF_ANOTHER = {"Fn::Sub": "arn:aws:s3:::${BucketName}/${Product}/${Folder}/*"}


def _without_assertion(rule: str, number: int) -> Edit:
    def edit(template: dict) -> None:
        del template["Rules"][rule]["Assertions"][number]

    return edit


PATTERNS = (
    _pattern("ci", "a product with a ? in its name", "Product", "[a-z0-9][a-z0-9._?-]{0,31}"),
    _pattern(
        "ci", "a product with a * in its name", "Product", "[a-z0-9][a-z0-9._*-]{0,30}[a-z0-9]"
    ),
    _pattern(
        "ci", "a bucket with a ? in its name", "BucketName", "[a-z0-9][a-z0-9?-]{1,61}[a-z0-9]"
    ),
    _pattern(
        "ota", "a bucket with a * in its name", "BucketName", "[a-z0-9*][a-z0-9*-]{1,61}[a-z0-9*]"
    ),
    _pattern(
        "ota",
        "whoever deploys may be a session, or all of an account",
        "DeployRoleArn",
        "(arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:(root|(role|assumed-role)/[^*? ]+))?",
    ),
    _pattern(
        "ci",
        "pull requests release, where the subject has numbers",
        "ReleaseSubjects",
        f"(repo:[^*?,: ]+@[0-9]+:pull_request|{_JOB})?",
    ),
    _pattern("ci", "pull requests from the second on refresh", "RefreshSubjects", f"({_PULLS})?"),
    _pattern(
        "ci",
        "tokens of a company's own issuer",
        "OidcProviderArn",
        f"({_IAM}oidc-provider/token\\.actions\\.githubusercontent\\.com(/[a-z-]+)?)?",
    ),
    _pattern(
        "ci",
        "people may be all of an account",
        "TrustedPrincipalArns",
        f"({_IAM}((role|user)/[^*?, ]+|root))?",
    ),
    _pattern(
        "ci",
        "a key whose id ends as one likes",
        "SnapshotKey",
        "(Create|arn:aws:kms:us-east-1:[0-9]{12}:key/1234abcd-[*])",
    ),
    *(
        Defect(
            "parameter-patterns",
            template,
            "a third value, by which no write is conditional",
            parameter("ConditionalWrites", "AllowedValues", ["Enforced", "NotEnforced", "Relaxed"]),
        )
        for template in ("ota", "ci")
    ),
    Defect(
        "parameter-patterns",
        "ci",
        "a folder that a parameter of no pattern names",
        declaring("Folder", allowing("ReleaseRole", "s3:GetObject", _BUCKET_OF_ANOTHER)),
    ),
    Defect(
        "parameter-conditions",
        "ci",
        "a snapshot key made where a targets key is",
        condition("MakesSnapshotKey", {"Fn::Equals": [{"Ref": "TargetsKey"}, "Create"]}),
    ),
    Defect(
        "parameter-conditions",
        "ota",
        "who deploys never heard of",
        condition("HasDeployRole", {"Fn::Equals": [{"Ref": "DeployRoleArn"}, "nobody"]}),
    ),
    Defect(
        "keys-apart",
        "ci",
        "the key of targets may be given for snapshot too",
        _without_assertion("TargetsKeyIsItsOwn", 0),
    ),
    Defect(
        "known-functions",
        "ota",
        "a default that Systems Manager has",
        parameter("PriceClass", "Default", "{{resolve:ssm:class}}"),
    ),
    Defect(
        "log-retention",
        "logs",
        "only logs with a tag expire",
        put("LogBucket", "LifecycleConfiguration/Rules/0/TagFilters", [{"Key": "a", "Value": "b"}]),
    ),
    Defect(
        "log-retention",
        "logs",
        "only large logs expire",
        put("LogBucket", "LifecycleConfiguration/Rules/0/ObjectSizeGreaterThan", "1000000000"),
    ),
    Defect(
        "log-retention",
        "logs",
        "past versions of logs stay",
        put("LogBucket", "VersioningConfiguration", {"Status": "Enabled"}),
    ),
    Defect(
        "log-retention",
        "logs",
        "logs that nobody can delete",
        put("LogBucket", "ObjectLockEnabled", True),
    ),
)
