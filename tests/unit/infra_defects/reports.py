"""Mistakes with access logs, and those that only a linter with AWS's schemas can find."""

from .edits import Defect, fields, put, sid

_ALWAYS = "DistributionConfig/DefaultCacheBehavior/"

LOGS = (
    Defect("log-fields", "logs", "a field that does not exist", fields("cs-uri-qeury")),
    Defect("log-fields", "logs", "no query string, so no reports", fields(without="cs-uri-query")),
    Defect("log-privacy", "logs", "clients' addresses logged", fields("c-ip")),
    Defect(
        "log-source",
        "logs",
        "connections logged, and no requests",
        put("Source", "LogType", "CONNECTION_LOGS"),
    ),
    Defect(
        "log-source",
        "logs",
        "another edge's log",
        put("Source", "ResourceArn", "arn:aws:cloudfront::111122223333:distribution/E2"),
    ),
    Defect(
        "log-path",
        "logs",
        "logs at the bucket's top, which an update moves",
        put("Destination", "DestinationResourceArn", {"Fn::GetAtt": ["LogBucket", "Arn"]}),
    ),
    Defect(
        "log-path",
        "logs",
        "folders with names that Glue does not read",
        put("Delivery", "S3SuffixPath", "{DistributionId}/{yyyy}/{MM}/{dd}/{HH}"),
    ),
    Defect(
        "log-path",
        "logs",
        "folders that do not say of which day they are",
        put("Delivery", "S3EnableHiveCompatiblePath", False),
    ),
    Defect("log-format", "logs", "another format", put("Destination", "OutputFormat", "w3c")),
    Defect(
        "log-format",
        "logs",
        "a format that does not exist",
        put("Destination", "OutputFormat", "parqet"),
    ),
    Defect(
        "log-order",
        "logs",
        "DependsOn missing: delivery before the bucket's policy",
        lambda template: [
            put("Delivery", "/DependsOn", None)(template),
            put("Destination", "/DependsOn", "Source")(template),
        ],
    ),
    Defect(
        "log-order",
        "logs",
        "the bucket's policy and the destination at the same time",
        put("Destination", "/DependsOn", "Source"),
    ),
    Defect(
        "log-order",
        "logs",
        "source and destination at the same time",
        put("Destination", "/DependsOn", "LogBucketPolicy"),
    ),
    Defect(
        "log-retention",
        "logs",
        "logs kept for ever",
        put("LogBucket", "LifecycleConfiguration/Rules/0/ExpirationInDays", None),
    ),
)

# What a linter with AWS's schemas is for.
SPELLING = (
    Defect(
        "",
        "ota",
        "a property that does not exist",
        put("Bucket", "VersionConfiguration", {"Status": "Enabled"}),
    ),
    Defect(
        "", "ota", "an undeclared parameter", put("Bucket", "BucketName", {"Ref": "BuckedName"})
    ),
    Defect(
        "",
        "ota",
        "an origin that does not exist",
        put("Distribution", _ALWAYS + "TargetOriginId", "buket"),
    ),
    Defect(
        "",
        "ci",
        "an action that does not exist",
        sid("ReleaseRole", "Read", "Action", "s3:ReadObject"),
    ),
    Defect("", "logs", "a type that does not exist", put("Source", "/Type", "AWS::Logs::Source")),
    Defect("", "logs", "a property left out", put("LogBucketPolicy", "PolicyDocument", None)),
    Defect(
        "",
        "logs",
        "a circle of references",
        put("LogBucket", "/DependsOn", "LogBucketPolicy"),
    ),
)
