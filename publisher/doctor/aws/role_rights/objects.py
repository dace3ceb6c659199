"""Rows of the table of rights: what a role may do with the objects of a bucket."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from publisher.doctor.aws.role_rights.row import Right
from publisher.infra.sample_paths import PAYLOAD, ROOT, TIMESTAMP

# What a conditional write of a new object, and one that replaces, tell S3 (S3 user guide, "Enforce
# conditional writes"): the keys are absent where the headers are.
_WRITE = {"s3:ObjectCreationOperation": "true"}
CREATE = {**_WRITE, "s3:if-none-match": "*"}
_REPLACE = {**_WRITE, "s3:if-match": '"0"'}

# Beside the kinds of file that there are: what a browser would show as a page of the domain.
_PAGES = ("images/index.html", "payloads/index.html", "targets/index.html")


@dataclass(frozen=True)
class Place:
    """Where a product lies: the ARN of its bucket, and its name."""

    bucket: str
    product: str

    def of(self, path: str) -> str:
        """Return the ARN of an object of the product."""
        return f"{self.bucket}/{self.product}/{path}"

    def outside(self) -> Iterator[str]:
        """Return ARNs of what is not the product's; a name that begins alike among them."""
        yield f"{self.bucket}/{self.product}-2/{TIMESTAMP}"
        yield f"{self.bucket}/slotcast.toml"


def moves(role: str, resource: str) -> Iterator[Right]:
    """Return that a pointer is moved from what was read, and never blindly."""
    yield Right(role, "s3:PutObject", resource, True, "moves the pointer", _REPLACE)
    says = "would undo what another publisher did meanwhile"
    yield Right(role, "s3:PutObject", resource, False, says, _WRITE, "s3:if-match")


def overwrites_nothing(role: str, resource: str) -> Right:
    """Return that a write without If-None-Match is refused."""
    says = "would overwrite what never changes"
    return Right(role, "s3:PutObject", resource, False, says, _WRITE, "s3:if-none-match")


def uploads_in_parts(role: str, place: Place) -> Iterator[Right]:
    """Return what an upload in parts needs beside writing."""
    says = "goes on with an interrupted upload"
    for action in ("s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"):
        yield Right(role, action, place.of(PAYLOAD), True, says)
    yield Right(role, "s3:ListBucketMultipartUploads", place.bucket, True, says)


def reads(role: str, place: Place) -> Iterator[Right]:
    """Return that what is published can be read, and what is not there told apart."""
    for path in (TIMESTAMP, ROOT, PAYLOAD):
        yield Right(role, "s3:GetObject", place.of(path), True, "reads what is published")
    prefix = {"s3:prefix": f"{place.product}/"}
    yield Right(role, "s3:ListBucket", place.bucket, True, "tells missing from closed", prefix)


def writes_no_pages(role: str, place: Place) -> Iterator[Right]:
    """Return that nothing is written that a browser would show."""
    for path in _PAGES:
        says = "would serve a page of its own"
        yield Right(role, "s3:PutObject", place.of(path), False, says, CREATE)


def deletes_nothing(role: str, place: Place, paths: Sequence[str]) -> Iterator[Right]:
    """Return that none of these is deleted."""
    for path in paths:
        says = "boards would miss it"
        yield Right(role, "s3:DeleteObject", place.of(path), False, says)
