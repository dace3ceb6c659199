"""What must hold of access logs: readable for reports, without addresses, gone in time."""

from __future__ import annotations

from collections.abc import Iterator

from publisher.infra.node import at, is_true, items, may_be_true, text
from publisher.infra.requirements import PERSONAL_LOG_FIELDS, REPORT_LOG_FIELDS
from publisher.infra.rules.model import Fault, Rule
from publisher.infra.rules.paths import LOG_FOLDER
from publisher.infra.rules.view import Resource, View

# CloudFront Developer Guide, "Standard logging reference", and the fields of real-time logs that
# "Configure standard logging (v2)" allows.
_STANDARD = frozenset(
    ("date", "time", "x-edge-location", "sc-bytes", "c-ip", "cs-method", "cs(Host)", "cs-uri-stem")
    + ("sc-status", "cs(Referer)", "cs(User-Agent)", "cs-uri-query", "cs(Cookie)")
    + ("x-edge-result-type", "x-edge-request-id", "x-host-header", "cs-protocol", "cs-bytes")
    + ("time-taken", "x-forwarded-for", "ssl-protocol", "ssl-cipher")
    + ("x-edge-response-result-type", "cs-protocol-version", "fle-status")
    + ("fle-encrypted-fields", "c-port", "time-to-first-byte", "x-edge-detailed-result-type")
    + ("sc-content-type", "sc-content-len", "sc-range-start", "sc-range-end")
)
_FURTHER = frozenset(
    ("timestamp", "timestamp(ms)", "DistributionId", "distributionid", "origin-fbl", "origin-lbl")
    + ("asn", "c-country", "cache-behavior-path-pattern", "distribution-tenant-id")
)
_MAX_RETENTION_DAYS = 400
_DISTRIBUTION = {"Ref": "DistributionArn"}
# With names in lower case, as AWS Glue expects them ("Configure standard logging (v2)").
_SUFFIX = "{distributionid}/{yyyy}/{MM}/{dd}/{HH}"
_FILTERS = {"Prefix", "TagFilters", "ObjectSizeGreaterThan", "ObjectSizeLessThan"}


def _source(view: View) -> Iterator[Fault]:
    for source in view.of("Logs::DeliverySource"):
        if (found := source.get("LogType")) != "ACCESS_LOGS":
            yield source.name, f"LogType is {found}"
        if "DistributionArn" in view.parameters and source.get("ResourceArn") != _DISTRIBUTION:
            yield source.name, f"it is of {text(source.get('ResourceArn'))}"


def _fields(view: View) -> Iterator[Fault]:
    for delivery in view.of("Logs::Delivery"):
        found = [text(one) for one in items(delivery.get("RecordFields"))]
        if not found:
            yield delivery.name, "without RecordFields it delivers what CloudFront chooses"
            continue
        for name in found:
            if name not in _STANDARD | _FURTHER:
                yield delivery.name, f"CloudFront has no log field {name}"
        if missing := [name for name in REPORT_LOG_FIELDS if name not in found]:
            yield delivery.name, f"reports need {', '.join(missing)}"


def _personal(view: View) -> Iterator[Fault]:
    for delivery in view.of("Logs::Delivery"):
        for name in map(text, items(delivery.get("RecordFields"))):
            if name in PERSONAL_LOG_FIELDS:
                yield delivery.name, f"{name} tells who a board's owner is"


def _format(view: View) -> Iterator[Fault]:
    for destination in view.of("Logs::DeliveryDestination"):
        if (found := destination.get("OutputFormat")) != "parquet":
            yield destination.name, f"OutputFormat is {found}"


def _path(view: View) -> Iterator[Fault]:
    for destination in view.of("Logs::DeliveryDestination"):
        if not (arn := text(destination.get("DestinationResourceArn"))).endswith(f"/{LOG_FOLDER}"):
            yield destination.name, f"logs are delivered to {arn}, and not to {LOG_FOLDER}/ in it"
    for delivery in view.of("Logs::Delivery"):
        if (found := text(delivery.get("S3SuffixPath"))) != _SUFFIX:
            yield delivery.name, f"S3SuffixPath is {found}"
        if not is_true(delivery.get("S3EnableHiveCompatiblePath")):
            yield delivery.name, "its folders do not name what they are of"


