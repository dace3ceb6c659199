import pytest
from products import Product

from publisher.errors import ConflictError, StoreError, VerificationError
from publisher.layout import key
from publisher.plan import Kind
from publisher.publish import publish
from publisher.published import read_published
from publisher.stores.base import Object, Stored


class Crash(Exception):
    """The publisher's machine loses power."""


def crash_at(product, count):
    """Lose power before the write number `count`, from 0."""
    left = [count]

    def on_write(item):
        if not left[0]:
            raise Crash
        left[0] -= 1

    product.store.on_write = on_write


def is_sound(product):
    """Whether a reader, at this moment, finds all that the timestamp names."""
    read_published(product.read, product.settings.root_sha256)
    repository = product.open()
    for name in repository.offered():
        channel, _, file = name.partition("/")
        repository.read_manifest(channel, file.removesuffix(".json"))
    return True


def test_a_run_that_is_cut_short_anywhere_is_sound_for_readers_and_completes_when_run_again():
    count = len(Product().prepare("1.0.0").plan.writes)
    assert count == 7
    for at in range(count):
        product = Product()
        plan = product.prepare("1.0.0").plan
        crash_at(product, at)
        with pytest.raises(Crash):
            product.publish(plan)
        assert is_sound(product)
        visible = "stable/b1.json" in product.open().offered()
        assert visible == (at > 5), "only the timestamp makes a release visible"
        product.store.on_write = lambda item: None
        product.later(minutes=1)
        product.release("1.0.0")
        assert is_sound(product)
        assert product.open().timestamp().version == 2
        assert b'"1.0.0"' in product.read("stable/b1/version.json")


def test_what_is_there_already_is_told_apart_from_what_was_written():
    product = Product()
    crash_at(product, 2)
    with pytest.raises(Crash):
        product.release("1.0.0")
    product.store.on_write = lambda item: None
    plan = product.prepare("1.0.0").plan
    outcome = product.publish(plan)
    there = {write.item.key for write in plan.writes if write.kind in (Kind.PAYLOAD, Kind.IMAGE)}
    assert set(outcome.unchanged) == there
    assert len(outcome.written) == 5


def test_of_two_publishers_at_once_one_is_refused_and_says_so():
    product = Product()
    first, second = product.prepare("1.0.0").plan, product.prepare("1.1.0").plan
    product.publish(first)
    with pytest.raises(ConflictError, match="somebody else is publishing") as caught:
        product.publish(second)
    assert "run the same command again" in caught.value.hint
    product.release("1.1.0")
    assert is_sound(product)
    assert b'"1.1.0"' in product.read("stable/b1/version.json")


def test_a_timestamp_that_moves_under_a_run_is_a_conflict_and_nothing_is_published():
    product = Product()
    plan = product.prepare("1.0.0").plan

    def somebody_else(item):
        if item.key.endswith("timestamp.json"):
            there = product.store.objects[item.key]
            product.store.objects[item.key] = Object(item.key, there.data + b" ", "", "")

    product.store.on_write = somebody_else
    with pytest.raises(ConflictError, match="nothing was published"):
        product.publish(plan)


def test_a_version_json_that_moves_under_a_run_says_that_the_release_is_published():
    product = Product()
    product.release("1.0.0")
    plan = product.prepare("1.1.0").plan

    def somebody_else(item):
        if item.key.endswith("version.json"):
            product.store.objects[item.key] = Object(item.key, b"{}", "", "")

    product.store.on_write = somebody_else
    with pytest.raises(ConflictError, match="the release is published, but"):
        product.publish(plan)
    product.store.on_write = lambda item: None
    product.release("1.1.0")
    assert b'"1.1.0"' in product.read("stable/b1/version.json")


def test_a_store_that_returns_other_bytes_stops_the_run_before_the_timestamp_moves():
    product = Product()
    before = product.read("metadata/timestamp.json")
    plan = product.prepare("1.0.0").plan
    honest = product.store.read

    def damaged(name):
        stored = honest(name)
        if stored and name.endswith(".slc"):
            return Stored(stored.data[:-1] + b"?", stored.etag)
        return stored

    product.store.read = damaged
    with pytest.raises(StoreError, match="does not read back"):
        product.publish(plan)
    assert product.read("metadata/timestamp.json") == before


def test_a_store_that_loses_older_metadata_stops_the_run_before_the_timestamp_moves():
    product = Product()
    before = product.read("metadata/timestamp.json")
    plan = product.prepare("1.0.0").plan
    del product.store.objects[key("sensor", "metadata/1.root.json")]
    with pytest.raises(VerificationError, match=r"1\.root\.json is missing"):
        product.publish(plan)
    assert product.read("metadata/timestamp.json") == before


def test_progress_counts_every_byte_up_and_back():
    product = Product()
    plan = product.prepare("1.0.0").plan
    told = []
    publish(
        plan,
        product.store,
        "sensor",
        product.settings.root_sha256,
        lambda what, done, total: told.append((what, done, total)),
    )
    size = sum(len(write.item.data) for write in plan.versioned)
    assert ("upload", size, size) in told
    assert ("read back", size, size) in told


def test_a_timestamp_whose_answer_was_lost_is_recognised_as_our_own():
    """The store's client sends it again, and is refused because the first try had succeeded."""
    product = Product()
    plan = product.prepare("1.0.0").plan

    def written_before(item):
        if item.key.endswith("timestamp.json"):
            product.store.objects[item.key] = item

    product.store.on_write = written_before
    assert key("sensor", "metadata/timestamp.json") in product.publish(plan).written
