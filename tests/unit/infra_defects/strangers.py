"""Mistakes, and worse, with who may take a role or use a key; and with the edge's origins."""

from .edits import (
    Defect,
    Edit,
    adding,
    allowing,
    declaring,
    first_behaviour,
    parameter,
    path,
    put,
    sid,
)

_FULL = "repo:[^*?,: ]+:[^*?, ]+"
_SUB = "token.actions.githubusercontent.com:sub"
_AUD = "token.actions.githubusercontent.com:aud"


def _job(subject: str) -> dict:
    return {"StringEquals": {_SUB: subject, _AUD: "sts.amazonaws.com"}}


def _signing(principal: object) -> Edit:
    return allowing("TargetsSigningKey", "kms:Sign", "*", Principal={"AWS": principal})


STRANGERS = (
    Defect(
        "trust-subjects",
        "ci",
        "pull requests refresh",
        sid("RefreshRole", "GitHubRefreshes", "Condition", _job("repo:acme/sensor:pull_request")),
    ),
    Defect(
        "trust-subjects",
        "ci",
        "the merge of a pull request refreshes",
        sid(
            "RefreshRole",
            "GitHubRefreshes",
            "Condition",
            _job("repo:acme/sensor:ref:refs/pull/1/merge"),
        ),
    ),
    Defect(
        "trust-subjects",
        "ci",
        "a parameter that takes pull requests",
        parameter("RefreshSubjects", "AllowedPattern", f"({_FULL})?"),
    ),
    Defect(
        "trust-provider",
        "ci",
        "tokens of another issuer",
        sid(
            "ReleaseRole",
            "GitHubReleases",
            "Principal",
            {"Federated": "arn:aws:iam::111122223333:oidc-provider/issuer.example"},
        ),
    ),
    Defect(
        "trust-provider",
        "ci",
        "a parameter that takes other issuers",
        parameter("OidcProviderArn", "AllowedPattern", "(arn:aws:iam::[0-9]{12}:.+)?"),
    ),
    Defect(
        "trust-principals",
        "ci",
        "a role of another account releases",
        sid("ReleaseRole", "People", "Principal", {"AWS": "arn:aws:iam::111122223333:role/x"}),
    ),
    Defect(
        "trust-principals",
        "ci",
        "whatever runs in EC2 releases",
        sid("ReleaseRole", "People", "Principal", {"Service": "ec2.amazonaws.com"}),
    ),
    Defect(
        "trust-actions",
        "ci",
        "a role taken in any way",
        sid("ReleaseRole", "People", "Action", "sts:*"),
    ),
    Defect(
        "key-policy",
        "ci",
        "another account signs",
        _signing("arn:aws:iam::111122223333:root"),
    ),
    Defect(
        "key-policy",
        "ci",
        "refresh signs targets, by the key's policy",
        _signing({"Fn::GetAtt": ["RefreshRole", "Arn"]}),
    ),
    Defect("key-policy", "ci", "everybody signs, by Sub", _signing({"Fn::Sub": "*"})),
    Defect("key-spec", "ci", "a key that is disabled", put("SnapshotSigningKey", "Enabled", False)),
    Defect(
        "key-retained",
        "ci",
        "a key gone after what a parameter says",
        declaring("Days", put("TimestampSigningKey", "PendingWindowInDays", {"Ref": "Days"})),
    ),
    Defect(
        "role-signs",
        "ci",
        "refresh signs with a key that has a second name",
        adding(
            "AWS::KMS::Alias",
            AliasName="alias/of-targets",
            TargetKeyId={"Ref": "SnapshotSigningKey"},
        ),
    ),
    Defect(
        "origin-bucket",
        "ota",
        "payloads from another server, without TLS",
        put(
            "Distribution",
            "DistributionConfig/Origins/0/DomainName",
            "payloads.example.com",
        ),
    ),
    Defect(
        "edge-records",
        "ota",
        "a record that leads elsewhere",
        put("Address", "AliasTarget/DNSName", "d111.cloudfront.net"),
    ),
    Defect(
        "edge-records",
        "ota",
        "a record of another name",
        put("Address", "Name", "www.example.com"),
    ),
    Defect(
        "pointers-first",
        "ota",
        "a channel's pointers kept for a year",
        first_behaviour("sensor/beta/*", {"Ref": "ImmutableCaching"}),
    ),
    Defect(
        "edge-parts",
        "ota",
        "a path that a parameter names",
        path("*/images/*.bin", "PathPattern", {"Ref": "BucketName"}),
    ),
    Defect(
        "log-retention",
        "logs",
        "logs delivered to another account",
        put("Destination", "DestinationResourceArn", "arn:aws:s3:::others"),
    ),
    Defect(
        "edge-parts",
        "ota",
        "a second way to an origin, over http",
        put(
            "Distribution",
            "DistributionConfig/Origins/0/CustomOriginConfig",
            {"OriginProtocolPolicy": "http-only"},
        ),
    ),
    Defect(
        "edge-parts",
        "ota",
        "a function that answers boards",
        put(
            "Distribution",
            "DistributionConfig/DefaultCacheBehavior/FunctionAssociations",
            [{"EventType": "viewer-request", "FunctionARN": "arn:aws:cloudfront::1:function/x"}],
        ),
    ),
    Defect(
        "edge-parts",
        "ota",
        "a distribution that is switched off",
        put("Distribution", "DistributionConfig/Enabled", False),
    ),
    Defect(
        "immutable-caching",
        "ota",
        "payloads kept for as long as a parameter says",
        declaring("Age", put("ImmutableCaching", "CachePolicyConfig/MaxTTL", {"Ref": "Age"})),
    ),
    Defect(
        "compression",
        "ota",
        "compressed if a parameter says so",
        declaring(
            "Squeeze",
            put(
                "Distribution",
                "DistributionConfig/DefaultCacheBehavior/Compress",
                {"Ref": "Squeeze"},
            ),
        ),
    ),
    Defect(
        "log-fields",
        "logs",
        "the fields that a parameter names",
        declaring("Fields", put("Delivery", "RecordFields", {"Ref": "Fields"})),
    ),
)
