"""What the doctor tells who only reads, where the store refuses."""

import pytest
from botocore.exceptions import ClientError

from publisher.doctor.examine import CHECKS, examine
from publisher.doctor.hints import hint_of
from publisher.errors import StoreError
from publisher.stores.s3_errors import explain


def refused(operation, code="AccessDenied", message="Access Denied"):
    """What a store raises for an answer of S3."""
    answer = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": 404 if "Such" in code else 403},
    }
    try:
        try:
            raise ClientError(answer, operation)
        except ClientError as error:
            raise explain(error, "acme") from error
    except StoreError as error:
        return error


@pytest.mark.parametrize(
    ("error", "permission"),
    [
        (refused("ListObjectsV2"), "s3:ListBucket"),
        (refused("GetObject"), "s3:GetObject"),
        (refused("GetObject", message="not authorized to perform: s3:ListBucket on resource"),)
        + ("s3:ListBucket",),
        (refused("GetObject", message="not authorized to perform: kms:Decrypt on resource"),)
        + ("kms:Decrypt",),
    ],
)
def test_who_only_reads_is_told_the_one_permission_that_reading_needs(error, permission):
    assert hint_of(error) == f"allow {permission} to who runs the doctor (docs/doctor.md)"


def test_a_bucket_that_is_gone_is_not_to_be_created_just_so():
    hint = hint_of(refused("GetObject", "NoSuchBucket"))
    assert 'docs/operator.md, "When something is gone"' in hint
    assert "create" not in hint


def test_other_hints_stay_as_they_are():
    assert hint_of(StoreError("it is away", "wait")) == "wait"
    assert hint_of(refused("GetObject", "ExpiredToken")) == "sign in again"


def test_a_check_that_is_denied_says_what_a_reader_needs(monkeypatch):
    def listing(site):
        raise refused("ListObjectsV2")

    monkeypatch.setitem(CHECKS, "published-names", listing)
    [found] = examine(None, ["published-names"], lambda done, of: None)
    assert (found.state, found.mend) == (
        "UNKNOWN",
        "allow s3:ListBucket to who runs the doctor (docs/doctor.md)",
    )
