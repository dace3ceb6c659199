"""Both stores keep the same promises; S3's are checked against a real server."""

import hashlib
import io
import os
import signal
import subprocess
import sys
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.response import StreamingBody
from botocore.stub import ANY, Stubber
from seaweedfs import READER_KEY, SECRET_KEY

from publisher.errors import ConflictError, StoreError, UncertainError
from publisher.settings import EdgeSettings, Settings, StoreSettings
from publisher.stores import open_store
from publisher.stores.base import Object, Store
from publisher.stores.directory import DirectoryStore
from publisher.stores.s3 import S3Store
from publisher.stores.s3_parts import PART_BYTES, composite, split

BUCKET = "fleet"
JSON = "application/json"
SHORT = "public, max-age=60"


def obj(key="sensor/a.json", data=b"one"):
    return Object(key, data, JSON, SHORT)


@pytest.fixture(scope="session")
def bucket(s3_server):
    client = s3_server.client()
    client.create_bucket(Bucket=BUCKET)
    return client


@pytest.fixture(params=["directory", "s3"])
def store(request, tmp_path) -> Iterator[Store]:
    if request.param == "directory":
        yield DirectoryStore(tmp_path / "published")
        return
    client = request.getfixturevalue("bucket")
    yield S3Store(client, BUCKET)
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        for item in page.get("Contents", []):
            client.delete_object(Bucket=BUCKET, Key=item["Key"])


def test_what_is_not_there_reads_as_none(store):
    assert store.read("sensor/a.json") is None
    assert store.read_range("sensor/a.json", 0, 10) is None
    assert list(store.list()) == []


def test_an_object_reads_back_as_it_was_created(store):
    data = bytes(range(256)) * 5000
    assert store.create(obj(data=data)) is True
    assert store.read("sensor/a.json").data == data


def test_a_bucket_s_server_tells_the_time(bucket):
    store = S3Store(bucket, BUCKET)
    store.create(obj("sensor/time.json"))
    store.read("sensor/time.json")
    bucket.delete_object(Bucket=BUCKET, Key="sensor/time.json")
    assert abs(store.time - datetime.now(UTC)) < timedelta(minutes=1)


def test_an_object_that_was_removed_is_gone_and_can_be_removed_again(store):
    store.create(obj())
    store.create(obj("sensor/b.json"))
    store.delete("sensor/a.json")
    store.delete("sensor/a.json")
    assert list(store.list()) == ["sensor/b.json"]
    assert store.create(obj(data=b"another")) is True


def test_a_listing_tells_how_many_bytes_there_are_and_since_when(store):
    store.create(obj(data=b"three"))
    store.create(obj("sensor/deep/b.json", b"four"))
    store.create(obj("other/c.json"))
    found = {item.key: item for item in store.listing("sensor/")}
    assert {name: item.size_bytes for name, item in found.items()} == {
        "sensor/a.json": 5,
        "sensor/deep/b.json": 4,
    }
    for item in found.values():
        assert abs(item.modified - datetime.now(UTC)) < timedelta(minutes=1)


def test_an_empty_object_is_an_object(store):
    store.create(obj(data=b""))
    assert store.read("sensor/a.json").data == b""
    assert store.read_range("sensor/a.json", 0, 10) == b""


def test_creating_the_same_bytes_again_is_no_error(store):
    store.create(obj())
    assert store.create(obj()) is False


def test_creating_other_bytes_under_a_name_that_is_taken_is_a_conflict(store):
    store.create(obj())
    with pytest.raises(ConflictError, match="already exists"):
        store.create(obj(data=b"two"))
    assert store.read("sensor/a.json").data == b"one"


def test_an_object_is_replaced_by_who_has_read_its_newest_state(store):
    store.create(obj())
    etag = store.read("sensor/a.json").etag
    store.replace(obj(data=b"two"), etag)
    newest = store.read("sensor/a.json")
    assert newest.data == b"two"
    assert newest.etag != etag


def test_replacing_a_state_that_has_changed_is_a_conflict(store):
    store.create(obj())
    etag = store.read("sensor/a.json").etag
    store.replace(obj(data=b"two"), etag)
    with pytest.raises(ConflictError, match="changed since it was read"):
        store.replace(obj(data=b"three"), etag)
    assert store.read("sensor/a.json").data == b"two"


