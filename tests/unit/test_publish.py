import json
import threading
from dataclasses import replace

import pytest
from products import MemoryStore, Product, quiet
from shop import Shop

from publisher.errors import ConflictError, StoreError, UncertainError, VerificationError
from publisher.layout import key
from publisher.plan import Kind
from publisher.publish import publish
from publisher.published import read_published
from publisher.stores.base import Object, Stored


class Crash(Exception):
    """The publisher's machine loses power."""


def crash_at(product, count):
    """Lose power before the write number `count`, from 0."""
    left = iter(range(count))
    lock = threading.Lock()

    def on_write(item):
        with lock:
            if next(left, None) is None:
                raise Crash

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

    def crash(item):
        if item.key.endswith(".targets.json"):
            raise Crash

    product.store.on_write = crash
    with pytest.raises(Crash):
        product.release("1.0.0")
    product.store.on_write = lambda item: None
    plan = product.prepare("1.0.0").plan
    outcome = product.publish(plan)
    there = {write.item.key for write in plan.writes if write.kind.is_content_addressed}
    assert set(outcome.unchanged) == there
    assert len(outcome.written) == 4


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

    changes = iter(range(99))

    def somebody_else(item):
        if item.key.endswith("version.json"):
            product.store.objects[item.key] = Object(item.key, b"%d" % next(changes), "", "")

    product.store.on_write = somebody_else
    with pytest.raises(StoreError, match="this is published, but") as caught:
        product.publish(plan)
    assert not isinstance(caught.value, ConflictError), "which would be tried again"
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


def test_a_timestamp_of_which_nobody_knows_whether_it_moved_says_so():
    product = Product()
    plan = product.prepare("1.0.0").plan

    def break_off(item):
        if item.key.endswith("timestamp.json"):
            raise StoreError("the connection broke")

    product.store.on_write = break_off
    with pytest.raises(StoreError, match="it is not known whether this is published"):
        product.publish(plan)


def test_a_timestamp_on_which_somebody_may_have_built_already_is_not_said_to_be_unpublished():
    """The answer to our write was lost; it was sent again, and refused, as another one is there."""
    product = Product()
    plan = product.prepare("1.0.0").plan

    def lose_the_answer(item):
        if item.key.endswith("timestamp.json"):
            raise UncertainError("something else is there, but the answer was lost")

    product.store.on_write = lose_the_answer
    with pytest.raises(StoreError, match="it is not known whether this is") as caught:
        product.publish(plan)
    assert not isinstance(caught.value, ConflictError), "a command would begin again by itself"
    assert "slotcast history" in caught.value.hint


def test_files_named_by_their_hash_are_sent_at_once_and_metadata_after_all_of_them():
    product = Product()
    plan = product.prepare("1.0.0").plan
    meeting = threading.Barrier(3, timeout=5)
    seen = []

    class Meeting(MemoryStore):
        def create(self, item):
            if "/metadata/" not in item.key:
                meeting.wait()  # payload, image and manifest, or nobody gets on
            seen.append(item.key.rsplit(".", 2)[-2])
            return super().create(item)

    store = Meeting()
    store.objects = product.store.objects
    publish(plan, store, "sensor", product.settings.root_sha256, quiet)
    assert seen[3:] == ["targets", "snapshot"]


def test_what_was_read_back_is_not_read_again_to_verify_the_chain():
    product = Product()
    plan = product.prepare("1.0.0").plan
    reads = []
    honest = product.store.read
    product.store.read = lambda name: reads.append(name) or honest(name)
    product.publish(plan)
    assert all(reads.count(write.item.key) == 1 for write in plan.versioned)


# version.json, when several publish at once


def during(product, part, act):
    """Do something, once, right before the first write of an object whose key has `part` in it."""
    left = [act]

    def on_write(item):
        if part in item.key and left:
            left.pop()()

    product.store.on_write = on_write


def offered(product):
    return json.loads(product.read("stable/b1/version.json"))["version"]


def test_of_two_version_json_the_one_of_the_newest_timestamp_stays():
    """The other run moves the timestamp after us, and writes version.json before us."""
    product = Product()
    product.release("1.0.0")
    during(product, "version.json", lambda: product.release("1.2.0"))
    product.release("1.1.0")
    assert offered(product) == "1.2.0"
    assert is_sound(product)


def test_a_version_json_that_another_run_leaves_alone_is_put_back():
    """The other run takes 1.1.0 back to what version.json still says, so it has nothing to write.

    Then we write it: too late, unless we look again.
    """
    shop = Shop()
    shop.release("1.0.0")
    during(shop, "version.json", lambda: shop.withdraw("1.1.0", "1.0.0"))
    shop.release("1.1.0")
    assert offered(shop) == "1.0.0"


def test_a_version_json_that_was_right_when_looked_at_is_looked_at_again():
    """We take 1.1.0 back, while its own run is only about to write version.json."""
    shop = Shop()
    shop.release("1.0.0")
    plan = shop.prepare("1.1.0").plan
    late = [write for write in plan.writes if write.kind is Kind.VERSION_JSON]
    shop.publish(replace(plan, writes=tuple(w for w in plan.writes if w not in late)))
    during(shop, "timestamp.json", lambda: shop.store.replace(late[0].item, late[0].etag))
    shop.withdraw("1.1.0", "1.0.0")
    assert offered(shop) == "1.0.0"
