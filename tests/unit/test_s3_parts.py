"""Objects in parts, on a real S3 server: written whole or not at all, and gone on with."""

import os
from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError

from publisher.errors import ConflictError
from publisher.stores.base import Object
from publisher.stores.s3 import S3Store
from publisher.stores.s3_parts import PART_BYTES

BUCKET = "parts"
KEY = "sensor/images/large.bin"
LARGE = os.urandom(4096) * (PART_BYTES // 4096) + b"the end"
IMMUTABLE = "public, max-age=31536000, immutable"


class Crash(Exception):
    """The publisher's machine loses power."""


@pytest.fixture(scope="module")
def bucket(s3_server):
    s3_server.client().create_bucket(Bucket=BUCKET)


@pytest.fixture
def client(s3_server, bucket):
    client = s3_server.client()
    yield client
    client.delete_object(Bucket=BUCKET, Key=KEY)
    for upload in uploads(client):
        client.abort_multipart_upload(Bucket=BUCKET, Key=KEY, UploadId=upload)


@pytest.fixture
def sent(client):
    """The numbers of the parts that were sent."""
    numbers = []
    client.meta.events.register(
        "before-parameter-build.s3.UploadPart",
        lambda params, **_: numbers.append(params["PartNumber"]),
    )
    return numbers


def large(data=LARGE):
    return Object(KEY, data, "application/octet-stream", IMMUTABLE)


def uploads(client):
    listed = client.list_multipart_uploads(Bucket=BUCKET, Prefix=KEY)
    return [upload["UploadId"] for upload in listed.get("Uploads", [])]


@contextmanager
def before(client, operation, act):
    """Do something right before each request of a kind."""
    event = f"before-parameter-build.s3.{operation}"
    client.meta.events.register(event, act)
    yield
    client.meta.events.unregister(event, act)


def refusal(status, code):
    return ClientError(
        {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "x"
    )


def cut_short(client, after):
    """Begin to write the object, and lose power when so many parts are sent."""

    def crash(params, **_):
        if params["PartNumber"] > after:
            raise Crash

    with before(client, "UploadPart", crash), pytest.raises(Crash):
        S3Store(client, BUCKET).create(large())


def test_a_large_object_is_written_in_parts_with_its_headers_and_checksums(client, sent):
    store = S3Store(client, BUCKET)
    assert store.create(large()) is True
    assert sent == [1, 2]
    assert store.read(KEY).data == LARGE
    head = client.head_object(Bucket=BUCKET, Key=KEY, ChecksumMode="ENABLED")
    assert (head["CacheControl"], head["ContentType"]) == (IMMUTABLE, "application/octet-stream")
    assert head["ChecksumSHA256"].endswith("-2")
    assert store.create(large()) is False
    with pytest.raises(ConflictError, match="already exists with other content"):
        store.create(large(LARGE[::-1]))
    assert sent == [1, 2], "and not a part more"
    assert store.read(KEY).data == LARGE


@pytest.mark.parametrize("after", [0, 1])
def test_an_upload_that_was_cut_short_is_gone_on_with(client, sent, after):
    cut_short(client, after)
    assert S3Store(client, BUCKET).read(KEY) is None
    sent.clear()
    assert S3Store(client, BUCKET).create(large()) is True
    assert sent == [1, 2][after:]
    assert S3Store(client, BUCKET).read(KEY).data == LARGE
    assert uploads(client) == []


def test_parts_of_other_bytes_are_sent_again_and_old_uploads_cleared_away(client, sent):
    client.create_multipart_upload(Bucket=BUCKET, Key=KEY)
    [stale] = uploads(client)
    cut_short(client, 0)  # goes on with that one
    wrong = b"x" * PART_BYTES
    client.upload_part(Bucket=BUCKET, Key=KEY, UploadId=stale, PartNumber=1, Body=wrong)
    client.create_multipart_upload(Bucket=BUCKET, Key=KEY)
    sent.clear()
    assert S3Store(client, BUCKET).create(large()) is True
    assert S3Store(client, BUCKET).read(KEY).data == LARGE
    assert 1 in sent
    assert uploads(client) == []


def test_of_two_who_write_a_large_object_at_once_one_creates_it(client, s3_server):
    """The other one is done while this one is about to put the same parts together."""
    results = []

    def other(**_):
        if not results:
            results.append(S3Store(s3_server.client(), BUCKET).create(large()))

    with before(client, "CompleteMultipartUpload", other):
        results.append(S3Store(client, BUCKET).create(large()))
    assert results == [True, False]
    assert S3Store(client, BUCKET).read(KEY).data == LARGE
    assert uploads(client) == []


def test_who_may_list_no_uploads_begins_anew(client, sent):
    cut_short(client, 1)
    sent.clear()

    def deny(**_):
        raise refusal(403, "AccessDenied")

    with before(client, "ListMultipartUploads", deny):
        assert S3Store(client, BUCKET).create(large()) is True
    assert sent == [1, 2]


def test_409_at_the_end_of_an_upload_begins_it_anew(client, sent):
    """AWS asks for a new upload after a 409; SeaweedFS never answers one."""
    answers = [refusal(409, "ConditionalRequestConflict")]

    def conflict(**_):
        if answers:
            raise answers.pop()

    with before(client, "CompleteMultipartUpload", conflict):
        assert S3Store(client, BUCKET).create(large()) is True
    assert sent == [1, 2, 1, 2]
    assert S3Store(client, BUCKET).read(KEY).data == LARGE


def test_an_upload_of_which_the_bucket_makes_nothing_is_begun_anew(client, sent):
    """AWS refuses checksums of parts where another tool began the upload without them."""
    cut_short(client, 1)
    [unusable] = uploads(client)

    def refuse(params, **_):
        if params["UploadId"] == unusable:
            raise refusal(400, "InvalidRequest")

    with before(client, "UploadPart", refuse):
        assert S3Store(client, BUCKET).create(large()) is True
    assert S3Store(client, BUCKET).read(KEY).data == LARGE
    assert uploads(client) == []