def test_replacing_what_has_gone_is_a_conflict(store):
    with pytest.raises(ConflictError):
        store.replace(obj(), '"00000000000000000000000000000000"')
    assert store.read("sensor/a.json") is None


def test_a_first_state_is_written_only_where_there_is_none(store):
    store.replace(obj(), None)
    with pytest.raises(ConflictError):
        store.replace(obj(data=b"two"), None)
    assert store.read("sensor/a.json").data == b"one"


@pytest.mark.parametrize(
    ("start", "stop", "expected"),
    [(0, 3, b"012"), (7, 99, b"789"), (10, 20, b""), (99, 100, b""), (4, 4, b"")],
)
def test_a_range_is_cut_at_the_end(store, start, stop, expected):
    store.create(obj(data=b"0123456789"))
    assert store.read_range("sensor/a.json", start, stop) == expected


def test_keys_are_listed_below_a_prefix(store):
    for key in ("sensor/b", "sensor/a/c", "sensor/a.json", "other/x"):
        store.create(obj(key))
    assert set(store.list("sensor/")) == {"sensor/a.json", "sensor/a/c", "sensor/b"}
    assert set(store.list("sensor/a")) == {"sensor/a.json", "sensor/a/c"}
    assert set(store.list()) == {"other/x", "sensor/a.json", "sensor/a/c", "sensor/b"}


def test_of_many_creators_exactly_one_wins(store):
    wins = []

    def create(n):
        with suppress(ConflictError):
            wins.append(store.create(obj(data=b"%d" % n)) and n)

    run_all([lambda n=n: create(n) for n in range(1, 9)])
    assert len(wins) == 1
    assert store.read("sensor/a.json").data == b"%d" % wins[0]


def test_no_update_is_lost_between_many_writers(store):
    store.create(obj(data=b"0"))

    def add_one():
        while True:
            before = store.read("sensor/a.json")
            try:
                return store.replace(obj(data=b"%d" % (int(before.data) + 1)), before.etag)
            except ConflictError:
                continue

    run_all([lambda: [add_one() for _ in range(5)]] * 4)
    assert store.read("sensor/a.json").data == b"20"


def run_all(functions):
    threads = [threading.Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# The directory alone


def test_a_key_never_leads_out_of_the_directory(tmp_path):
    (tmp_path / "secret").write_text("secret")
    store = DirectoryStore(tmp_path / "published")
    store.create(obj())
    for key in ("../secret", "sensor/../../secret", str(tmp_path / "secret"), ".lock", "sensor"):
        assert store.read(key) is None
        assert store.read_range(key, 0, 9) is None
    with pytest.raises(ValueError, match="not a key"):
        store.create(obj("../outside"))
    assert not (tmp_path / "outside").exists()


def test_files_can_be_read_by_a_web_server(tmp_path):
    store = DirectoryStore(tmp_path)
    store.create(obj())
    assert (tmp_path / "sensor" / "a.json").stat().st_mode & 0o777 == 0o644


def test_a_directory_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "published").write_text("a file")
    store = DirectoryStore(tmp_path / "published")
    with pytest.raises(StoreError, match="cannot write"):
        store.create(obj())


