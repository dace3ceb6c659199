"""A large object of an S3 bucket, written in parts, and gone on with where a run was cut short.

Parts that the bucket has already are not sent again, as far as their checksums match. What ends
the upload is one conditional request, which writes the object whole or not at all. Needs
`s3:ListBucketMultipartUploads` and `s3:ListMultipartUploadParts` to find what an earlier run left,
and `s3:AbortMultipartUpload` to clear it away; without them everything is sent anew.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from publisher.aws_errors import status_of
from publisher.errors import StoreError
from publisher.stores.base import Object

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client
    from types_boto3_s3.type_defs import CompletedPartTypeDef, PartTypeDef

PART_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True)
class Part:
    """A part of an object: its number, from 1, its bytes, and their SHA-256."""

    number: int
    data: bytes
    digest: bytes

    @property
    def sha256(self) -> str:
        """The checksum as S3 writes it, in base64."""
        return b64encode(self.digest).decode()

    def is_like(self, listed: PartTypeDef) -> bool:
        """Whether a part that the bucket lists has these bytes.

        Where it tells no SHA-256, an ETag that is the MD5 will do: what is wrong in spite of it
        is found when the upload ends.
        """
        if listed["Size"] != len(self.data):
            return False
        if listed.get("ChecksumSHA256"):
            return listed["ChecksumSHA256"] == self.sha256
        md5 = hashlib.md5(self.data, usedforsecurity=False).hexdigest()
        return listed["ETag"].strip('"') == md5


def split(data: bytes) -> list[Part]:
    """Cut an object into its parts."""
    pieces = (data[at : at + PART_BYTES] for at in range(0, len(data), PART_BYTES))
    return [
        Part(number, piece, hashlib.sha256(piece).digest())
        for number, piece in enumerate(pieces, start=1)
    ]


def composite(parts: list[Part]) -> str:
    """Return the checksum of an object in parts: of the parts' own, and how many they are."""
    digest = hashlib.sha256(b"".join(part.digest for part in parts)).digest()
    return f"{b64encode(digest).decode()}-{len(parts)}"


class Upload:
    """Writes one object in parts, if there is none of its name.

    Args:
        client: a boto3 S3 client.
        bucket: the bucket's name.
        item: the object.
    """

    def __init__(self, client: S3Client, bucket: str, item: Object) -> None:
        self._client = client
        self._bucket = bucket
        self._item = item
        self._parts = split(item.data)

    def run(self) -> None:
        """Write the object; an upload that an earlier run began is gone on with.

        Raises:
            ClientError: as boto3 does; 412 where there is one, 409 or 404 where another writer of
                the same name was in the way.
            StoreError: the bucket put together other bytes than were sent.
        """
        begun = self._begun()
        if not begun or not self._goes_on(begun[0]):
            self._finish(self._begin())
        self._abort(begun)

    def _goes_on(self, upload_id: str) -> bool:
        """Finish an upload that was begun before; False if the bucket makes nothing of it.

        It may have been begun without checksums, or its parts may be damaged.
        """
        try:
            self._finish(upload_id)
        except ClientError as error:
            if status_of(error) != HTTPStatus.BAD_REQUEST:
                raise
            return False
        return True

    def _finish(self, upload_id: str) -> None:
        try:
            told = self._complete(upload_id, list(self._send(upload_id)))
        except ClientError as error:
            # Nothing can come of it; what broke off is left to be gone on with.
            if status_of(error) in (HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED):
                self._abort([upload_id])
            raise
        if told and told != composite(self._parts):
            raise StoreError(f"{self._item.key} is damaged: the bucket has {told}")

    def _begun(self) -> list[str]:
        """Return the ids of uploads of this name, the newest first; none where that is denied.

        Who began them is not asked: that takes the right to write the object itself (s3:PutObject).
        """
        with suppress(ClientError):
            pages = self._client.get_paginator("list_multipart_uploads")
            found = [
                (upload["Initiated"], upload["UploadId"])
                for page in pages.paginate(Bucket=self._bucket, Prefix=self._item.key)
                for upload in page.get("Uploads", [])
                if upload["Key"] == self._item.key
            ]
            return [upload_id for _, upload_id in sorted(found, reverse=True)]
        return []

    def _begin(self) -> str:
        return self._client.create_multipart_upload(
            Bucket=self._bucket,
            Key=self._item.key,
            ContentType=self._item.content_type,
            CacheControl=self._item.cache_control,
            ChecksumAlgorithm="SHA256",
        )["UploadId"]

    def _send(self, upload_id: str) -> Iterator[CompletedPartTypeDef]:
        """Send the parts that the bucket has not yet; yield all."""
        listed = self._listed(upload_id)
        for part in self._parts:
            there = listed.get(part.number)
            if there is not None and part.is_like(there):
                etag = there["ETag"]
            else:
                etag = self._client.upload_part(
                    Bucket=self._bucket,
                    Key=self._item.key,
                    UploadId=upload_id,
                    PartNumber=part.number,
                    Body=part.data,
                    ChecksumSHA256=part.sha256,
                )["ETag"]
            yield {"PartNumber": part.number, "ETag": etag, "ChecksumSHA256": part.sha256}

    def _listed(self, upload_id: str) -> dict[int, PartTypeDef]:
        """Return the parts that the bucket has, by number; none where it does not tell."""
        with suppress(ClientError):
            pages = self._client.get_paginator("list_parts")
            found = pages.paginate(Bucket=self._bucket, Key=self._item.key, UploadId=upload_id)
            return {part["PartNumber"]: part for page in found for part in page.get("Parts", [])}
        return {}

    def _complete(self, upload_id: str, parts: list[CompletedPartTypeDef]) -> str:
        """Put the parts together, if there is no such object; return the checksum of the whole."""
        answer = self._client.complete_multipart_upload(
            Bucket=self._bucket,
            Key=self._item.key,
            UploadId=upload_id,
            MultipartUpload={"Parts": parts},
            MpuObjectSize=len(self._item.data),
            IfNoneMatch="*",
        )
        return answer.get("ChecksumSHA256", "")

    def _abort(self, upload_ids: list[str]) -> None:
        """Clear away uploads that nothing can come of any more, where that is allowed."""
        for upload_id in upload_ids:
            with suppress(ClientError):
                self._client.abort_multipart_upload(
                    Bucket=self._bucket, Key=self._item.key, UploadId=upload_id
                )
