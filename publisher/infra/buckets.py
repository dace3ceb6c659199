"""What a bucket holds: asked before anything may take it away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from publisher.aws_errors import code_of
from publisher.infra.explain import explain

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

_SHOWN = 5
_NONE = ("NoSuchBucket", "404")


def holdings(client: S3Client, bucket: str) -> str:
    """Return what a bucket holds, in words, such as "sensor/, lamp/"; "" if nothing.

    Old versions count too: a pointer, or a payload that was removed, may be wanted back.

    Raises:
        InfraError: the bucket cannot be looked into, so that nobody can tell.
    """
    try:
        listed = client.list_objects_v2(Bucket=bucket, Delimiter="/", MaxKeys=_SHOWN + 1)
        names = [item.get("Prefix", "") for item in listed.get("CommonPrefixes", ())]
        names += [item.get("Key", "") for item in listed.get("Contents", ())]
        if names:
            more = ["..."] if listed.get("IsTruncated") or len(names) > _SHOWN else []
            return ", ".join([*names[:_SHOWN], *more])
        versions = client.list_object_versions(Bucket=bucket, MaxKeys=1)
    except ClientError as error:
        if code_of(error) in _NONE:
            return ""
        raise explain(error, f"bucket {bucket}") from error
    except BotoCoreError as error:
        raise explain(error, f"bucket {bucket}") from error
    is_old = bool(versions.get("Versions") or versions.get("DeleteMarkers"))
    return "versions of objects that were removed" if is_old else ""
