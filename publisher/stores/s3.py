"""A store in an S3 bucket, through conditional writes (If-None-Match, If-Match).

Needs `s3:PutObject`, `s3:GetObject` and `s3:ListBucket`: without the last, S3 answers "access
denied" for a key that is not there, and nobody can tell an empty bucket from a closed one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING

from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from publisher.errors import ConflictError
from publisher.stores.base import Object, Store, Stored
from publisher.stores.s3_errors import explain, status_of

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client
    from types_boto3_s3.type_defs import GetObjectOutputTypeDef, PutObjectOutputTypeDef

    from publisher.settings import StoreSettings

# Waits before each attempt. 409 ConditionalRequestConflict says that another conditional write of
# the same key is under way, and that the request is to be sent again.
_BACKOFF_S = (0.0, 0.1, 0.2, 0.4, 0.8, 1.6)


def connect(settings: StoreSettings) -> S3Client:
    """Make an S3 client; credentials come from where boto3 looks (environment, profile, role).

    Raises:
        StoreError: the settings, or the environment's, do not make a client.
    """
    config = Config(
        retries={"mode": "standard", "total_max_attempts": 5},
        connect_timeout=10,
        read_timeout=60,
        request_checksum_calculation="when_required",  # SHA-256 is asked for on each write
    )
    try:
        return Session().client(
            "s3",
            endpoint_url=settings.endpoint_url or None,
            region_name=settings.region or None,
            config=config,
        )
    except (BotoCoreError, ValueError) as error:
        raise explain(error, settings.bucket) from error


class S3Store(Store):
    """Keys are the bucket's keys; a tag is the ETag that S3 gives.

    Args:
        client: a boto3 S3 client.
        bucket: the bucket's name.
        sleep: waits the given seconds; replaced in tests.
    """

    def __init__(
        self, client: S3Client, bucket: str, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._sleep = sleep
        self._time: datetime | None = None

    @property
    def location(self) -> str:
        """The bucket as a URL."""
        return f"s3://{self._bucket}"

    @property
    def time(self) -> datetime | None:
        """The Date of the last object that was read."""
        return self._time

    def read(self, key: str) -> Stored | None:
        """See Store."""
        return self._get(partial(self._client.get_object, Bucket=self._bucket, Key=key))

    def read_range(self, key: str, start: int, stop: int) -> bytes | None:
        """See Store."""
        span = f"bytes={start}-{max(start, stop - 1)}"
        stored = self._get(
            partial(self._client.get_object, Bucket=self._bucket, Key=key, Range=span)
        )
        return None if stored is None else stored.data[: max(0, stop - start)]

    def create(self, item: Object) -> bool:
        """See Store."""
        if self._put(partial(self._writing(item), IfNoneMatch="*")):
            return True
        there = self.read(item.key)
        if there is None or there.data != item.data:
            raise ConflictError(f"{item.key} already exists with other content")
        return False

    def replace(self, item: Object, etag: str | None) -> None:
        """See Store."""
        put = self._writing(item)
        put = partial(put, IfNoneMatch="*") if etag is None else partial(put, IfMatch=etag)
        if not self._put(put):
            raise ConflictError(f"{item.key} has changed since it was read")

    def delete(self, key: str) -> None:
        """See Store; needs `s3:DeleteObject`."""
        with self._explained():
            self._client.delete_object(Bucket=self._bucket, Key=key)

    def list(self, prefix: str = "") -> Iterator[str]:
        """See Store."""
        pages = self._client.get_paginator("list_objects_v2")
        with self._explained():
            for page in pages.paginate(Bucket=self._bucket, Prefix=prefix):
                yield from (item["Key"] for item in page.get("Contents", []))

    def _get(self, get: Callable[[], GetObjectOutputTypeDef]) -> Stored | None:
        try:
            with self._explained(passing=(404, 416)):
                answer = get()
                self._time = _date(answer)
                return Stored(answer["Body"].read(), answer["ETag"])
        except ClientError as error:
            return None if status_of(error) == 404 else Stored(b"", "")

    def _writing(self, item: Object) -> partial[PutObjectOutputTypeDef]:
        return partial(
            self._client.put_object,
            Bucket=self._bucket,
            Key=item.key,
            Body=item.data,
            ContentType=item.content_type,
            CacheControl=item.cache_control,
            ChecksumAlgorithm="SHA256",
        )

    def _put(self, put: Callable[[], object]) -> bool:
        """Send one conditional write; False when its condition did not hold."""
        for wait_s in _BACKOFF_S:
            self._sleep(wait_s)
            try:
                with self._explained(passing=(404, 409, 412)):
                    put()
                    return True
            except ClientError as error:
                if status_of(error) != 409:
                    return False
        raise ConflictError("the bucket is busy with another write of the same key")

    @contextmanager
    def _explained(self, passing: tuple[int, ...] = ()) -> Iterator[None]:
        """Put errors in words; one whose HTTP status is in `passing` goes through as it is."""
        try:
            yield
        except ClientError as error:
            missing_bucket = error.response["Error"]["Code"] == "NoSuchBucket"
            if status_of(error) in passing and not missing_bucket:
                raise
            raise explain(error, self._bucket) from error
        except BotoCoreError as error:
            raise explain(error, self._bucket) from error


def _date(answer: GetObjectOutputTypeDef) -> datetime | None:
    """Return the Date header of an answer (RFC 9110, 6.6.1), if it has one."""
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    with suppress(ValueError):
        date = parsedate_to_datetime(headers.get("date", ""))
        return date if date.tzinfo else None
    return None
