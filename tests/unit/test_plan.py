from dataclasses import replace

from products import MemoryStore, Product

from publisher.plan import File, Kind, look_up, make_plan
from publisher.stores.base import Stored

EVERY_KIND = [
    File(Kind.VERSION_JSON, "stable/b1/version.json", b"{}"),
    File(Kind.TIMESTAMP, "metadata/timestamp.json", b"{}"),
    File(Kind.SNAPSHOT, "metadata/2.snapshot.json", b"{}"),
    File(Kind.TARGETS, "metadata/2.targets.json", b"{}"),
    File(Kind.ROOT, "metadata/2.root.json", b"{}"),
    File(Kind.PINS, "targets/aa.pins.json", b"{}"),
    File(Kind.MANIFEST, "targets/stable/aa.b1.json", b"{}"),
    File(Kind.IMAGE, "images/aa.bin", b"image"),
    File(Kind.PAYLOAD, "payloads/aa.slc", b"payload"),
]


def nothing(path):
    return None


def test_each_file_is_written_before_what_names_it():
    plan = make_plan("sensor", EVERY_KIND, nothing)
    assert [write.kind.word for write in plan.writes] == [
        "payload",
        "image",
        "manifest",
        "pins",
        "root",
        "targets",
        "snapshot",
        "timestamp",
        "version.json",
    ]


def test_several_roots_are_written_oldest_first():
    roots = [File(Kind.ROOT, f"metadata/{n}.root.json", b"{}") for n in (3, 2)]
    plan = make_plan("sensor", roots, nothing)
    assert [write.item.key[-11:] for write in plan.writes] == ["2.root.json", "3.root.json"]


def test_only_the_two_pointers_are_short_lived_and_all_else_is_immutable():
    plan = make_plan("sensor", EVERY_KIND, nothing)
    assert {write.item.cache_control for write in plan.versioned} == {
        "public, max-age=31536000, immutable"
    }
    assert [(write.kind, write.item.cache_control) for write in plan.pointers] == [
        (Kind.TIMESTAMP, "public, max-age=60"),
        (Kind.VERSION_JSON, "public, max-age=60"),
    ]


def test_json_and_binaries_have_their_content_types():
    plan = make_plan("sensor", EVERY_KIND, nothing)
    types = {write.item.key.rsplit(".", 1)[-1]: write.item.content_type for write in plan.writes}
    binary = "application/octet-stream"
    assert types == {"json": "application/json", "bin": binary, "slc": binary}


def test_a_pointer_replaces_the_very_state_that_was_read():
    plan = make_plan("sensor", EVERY_KIND, lambda path: Stored(b"old", f"tag of {path}"))
    assert [write.etag for write in plan.pointers] == [
        "tag of metadata/timestamp.json",
        "tag of stable/b1/version.json",
    ]
    assert {write.etag for write in plan.versioned} == {None}


def test_a_pointer_that_is_right_already_is_left_alone():
    plan = make_plan("sensor", EVERY_KIND, lambda path: Stored(b"{}", "tag"))
    assert plan.pointers == ()


def test_all_keys_begin_with_the_product():
    plan = make_plan("sensor", EVERY_KIND, nothing)
    assert all(write.item.key.startswith("sensor/") for write in plan.writes)


def test_what_a_person_and_a_program_read_is_what_runs():
    product = Product()
    plan = product.prepare("1.0.0").plan
    said = [(row["action"], row["key"]) for row in plan.to_list()]
    assert said == [(row[0], row[-1]) for row in plan.to_rows()]
    written = []
    product.store.on_write = lambda item: written.append(item.key)
    product.publish(plan)
    assert written == [key for _, key in said]


def test_the_order_does_not_depend_on_the_order_of_wishes():
    backwards = make_plan("sensor", reversed(EVERY_KIND), nothing)
    assert backwards == make_plan("sensor", EVERY_KIND, nothing)
    assert backwards.size_bytes == sum(len(file.data) for file in EVERY_KIND)
    assert replace(backwards, writes=()) != backwards


def test_only_what_is_named_by_its_hash_is_looked_up_and_nothing_is_read_whole():
    asked = []

    class Store(MemoryStore):
        def read(self, key):
            raise AssertionError(key)

        def read_range(self, key, start, stop):
            asked.append((key, stop - start))
            return b"i" if "images/" in key else None

    plan = look_up(make_plan("sensor", EVERY_KIND, nothing), Store())
    kept = [write.kind for write in plan.writes if write.action == "keep"]
    assert kept == [Kind.IMAGE]
    assert len(plan.missing) == len(plan.writes) - 1
    assert plan.size_bytes == sum(len(file.data) for file in EVERY_KIND) - len(b"image")
    assert {key.split("/")[1] for key, _ in asked} == {"payloads", "images", "targets"}
    assert {length for _, length in asked} == {1}