def _order(view: View) -> Iterator[Fault]:
    for delivery in view.of("Logs::Delivery"):
        before = view.before(delivery.name)
        for kind in ("S3::BucketPolicy", "Logs::DeliverySource", "Logs::DeliveryDestination"):
            for other in view.of(kind):
                if other.name not in before:
                    yield delivery.name, f"it may be made before {other.name}"
    for destination in view.of("Logs::DeliveryDestination"):
        before = view.before(destination.name)
        for kind in ("S3::BucketPolicy", "Logs::DeliverySource"):
            for other in view.of(kind):
                if other.name not in before:
                    yield destination.name, f"it may be made at the same time as {other.name}"


def _retention(view: View) -> Iterator[Fault]:
    for destination in view.of("Logs::DeliveryDestination"):
        bucket = view.log_bucket(destination)
        if bucket is None or bucket.kind != "AWS::S3::Bucket":
            yield destination.name, "logs are delivered to a bucket that is not in the template"
        else:
            yield from ((bucket.name, says) for says in _keeps(view, bucket))


def _keeps(view: View, bucket: Resource) -> Iterator[str]:
    if not any(_expires(view, one) for one in _rules(bucket)):
        yield "logs are kept for ever, or for more than 400 days"
    for name in ("VersioningConfiguration", "ObjectLockEnabled", "ObjectLockConfiguration"):
        if may_be_true(bucket.get(name)):
            yield f"{name}: what expires stays as a past version, or is locked"


def _rules(bucket: Resource) -> Iterator[object]:
    """Yield the lifecycle rules that are in force for all objects."""
    for rule in items(bucket.get("LifecycleConfiguration", "Rules")):
        filters = {name for name in rule if at(rule, name)} & _FILTERS
        if at(rule, "Status") == "Enabled" and not filters:
            yield rule


def _expires(view: View, rule: object) -> bool:
    days = at(rule, "ExpirationInDays")
    if isinstance(days, dict):
        days = at(view.parameters.get(str(days.get("Ref"))), "MaxValue")
    return days is not None and float(days) <= _MAX_RETENTION_DAYS


RULES = (
    Rule(
        "log-source",
        "what is logged are requests, those to the distribution that DistributionArn names",
        "set LogType to ACCESS_LOGS, and ResourceArn to !Ref DistributionArn",
        _source,
    ),
    Rule(
        "log-fields",
        "the log has known fields, those of reports among them",
        "correct RecordFields (CloudFront Developer Guide, Standard logging reference)",
        _fields,
    ),
    Rule(
        "log-privacy",
        "the log has no addresses and no cookies",
        "remove the field, unless you may keep it",
        _personal,
    ),
    Rule(
        "log-format",
        "logs are Parquet",
        "set OutputFormat to parquet",
        _format,
    ),
    Rule(
        "log-path",
        f"logs lie in {LOG_FOLDER}/, by distribution and hour: an update of the delivery does not "
        "move them, and Athena finds a day",
        f'set DestinationResourceArn to !Sub "${{LogBucket.Arn}}/{LOG_FOLDER}", S3SuffixPath to '
        f"{_SUFFIX}, and S3EnableHiveCompatiblePath",
        _path,
    ),
    Rule(
        "log-order",
        "the destination of logs is made after the bucket's policy and after the source, and the "
        "delivery after all three",
        "add DependsOn",
        _order,
    ),
    Rule(
        "log-retention",
        "logs are deleted after some time, all of them, with nothing left behind",
        "add a lifecycle rule with ExpirationInDays, of 30 days say, without a filter; keep no "
        "versions and no locks",
        _retention,
    ),
)
