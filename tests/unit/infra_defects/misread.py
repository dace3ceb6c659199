"""What reads as if it held: a key asked twice, a Sub forgotten, a variable, an action of no use."""

from .edits import Defect, Edit, parameter, sid

_DISTRIBUTION = "arn:aws:cloudfront::${AWS::AccountId}:distribution/${Distribution}"
_OWN = {"Fn::Sub": _DISTRIBUTION}
_OTHER = "arn:aws:cloudfront::111122223333:distribution/E1"
_SOURCE = "arn:aws:logs:us-east-1:${AWS::AccountId}:delivery-source:"
_ACL = {"s3:x-amz-acl": "bucket-owner-full-control"}
_PREFIX = {"s3:prefix": "${Product}/*"}
_GITHUB = "token.actions.githubusercontent.com"
_TWICE = {
    "Null": {"s3:If-None-Match": "false", "s3:if-none-match": "true"},
    "Bool": {"s3:ObjectCreationOperation": "true"},
}
_TWO_OPERATORS = {
    "Null": {"s3:if-none-match": "true"},
    "Bool": {"s3:ObjectCreationOperation": "true"},
    "bool": {"s3:objectcreationoperation": "false"},
}
_TWO_DEPLOYERS = {
    "ArnNotEquals": {
        "aws:PrincipalARN": "arn:aws:iam::111122223333:role/mallory",
        "aws:PrincipalArn": {"Ref": "DeployRoleArn"},
    }
}
_JOB = {
    f"{_GITHUB}:aud": "sts.amazonaws.com",
    f"{_GITHUB}:SUB": "repo:acme/x:environment:y",
    f"{_GITHUB}:sub": {"Ref": "ReleaseSubjects"},
}
_FILES = "arn:aws:s3:::${BucketName}/${Product}/payloads/"


def _condition(template: str, what: str, resource: str, name: str, value: object) -> Defect:
    return Defect("policy-form", template, what, sid(resource, name, "Condition", value))


def _sub(template: str, what: str, edit: Edit) -> Defect:
    return Defect("known-variables", template, what, edit)


def _deliveries(account: object, source: object) -> Edit:
    conditions = {
        "StringEquals": {**_ACL, "aws:SourceAccount": account},
        "ArnLike": {"aws:SourceArn": source},
    }
    return sid("LogBucketPolicy", "LogDeliveryWrites", "Condition", conditions)


def _all_but_two(resource: str, name: str) -> Edit:
    def edit(template: dict) -> None:
        sid(resource, name, "NotAction", ["s3:GetObject", "s3:PutObject"])(template)
        sid(resource, name, "Action", None)(template)

    return edit


def _distribution(*arns: object) -> dict:
    keys = ("aws:SourceArn", "AWS:SourceArn")
    return {"StringEquals": dict(zip(keys, arns, strict=True))}


_BUCKET, _RELEASE, _OVERWRITING = "BucketPolicy", "ReleaseRole", "DenyOverwriting"
TWICE = (
    _condition("ota", "create-only by a key in two spellings", _BUCKET, _OVERWRITING, _TWICE),
    _condition("ota", "create-only by an operator twice", _BUCKET, _OVERWRITING, _TWO_OPERATORS),
    _condition("ota", "two who deploy", _BUCKET, "DenyDeletingNames", _TWO_DEPLOYERS),
    _condition("ota", "an edge of two", _BUCKET, "EdgeReads", _distribution(_OTHER, _OWN)),
    _condition("ci", "release overwrites by a key twice", _RELEASE, _OVERWRITING, _TWICE),
    _condition("ci", "a job of two", _RELEASE, "GitHubReleases", {"StringEquals": _JOB}),
)

UNREPLACED = (
    _sub(
        "ota",
        "a distribution without Sub",
        sid(
            "BucketPolicy",
            "EdgeReads",
            "Condition",
            {"StringEquals": {"AWS:SourceArn": _DISTRIBUTION}},
        ),
    ),
    _sub(
        "logs", "sources of logs without Sub", _deliveries({"Ref": "AWS::AccountId"}, f"{_SOURCE}*")
    ),
    _sub(
        "logs",
        "an account without Sub",
        _deliveries("${AWS::AccountId}", {"Fn::Sub": f"{_SOURCE}*"}),
    ),
    *(
        _sub(
            "ci",
            f"a prefix without Sub: {role} lists nothing",
            sid(role, "List", "Condition", {"StringLikeIfExists": _PREFIX}),
        )
        for role in ("ReleaseRole", "RefreshRole", "GcRole")
    ),
    _sub(
        "ci",
        "a name of its own, which Sub does not replace again",
        sid(
            "GcRole",
            "RemoveAndPutBack",
            "Resource",
            {"Fn::Sub": [f"{_FILES}*${{end}}", {"end": "${dot}slc", "dot": "."}]},
        ),
    ),
    _sub(
        "logs",
        "a variable of IAM's, by Sub",
        _deliveries({"Ref": "AWS::AccountId"}, {"Fn::Sub": f"{_SOURCE}${{!aws:username}}"}),
    ),
    _sub(
        "logs",
        "a variable of IAM's, put together",
        _deliveries(
            {"Ref": "AWS::AccountId"},
            {"Fn::Join": ["", [{"Fn::Sub": f"{_SOURCE}$"}, "{aws:username}"]]},
        ),
    ),
    _sub(
        "ota",
        "an output without Sub",
        lambda template: template["Outputs"]["BucketName"].update(Value="${Bucket}"),
    ),
)

TLS = (
    *(
        Defect("policy-tls", "ota", what, sid("BucketPolicy", "DenyWithoutTls", "Action", action))
        for what, action in (
            ("TLS asked for actions with an a", ["s3:A*"]),
            ("TLS asked for an action of one letter", "s3:?"),
        )
    ),
    Defect(
        "policy-tls",
        "ota",
        "TLS not asked for objects",
        _all_but_two("BucketPolicy", "DenyWithoutTls"),
    ),
    Defect(
        "policy-tls",
        "ota",
        "TLS 1.1 allowed for objects",
        _all_but_two("BucketPolicy", "DenyOldTls"),
    ),
    Defect(
        "policy-tls",
        "logs",
        "TLS not asked for logs",
        _all_but_two("LogBucketPolicy", "DenyWithoutTls"),
    ),
)

_IAM = "arn:aws[a-z-]*:iam::[0-9]{12}:"
_JOBS = "(repo:[^*?,: ]+:(environment:[^*?,: ]+|ref:refs/(heads|tags)/[^*?,: ]+))?"

VARIABLES = tuple(
    Defect("parameter-patterns", template, what, parameter(name, "AllowedPattern", pattern))
    for template, what, name, pattern in (
        (
            "ota",
            "whoever deploys may be a variable",
            "DeployRoleArn",
            f"({_IAM}(role|user)/[^*? ]+)?",
        ),
        (
            "ci",
            "people may be a variable",
            "TrustedPrincipalArns",
            f"({_IAM}(role|user)/[^*?, ]+)?",
        ),
        ("ci", "who releases may be a variable", "ReleaseSubjects", _JOBS),
        ("ci", "who refreshes may be a variable", "RefreshSubjects", _JOBS),
    )
)

MISREAD = (*TWICE, *UNREPLACED, *TLS, *VARIABLES)
