"""What boards have no room for: the publisher signs none of it, and the reviewer's tool tells."""

import json

import pytest
from products import Product
from published_product import PublishedProduct, compact
from tuf.api.metadata import TargetFile
from verify_reports import errors, only_error

from publisher.board_limits import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_UNSIGNED_BYTES,
    MAX_UNSIGNED_VALUES,
)
from publisher.errors import VerificationError
from slotcast import client, metadata, strict_json
from slotcast.errors import RepositoryError
from slotcast.metadata import Metadata


@pytest.fixture
def product():
    return PublishedProduct()


def nested(depth):
    return [nested(depth - 1)] if depth else []


def fill(fields, size):
    fields["x-fill"] = "y" * size


def test_limits_are_the_device_s():
    assert MAX_BYTES["root"] == client._MAX_ROOT_BYTES
    assert MAX_BYTES["timestamp"] == client._MAX_TIMESTAMP_BYTES
    assert MAX_BYTES["snapshot"] == MAX_BYTES["targets"] == client._MAX_METADATA_BYTES
    assert MAX_DEPTH == strict_json._MAX_DEPTH
    assert MAX_UNSIGNED_BYTES == metadata._MAX_PADDING_BYTES
    assert MAX_UNSIGNED_VALUES == metadata._MAX_UNSIGNED_VALUES


@pytest.mark.parametrize("role", ["root", "targets", "snapshot", "timestamp"])
def test_metadata_with_more_bytes_than_boards_take_is_refused(product, role):
    name = "timestamp" if role == "timestamp" else f"1.{role}"
    empty = len(product.files[f"sensor/metadata/{name}.json"]) + len(',"x-fill":""')
    product.publish_changed(role, lambda fields: fill(fields, MAX_BYTES[role] - empty - 9))
    assert errors(product) == []  # versions and lengths take a few digits
    product.publish_changed(role, lambda fields: fill(fields, MAX_BYTES[role] - empty + 9))
    only_error(product, f"bytes; boards take {MAX_BYTES[role]:,}")


def test_metadata_that_nests_deeper_than_boards_follow_is_refused(product):
    # Within the file's object and the signed one.
    product.publish_changed("targets", lambda fields: fields.update(x=nested(MAX_DEPTH - 3)))
    strict_json.loads(product.files["sensor/metadata/1.targets.json"])
    assert errors(product) == []
    product.publish_changed("targets", lambda fields: fields.update(x=nested(MAX_DEPTH - 2)))
    with pytest.raises(RepositoryError):
        strict_json.loads(product.files["sensor/metadata/1.targets.json"])
    only_error(product, "1.targets.json: it nests more than 10 deep")


@pytest.mark.parametrize(
    ("role", "change", "says"),
    [
        ("root", {"consistent_snapshot": 1}, "consistent_snapshot is not a boolean"),
        ("root", {"version": True}, "version is not an integer"),
        ("targets", {"delegations": None}, "it delegates to other roles"),
    ],
)
def test_fields_that_boards_do_not_take_are_refused(product, role, change, says):
    product.publish_changed(role, lambda fields: fields.update(change))
    only_error(product, f"1.{role}.json: {says}")


def test_more_bytes_that_nobody_signed_than_boards_take_are_refused(product):
    path = "sensor/metadata/timestamp.json"
    product.files[path] += b" " * 3000
    assert errors(product) == []
    path = "sensor/metadata/1.root.json"
    envelope = json.loads(product.files[path])
    unsigned = len(product.files[path]) - len(compact(envelope["signed"]))
    product.publish_changed("root", lambda fields: None)
    product.put("metadata/2.root.json", product.files[path] + b" " * MAX_UNSIGNED_BYTES)
    only_error(product, f"{unsigned + MAX_UNSIGNED_BYTES:,} of its bytes are not signed")


def test_more_values_that_nobody_signed_than_boards_take_are_refused(product):
    envelope = json.loads(product.files["sensor/metadata/timestamp.json"])
    data = compact({**envelope, "x": [0] * 100})
    with pytest.raises(RepositoryError, match="too much is not signed"):
        Metadata(data, "timestamp")
    product.put("metadata/timestamp.json", data)
    only_error(product, "more than 100 of its values are not signed")


def offer_to_many(repository):
    with repository.edit_targets() as targets:
        for n in range(400):
            name = f"stable/b{n}.json"
            targets.targets[name] = TargetFile.from_data(name, b"{}", ["sha256"])


def test_the_publisher_signs_no_targets_that_boards_do_not_take():
    repository = Product().open()
    with pytest.raises(VerificationError, match=r"targets has .* boards take 32,768") as caught:
        offer_to_many(repository)
    assert "channels or boards" in caught.value.hint
    assert repository.edited == []
