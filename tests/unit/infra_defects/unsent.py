"""Mistakes, and worse, with what nobody sends and hardly anybody reads: Defaults, and Outputs."""

from .edits import Defect, output, parameter, put

_OTHERS = "arn:aws:{}:us-east-1:666666666666:{}"
_MALLORY = "arn:aws:iam::666666666666:role/mallory"
_KEY = _OTHERS.format("kms", "key/1234abcd-12ab-34cd-56ef-1234567890ab")
_ISSUER = "token.actions.githubusercontent.com"


def _default(template: str, what: str, name: str, value: str) -> Defect:
    return Defect("defaults", template, what, parameter(name, "Default", value))


def _told(template: str, what: str, name: str, value: object) -> Defect:
    return Defect("outputs", template, what, output(name, value))


def _arn(resource: str) -> dict:
    return {"Fn::GetAtt": [resource, "Arn"]}


DEFAULTS = (
    _default("ci", "somebody trusted unless others are", "TrustedPrincipalArns", _MALLORY),
    _default(
        "ci",
        "a job that releases unless others do",
        "ReleaseSubjects",
        "repo:mallory/x:environment:y",
    ),
    _default(
        "ci",
        "a job that refreshes unless others do",
        "RefreshSubjects",
        "repo:mallory/x:ref:refs/heads/main",
    ),
    _default(
        "ci",
        "another account's provider by default",
        "OidcProviderArn",
        f"arn:aws:iam::666666666666:oidc-provider/{_ISSUER}",
    ),
    _default("ci", "a boundary by default", "PermissionsBoundaryArn", "arn:aws:iam::aws:policy/x"),
    _default("ci", "another account's key of targets by default", "TargetsKey", _KEY),
    _default("ci", "no key of targets by default", "TargetsKey", "None"),
    _default("ci", "another account's key of snapshot by default", "SnapshotKey", _KEY),
    _default("ci", "another account's key of timestamp by default", "TimestampKey", _KEY),
    _default("ci", "a product by default", "Product", "other"),
    _default("ci", "another bucket by default", "BucketName", "mallorys-bucket"),
    _default("ota", "a bucket by default", "BucketName", "mallorys-bucket"),
    _default("ota", "somebody deploys by default", "DeployRoleArn", _MALLORY),
    _default(
        "ota",
        "another firewall by default",
        "WebAclArn",
        _OTHERS.format("wafv2", "global/webacl/x/1"),
    ),
    _default(
        "ota",
        "another certificate by default",
        "CertificateArn",
        _OTHERS.format("acm", "certificate/1"),
    ),
    _default("ota", "another domain by default", "DomainName", "updates.mallory.example"),
    _default("ota", "another zone by default", "HostedZoneId", "ZMALLORY"),
    _default("logs", "a bucket for logs by default", "LogBucketName", "mallorys-bucket"),
    _default(
        "logs",
        "another distribution by default",
        "DistributionArn",
        "arn:aws:cloudfront::666666666666:distribution/E1",
    ),
)

OUTPUTS = (
    _told("ota", "releases told to go into another bucket", "BucketName", "mallorys-bucket"),
    _told("ota", "another bucket's ARN told", "BucketArn", "arn:aws:s3:::mallorys-bucket"),
    _told("ota", "boards told to ask elsewhere", "BaseUrl", "https://mallory.example/"),
    _told(
        "ota",
        "boards told CloudFront's name, where there is a domain",
        "BaseUrl",
        {"Fn::Sub": "https://${Distribution.DomainName}/"},
    ),
    _told("ota", "another distribution told", "DistributionId", "E1MALLORY"),
    _told(
        "ota",
        "another distribution's logs told",
        "DistributionArn",
        "arn:aws:cloudfront::666666666666:distribution/E1",
    ),
    _told("ota", "a record told that leads elsewhere", "DistributionDomainName", "mallory.example"),
    _told("ci", "who refreshes told the role that releases", "RefreshRoleArn", _arn("ReleaseRole")),
    _told("ci", "who releases told the role that deletes", "ReleaseRoleArn", _arn("GcRole")),
    _told("ci", "a role of another account told", "GcRoleArn", _MALLORY),
    _told("logs", "reports told to read another bucket", "LogBucketName", "mallorys-bucket"),
    _told("logs", "another bucket of logs told", "LogBucketArn", "arn:aws:s3:::mallorys-bucket"),
)

CERTIFICATE = tuple(
    Defect("edge-certificate", "ota", what, put("Certificate", "KeyAlgorithm", key))
    for what, key in (
        ("a certificate on a curve that boards lack", "EC_secp521r1"),
        ("a certificate with a short key", "RSA_1024"),
        ("a certificate with a key that a parameter names", {"Ref": "PriceClass"}),
    )
)

UNSENT = (*DEFAULTS, *OUTPUTS, *CERTIFICATE)
