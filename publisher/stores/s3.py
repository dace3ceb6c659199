"""A store in an S3 bucket, through conditional writes (If-None-Match, If-Match).

Needs `s3:PutObject`, `s3:GetObject` and `s3:ListBucket`: without the last, S3 answers "access
denied" for a key that is not there, and nobody can tell an empty bucket from a closed one.

Two refusals are told apart. 412 PreconditionFailed: the condition does not hold; what is there is
read and compared where it may be our own, of a write whose answer was lost. 409
ConditionalRequestConflict: another conditional write of the same key is under way, and nobody has
won yet, so the request is sent again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
)

from publisher.aws_errors import code_of, date_of, status_of
from publisher.backoff import more_or_less
from publisher.errors import ConflictError, StoreError, UncertainError
from publisher.stores.base import Listed, Object, Store, Stored
from publisher.stores.s3_errors import explain
from publisher.stores.s3_parts import PART_BYTES, Upload, composite, split

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client
    from types_boto3_s3.type_defs import GetObjectOutputTypeDef, PutObjectOutputTypeDef

    from publisher.settings import StoreSettings

# Waits before each attempt.
_BACKOFF_S = (0.0, 0.1, 0.2, 0.4, 0.8, 1.6)
# What breaks a body that was begun, which boto3 does not ask for again by itself.
_BROKEN_BODY = (FlexibleChecksumError, HTTPClientError, IncompleteReadError)
_BODY_TRIES = 3
_BODY_WAIT_S = 0.3
_MAX_BYTES = 32 * 1024 * 1024


def connect(settings: StoreSettings) -> S3Client:
    """Make an S3 client; credentials come from where boto3 looks (environment, profile, role).

    It sends a request up to five times, with growing waits, where the answer is 5xx or throttling
    (SlowDown), or there is none.

    Raises:
        StoreError: the settings, or the environment's, do not make a client.
    """
    config = Config(
        retries={"mode": "standard", "total_max_attempts": 5},
        connect_timeout=10,
        read_timeout=60,
        max_pool_connections=16,
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
        """See Store; the body is checked against the SHA-256 that S3 has of it."""
        get = partial(self._client.get_object, Bucket=self._bucket, Key=key, ChecksumMode="ENABLED")
        return self._get(get, key)

    def read_range(self, key: str, start: int, stop: int) -> bytes | None:
        """See Store."""
        span = f"bytes={start}-{max(start, stop - 1)}"
        get = partial(self._client.get_object, Bucket=self._bucket, Key=key, Range=span)
        stored = self._get(get, key)
        return None if stored is None else stored.data[: max(0, stop - start)]

    def create(self, item: Object) -> bool:
        """See Store; more than 8 MiB are sent in parts, if there is no such object yet."""
        if len(item.data) > PART_BYTES:
            there = self.read(item.key)
            write = Upload(self._client, self._bucket, item).run
            created = there is None and self._write(write, item)
        else:
            created = self._write(partial(self._putting(item), IfNoneMatch="*"), item)
        if not created and not self._has(item):
            raise ConflictError(f"{item.key} already exists with other content")
        return created

    def replace(self, item: Object, etag: str | None) -> None:
        """See Store."""
        put = self._putting(item)
        put = partial(put, IfNoneMatch="*") if etag is None else partial(put, IfMatch=etag)
        if not self._write(put, item):
            raise ConflictError(f"{item.key} has changed since it was read")

    def delete(self, key: str) -> None:
        """See Store; needs `s3:DeleteObject`."""
        with self._explained():
            self._client.delete_object(Bucket=self._bucket, Key=key)

    def list(self, prefix: str = "") -> Iterator[str]:
        """See Store."""
        yield from (item.key for item in self.listing(prefix))

    def listing(self, prefix: str = "") -> Iterator[Listed]:
        """See Store."""
        pages = self._client.get_paginator("list_objects_v2")
        with self._explained():
            for page in pages.paginate(Bucket=self._bucket, Prefix=prefix):
                for item in page.get("Contents", []):
                    yield Listed(item["Key"], item["Size"], item["LastModified"])

    def _get(self, get: Callable[[], GetObjectOutputTypeDef], key: str) -> Stored | None:
        for tries_left in range(_BODY_TRIES - 1, -1, -1):
            try:
                with self._explained(passing=(404, 416)):
                    return self._receive(get(), key)
            except ClientError as error:
                return None if status_of(error) == 404 else Stored(b"", "")
            except StoreError as error:
                if not tries_left or not isinstance(error.__cause__, _BROKEN_BODY):
                    raise
            self._sleep(more_or_less(_BODY_WAIT_S))
        raise AssertionError("unreachable")

    def _receive(self, answer: GetObjectOutputTypeDef, key: str) -> Stored:
        """Read a body; boto3 itself checks its length, and the checksum of one that is whole."""
        self._time = date_of(answer)
        if answer.get("ContentLength", 0) > _MAX_BYTES:
            raise StoreError(f"{key} in {self.location} has more than {_MAX_BYTES:,} bytes")
        data = answer["Body"].read()
        told = answer.get("ChecksumSHA256", "")
        if "-" in told and "ContentRange" not in answer:
            _verify_composite(data, told)
        return Stored(data, answer["ETag"])

    def _putting(self, item: Object) -> partial[PutObjectOutputTypeDef]:
        return partial(
            self._client.put_object,
            Bucket=self._bucket,
            Key=item.key,
            Body=item.data,
            ContentType=item.content_type,
            CacheControl=item.cache_control,
            ChecksumAlgorithm="SHA256",
        )

    def _write(self, write: Callable[[], object], item: Object) -> bool:
        """Send one conditional write; False when its condition did not hold."""
        sent_again = False
        for wait_s in _BACKOFF_S:
            self._sleep(more_or_less(wait_s))
            try:
                with self._explained(passing=(404, 409, 412)):
                    write()
                    return True
            except ClientError as error:
                sent_again = sent_again or _was_sent_again(error)
                # An upload in parts is gone when another writer of the same name was done with it.
                gone = code_of(error) == "NoSuchUpload"
                if status_of(error) != 409 and not gone:
                    return sent_again and self._is_ours(item)
        message = f"{item.key}: the bucket is busy with another write of the same key (409)"
        kind = UncertainError if sent_again else ConflictError
        raise kind(message, "run the same command again in a while")

    def _is_ours(self, item: Object) -> bool:
        """Whether a write whose answer was lost has worked, as far as what is there now tells."""
        if self._has(item):
            return True
        message = f"{item.key} holds something else, but the answer to our own write was lost"
        raise UncertainError(message)

    def _has(self, item: Object) -> bool:
        """Whether the bucket holds these very bytes, whoever wrote them."""
        there = self.read(item.key)
        return there is not None and there.data == item.data

    @contextmanager
    def _explained(self, passing: tuple[int, ...] = ()) -> Iterator[None]:
        """Put errors in words; one whose HTTP status is in `passing` goes through as it is."""
        try:
            yield
        except ClientError as error:
            missing_bucket = code_of(error) == "NoSuchBucket"
            if status_of(error) in passing and not missing_bucket:
                raise
            raise explain(error, self._bucket) from error
        except BotoCoreError as error:
            raise explain(error, self._bucket) from error


def _was_sent_again(error: ClientError) -> bool:
    """Whether boto3 sent the request more than once: one whose answer was lost may have worked."""
    return error.response["ResponseMetadata"].get("RetryAttempts", 0) > 0


def _verify_composite(data: bytes, told: str) -> None:
    """Check an object that was written in parts, if they are as large as ours."""
    parts = split(data)
    count = told.rpartition("-")[2]
    if count == str(len(parts)) and told != composite(parts):
        raise FlexibleChecksumError(error_msg=f"the parts' checksum is not {told}")
