"""What a bucket holds: asked before anything may take it away."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from publisher.aws_errors import code_of, is_denied
from publisher.infra.explain import explain

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

_SHOWN = 5
_NONE = ("NoSuchBucket", "404")
_PAGE = 1000


def holdings(client: S3Client, bucket: str, warn: Callable[[str], None] = lambda says: None) -> str:
    """Return what a bucket holds, in words, such as "sensor/, lamp/"; "" if nothing.

    Old versions count too: a pointer, or a payload that was removed, may be wanted back. What a
    bucket of another account keeps to itself does not: the one that was meant is gone.

    Args:
        warn: is told that the bucket is not this account's.

    Raises:
        InfraError: the bucket cannot be looked into, so that nobody can tell.
    """
    try:
        return _held(client, bucket)
    except ClientError as error:
        if code_of(error) in _NONE or (is_denied(error) and _is_taken(client, bucket, warn)):
            return ""
        raise explain(error, f"bucket {bucket}") from error
    except BotoCoreError as error:
        raise explain(error, f"bucket {bucket}") from error


def _held(client: S3Client, bucket: str) -> str:
    listed = client.list_objects_v2(Bucket=bucket, Delimiter="/", MaxKeys=_SHOWN + 1)
    names = [item.get("Prefix", "") for item in listed.get("CommonPrefixes", ())]
    names += [item.get("Key", "") for item in listed.get("Contents", ())]
    if names:
        more = ["..."] if listed.get("IsTruncated") or len(names) > _SHOWN else []
        return ", ".join([*names[:_SHOWN], *more])
    versions = client.list_object_versions(Bucket=bucket, MaxKeys=1)
    is_old = bool(versions.get("Versions") or versions.get("DeleteMarkers"))
    return "versions of objects that were removed" if is_old else ""


def _is_taken(client: S3Client, bucket: str, warn: Callable[[str], None]) -> bool:
    taken = is_anothers(client, bucket)
    if taken:
        warn(f"bucket {bucket} is not this account's: it was deleted, and others have the name")
    return taken


def is_anothers(client: S3Client, bucket: str) -> bool:
    """Whether a bucket is none of the account's; False where that cannot be told.

    S3 denies alike to who lacks a permission and to who is of another account; the list of one's
    own buckets tells them apart (S3 API reference, ListBuckets).
    """
    pages = client.get_paginator("list_buckets")
    try:
        found = pages.paginate(Prefix=bucket, PaginationConfig={"PageSize": _PAGE})
        return all(one["Name"] != bucket for page in found for one in page["Buckets"])
    except (BotoCoreError, ClientError, KeyError):  # without a list it is no answer of S3
        return False