def test_a_writer_that_is_killed_leaves_no_half_file_and_no_lock(tmp_path):
    """Kill -9 while big files are written; then look, and write on."""
    program = (
        "import sys; from pathlib import Path\n"
        "from publisher.stores.base import Object\n"
        "from publisher.stores.directory import DirectoryStore\n"
        "store = DirectoryStore(Path(sys.argv[1]))\n"
        "print(flush=True)\n"
        "for n in range(10**6):\n"
        "    store.create(Object(f'sensor/{n}', b'x' * 3_000_000, '', ''))\n"
    )
    for wait_s in (0.0, 0.02, 0.05):
        command = [sys.executable, "-c", program, str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
            writer.stdout.readline()
            threading.Event().wait(wait_s)
            os.kill(writer.pid, signal.SIGKILL)
        store = DirectoryStore(tmp_path)
        assert {len(store.read(key).data) for key in store.list()} <= {3_000_000}
        store.create(obj(f"sensor/after-{wait_s}", b"x" * 3_000_000))
    assert not [path for path in (tmp_path / "sensor").iterdir() if path.name.startswith(".new-")]


# S3 alone


@pytest.fixture
def s3(bucket):
    return S3Store(bucket, BUCKET)


def test_headers_and_a_checksum_travel_with_an_object(bucket, s3):
    s3.create(obj("sensor/headers.json"))
    head = bucket.head_object(Bucket=BUCKET, Key="sensor/headers.json", ChecksumMode="ENABLED")
    assert (head["ContentType"], head["CacheControl"]) == (JSON, SHORT)
    assert head["ChecksumSHA256"] == b64encode(hashlib.sha256(b"one").digest()).decode()


def test_what_is_locked_is_removed_from_sight_and_can_be_put_back(bucket):
    bucket.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    locked, key = S3Store(bucket, "locked"), "sensor/images/1.bin"
    locked.create(obj(key))
    until = datetime.now(UTC) + timedelta(days=1)
    lock = {"Mode": "GOVERNANCE", "RetainUntilDate": until}
    bucket.put_object_retention(Bucket="locked", Key=key, Retention=lock)
    [version] = bucket.list_object_versions(Bucket="locked")["Versions"]
    locked.delete(key)
    assert locked.read(key) is None
    where = {"Bucket": "locked", "Key": key, "VersionId": version["VersionId"]}
    with pytest.raises(ClientError, match="AccessDenied"):
        bucket.delete_object(**where)
    data = bucket.get_object(**where)["Body"].read()
    assert locked.create(obj(key, data)) is True


def stubbed(answers):
    """A store whose server gives these HTTP statuses to put_object, and records its waits."""
    client = boto3.client(
        "s3", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    stubber = Stubber(client)
    codes = {409: "ConditionalRequestConflict", 412: "PreconditionFailed"}
    for status in answers:
        if status == 200:
            stubber.add_response("put_object", {}, ANY_PUT)
        else:
            stubber.add_client_error(
                "put_object", codes[status], http_status_code=status, expected_params=ANY_PUT
            )
    stubber.activate()
    waits = []
    return S3Store(client, BUCKET, sleep=waits.append), waits, stubber


ANY_PUT = {
    "Bucket": BUCKET,
    "Key": "sensor/a.json",
    "Body": ANY,
    "ContentType": JSON,
    "CacheControl": SHORT,
    "ChecksumAlgorithm": "SHA256",
    "IfNoneMatch": "*",
}


def test_409_is_sent_again_after_a_wait_that_grows():
    store, waits, stubber = stubbed([409, 409, 200])
    assert store.create(obj()) is True
    assert waits[0] == 0.0
    assert 0.05 <= waits[1] <= 0.15
    assert 0.1 <= waits[2] <= 0.3
    stubber.assert_no_pending_responses()


def test_409_without_end_is_a_conflict_and_does_not_pass_for_other_content():
    store, waits, _ = stubbed([409] * 6)
    with pytest.raises(ConflictError, match=r"busy with another write of the same key \(409\)"):
        store.create(obj())
    assert len(waits) == 6


@pytest.mark.parametrize(("there", "is_ours"), [(b"one", True), (b"two", False)])
def test_a_write_whose_answer_was_lost_finds_out_whether_it_had_worked(there, is_ours):
    """boto3 sent it again, and S3 refused that."""
    store, _, stubber = stubbed([])
    stubber.add_client_error(
        "put_object",
        "PreconditionFailed",
        http_status_code=412,
        response_meta={"RetryAttempts": 1},
    )
    add_object(stubber, there)
    if is_ours:
        store.replace(obj(), "etag")
    else:
        with pytest.raises(UncertainError, match="the answer to our own write was lost"):
            store.replace(obj(), "etag")
    stubber.assert_no_pending_responses()


def test_a_write_that_was_answered_409_after_it_was_sent_twice_may_have_worked_too():
    """S3 is busy with the first one."""
    store, _, stubber = stubbed([])
    for status, code, retries in (
        (409, "ConditionalRequestConflict", 1),
        (412, "PreconditionFailed", 0),
    ):
        stubber.add_client_error(
            "put_object", code, http_status_code=status, response_meta={"RetryAttempts": retries}
        )
    add_object(stubber, b"one")
    store.replace(obj(), "etag")
    stubber.assert_no_pending_responses()


def add_object(stubber, data, length=None, **answer):
    body = StreamingBody(io.BytesIO(data), len(data) if length is None else length)
    stubber.add_response("get_object", {"Body": body, "ETag": "etag", **answer})


def test_a_body_that_breaks_off_is_asked_for_again():
    store, waits, stubber = stubbed([])
    add_object(stubber, b"on", length=3)
    add_object(stubber, b"one")
    assert store.read("sensor/a.json").data == b"one"
    assert len(waits) == 1


def test_a_body_that_ends_too_early_every_time_is_an_error():
    store, _, stubber = stubbed([])
    for _ in range(3):
        add_object(stubber, b"on", length=3)
    with pytest.raises(StoreError, match="an object ended too early"):
        store.read("sensor/a.json")


def test_a_body_in_parts_is_checked_against_the_checksum_of_its_parts():
    store, _, stubber = stubbed([])
    whole = b"x" * (PART_BYTES + 1)
    told = composite(split(whole))
    add_object(stubber, whole, ChecksumSHA256=told)
    assert store.read("sensor/a.json").data == whole
    for _ in range(3):
        add_object(stubber, whole[:-1] + b"y", ChecksumSHA256=told)
    with pytest.raises(StoreError, match="does not match its checksum"):
        store.read("sensor/a.json")
    # Whoever copied it may have cut it otherwise.
    add_object(stubber, b"z" * (PART_BYTES + 1), ChecksumSHA256=told.replace("-2", "-3"))
    assert store.read("sensor/a.json").data[:1] == b"z"


def test_what_no_publisher_made_is_not_read_into_memory():
    store, _, stubber = stubbed([])
    add_object(stubber, b"", ContentLength=32 * 1024 * 1024 + 1)
    with pytest.raises(StoreError, match="more than 33,554,432 bytes"):
        store.read("sensor/a.json")


def settings(server, **changes):
    store = StoreSettings("s3", "", BUCKET, server.endpoint_url, "us-east-1")
    edge = EdgeSettings("https://updates.example.org/")
    return Settings("sensor", "0" * 64, edge, replace(store, **changes))


@pytest.fixture
def credentials(s3_server, monkeypatch):
    for name, value in s3_server.environment().items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("bucket", "credentials")
def test_settings_and_environment_open_a_bucket(s3_server):
    store = open_store(settings(s3_server))
    assert store.location == "s3://fleet"
    assert store.read("sensor/none") is None


@pytest.mark.usefixtures("bucket", "credentials")
def test_a_missing_bucket_is_named(s3_server):
    store = open_store(settings(s3_server, bucket="nowhere"))
    with pytest.raises(StoreError, match="bucket nowhere: there is no such bucket") as caught:
        store.read("sensor/a.json")
    assert "bucket in [store]" in caught.value.hint
    with pytest.raises(StoreError, match="there is no such bucket"):
        store.create(obj())
    with pytest.raises(StoreError, match="there is no such bucket"):
        list(store.list())


@pytest.mark.usefixtures("bucket")
def test_missing_credentials_are_asked_for(s3_server, monkeypatch, tmp_path):
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    store = open_store(settings(s3_server))
    with pytest.raises(StoreError, match="no credentials were found") as caught:
        store.read("sensor/a.json")
    assert "AWS_PROFILE" in caught.value.hint


@pytest.mark.usefixtures("bucket", "credentials")
def test_a_wrong_secret_key_is_told_from_a_wrong_access_key(s3_server, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    with pytest.raises(StoreError, match="the secret key does not fit"):
        open_store(settings(s3_server)).read("sensor/a.json")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    with pytest.raises(StoreError, match="the access key is not known"):
        open_store(settings(s3_server)).read("sensor/a.json")


@pytest.mark.usefixtures("bucket", "credentials")
def test_denied_access_names_the_permissions(s3_server, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", READER_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    with pytest.raises(StoreError, match="access denied") as caught:
        open_store(settings(s3_server)).create(obj())
    assert "s3:PutObject" in caught.value.hint


@pytest.mark.usefixtures("credentials")
def test_a_wrong_endpoint_is_named(s3_server, monkeypatch):
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    store = open_store(settings(s3_server, endpoint_url="http://127.0.0.1:1"))
    with pytest.raises(StoreError, match="the endpoint cannot be reached") as caught:
        store.read("sensor/a.json")
    assert "endpoint_url" in caught.value.hint


@pytest.mark.usefixtures("credentials")
def test_an_endpoint_that_is_no_url_is_refused(s3_server):
    with pytest.raises(StoreError, match="Invalid endpoint"):
        open_store(settings(s3_server, endpoint_url="no url"))
