"""Which deltas a release has, and what becomes of them when it is run again."""

import hashlib
import json
from dataclasses import replace
from random import Random

import esp_images
import pytest
from products import Product, quiet

from publisher import payloads
from publisher.encoding import encode_all
from publisher.errors import ImageError, KeyAccessError, SettingsError, StoreError
from publisher.layout import image_path
from publisher.manifest import Manifest
from publisher.payload import Base, Head, decode
from publisher.plan import Kind
from publisher.release import ReleaseRequest, prepare_release
from publisher.settings import PayloadSettings

NOISE = Random(5).randbytes(5000)


def image(number, chip="esp32"):
    """Like the others but for a few bytes: what deltas are good for."""
    return esp_images.app_image(chip, code=NOISE[:2000] + bytes([number]) * 8 + NOISE[2000:])


def digests(*numbers):
    return [image(number)[-32:].hex() for number in numbers]


def bases(manifest):
    return [entry.base for entry in manifest.deltas]


def origins(prepared):
    return [payload.origin for payload in prepared.payloads.deltas]


def product_with(*versions, **settings):
    """A product with these releases, of images 1, 2, 3 ..., and no deltas among them."""
    product = Product()
    for number, version in enumerate(versions, 1):
        product.release(version, image(number))
    product.settings = replace(product.settings, payload=PayloadSettings(**settings))
    return product


def lose(product, path):
    del product.store.objects[f"sensor/{path}"]


def damage(product, path):
    there = product.store.objects[f"sensor/{path}"]
    product.store.objects[there.key] = replace(there, data=there.data[:-1])


def give_memory(product, memory):
    board = replace(product.settings.boards["b1"], payload_memory=memory)
    product.settings = replace(product.settings, boards={"b1": board})


def image_of(number):
    return image_path(hashlib.sha256(image(number)).hexdigest())


@pytest.fixture
def encoded(monkeypatch):
    """How many payloads were encoded, each time that any were."""
    counts = []

    def counting(jobs, told):
        counts.extend([len(jobs)] if jobs else [])
        return encode_all(jobs, told)

    monkeypatch.setattr(payloads, "encode_all", counting)
    return counts


def test_a_first_release_has_the_full_payload_alone():
    manifest = product_with().release("1.0.0", image(1))
    assert [entry.kind for entry in manifest.payloads] == ["full"]


def test_a_release_has_deltas_from_the_last_three():
    prepared = product_with("1.0.0", "1.0.1", "1.0.2", "1.0.3").prepare("1.1.0", image(5))
    assert origins(prepared) == ["1.0.3", "1.0.2", "1.0.1"]
    assert bases(prepared.manifest) == digests(4, 3, 2)
    assert prepared.warnings == ()


def test_a_delta_is_published_as_described_and_decodes_on_its_base():
    product = product_with("1.0.0")
    manifest = product.release("1.1.0", image(2))
    (entry,) = manifest.deltas
    stored = product.read(entry.path)
    assert decode(stored, Base(image(1), image(1)[-32:])) == image(2)
    assert (entry.length, entry.sha256) == (len(stored), hashlib.sha256(stored).hexdigest())
    head = Head.from_bytes(stored)
    assert (entry.head_length, entry.base) == (head.length, head.base_digest.hex())
    assert entry.head_sha256 == hashlib.sha256(stored[: head.length]).hexdigest()
    assert entry.length < 300 < 5000 < manifest.full.length
    assert Manifest.from_bytes(manifest.to_bytes()) == manifest


def test_a_plan_writes_deltas_as_payloads():
    plan = product_with("1.0.0").prepare("1.1.0", image(2)).plan
    assert [write.kind for write in plan.writes].count(Kind.PAYLOAD) == 2


@pytest.mark.parametrize(("count", "expected"), [(0, []), (1, ["1.0.1"]), (8, ["1.0.1", "1.0.0"])])
def test_from_how_many_releases_there_are_deltas_is_a_setting(count, expected):
    product = product_with("1.0.0", "1.0.1", deltas=count)
    assert origins(product.prepare("1.1.0", image(3))) == expected


def test_an_image_that_was_released_twice_counts_once():
    product = product_with("1.0.0", "1.0.1", deltas=2)
    product.release("1.0.2", image(2), notes="the same again")
    assert origins(product.prepare("1.1.0", image(3))) == ["1.0.2", "1.0.0"]


def test_the_image_that_is_released_is_no_base_of_its_own():
    product = product_with("1.0.0", "1.0.1")
    prepared = product.prepare("1.1.0", image(2), retry_failed=True, bases={"same": image(2)})
    assert origins(prepared) == ["1.0.0"]


def test_other_channels_and_boards_bring_no_deltas():
    product = product_with()
    product.release("1.0.0", image(1), channel="beta")
    assert origins(product.prepare("1.1.0", image(2))) == []


def test_boards_that_take_another_release_first_need_no_delta():
    product = product_with("1.0.0", "1.0.1", "1.0.2")
    prepared = product.prepare("1.1.0", image(4), min_version="1.0.1")
    assert origins(prepared) == ["1.0.2", "1.0.1"]


def test_a_stone_keeps_the_payloads_that_it_was_released_with():
    product = product_with("1.0.0")
    stone = product.release("1.0.1", image(2))
    (kept,) = product.prepare("1.1.0", image(3), min_version="1.0.1").stones
    assert kept.payloads == stone.payloads
    assert len(kept.deltas) == 1


def test_a_delta_that_saves_too_little_is_left_out_and_named():
    product = product_with("1.0.0")
    other = esp_images.app_image(code=Random(6).randbytes(5000))
    prepared = product.prepare("1.1.0", other)
    assert (prepared.payloads.deltas, prepared.manifest.deltas) == ((), ())
    (left_out,) = prepared.payloads.left_out
    assert left_out.origin == "1.0.0"
    assert prepared.payloads.percent(left_out) > 90


def test_the_margin_is_a_setting():
    product = product_with("1.0.0", delta_margin=0)
    exact = product.prepare("1.1.0", image(2))
    (delta,), full = exact.payloads.deltas, exact.payloads.full
    percent = 100 * delta.entry.length / full.entry.length
    assert percent < 10
    product.settings = replace(product.settings, payload=PayloadSettings(delta_margin=99))
    assert product.prepare("1.1.0", image(2)).payloads.deltas == ()


def test_a_base_may_be_given_as_an_app_or_in_a_flash_file():
    given = {"old.bin": image(7), "flash.bin": esp_images.flash_file(apps={0x10000: image(8)})}
    prepared = product_with("1.0.0").prepare("1.1.0", image(2), bases=given)
    assert origins(prepared) == ["old.bin", "flash.bin", "1.0.0"]
    assert bases(prepared.manifest) == digests(7, 8, 1)


def test_a_base_that_is_given_twice_or_was_released_is_one():
    given = {"a.bin": image(1), "b.bin": image(7), "c.bin": image(7)}
    product = product_with("1.0.0", "1.0.1", deltas=2)
    prepared = product.prepare("1.1.0", image(3), bases=given)
    assert origins(prepared) == ["a.bin", "b.bin", "1.0.1"]


def test_bases_that_are_given_come_before_those_of_releases_where_there_is_no_room():
    given = {f"{number}.bin": image(number) for number in range(10, 18)}
    product = product_with("1.0.0", deltas=8)
    prepared = product.prepare("1.1.0", image(2), bases=given)
    assert origins(prepared) == list(given)
    given["18.bin"] = image(18)
    with pytest.raises(SettingsError, match="9 different images"):
        product.prepare("1.1.0", image(2), bases=given)


def test_a_base_for_another_chip_or_that_is_no_image_is_refused():
    product = product_with()
    with pytest.raises(ImageError, match=r"c3\.bin is for esp32c3, the image to release for esp32"):
        product.prepare("1.0.0", image(1), bases={"c3.bin": image(2, "esp32c3")})
    with pytest.raises(ImageError, match=r"note\.txt is not an ESP image"):
        product.prepare("1.0.0", image(1), bases={"note.txt": b"hello" * 9})


@pytest.mark.parametrize(("spoil", "says"), [(lose, "is gone"), (damage, "is damaged")])
def test_a_base_that_cannot_be_read_any_more_is_a_warning(spoil, says):
    product = product_with("1.0.0", "1.0.1")
    spoil(product, image_of(1))
    prepared = product.prepare("1.1.0", image(3))
    assert origins(prepared) == ["1.0.1"]
    (warning,) = prepared.warnings
    assert "no delta from 1.0.0" in warning
    assert says in warning


def test_what_cannot_be_released_is_refused_before_anything_is_encoded(encoded):
    product = product_with("1.0.0")
    encoded.clear()
    for refused in ({"version": "0.9.0"}, {"version": "1.1.0", "min_version": "0.5.0"}):
        with pytest.raises(SettingsError):
            product.prepare(data=image(2), **refused)
    assert encoded == []


@pytest.mark.parametrize(("memory", "deltas"), [(8192, 0), (8703, 0), (8704, 1), (28672, 1)])
def test_payloads_are_encoded_for_the_memory_of_the_board(memory, deltas):
    product = product_with("1.0.0")
    give_memory(product, memory)
    prepared = product.prepare("1.1.0", image(2))
    heads = [Head.from_bytes(payload.data) for payload in prepared.payloads.published]
    assert all(head.memory <= memory for head in heads)
    assert len(heads) == 1 + deltas
    warned = [text for text in prepared.warnings if text.startswith("no deltas: ")]
    assert len(warned) == 1 - deltas


def test_more_memory_than_boards_were_provisioned_with_is_a_warning_once():
    product = product_with()
    give_memory(product, 12288)
    product.release("1.0.0", image(1))
    give_memory(product, 28672)
    prepared = product.prepare("1.1.0", image(2))
    needed = Head.from_bytes(prepared.payloads.full.data).memory
    (warning,) = prepared.warnings
    assert f"this needs {needed:,} bytes of a board's memory" in warning
    product.publish(prepared.plan)
    assert product.prepare("1.1.0", image(2)).warnings == ()
    assert product.prepare("1.2.0", image(3)).warnings == ()


def test_no_full_payload_needs_more_memory_than_all_boards_have():
    product = product_with("1.0.0")
    give_memory(product, 131072)
    prepared = product.prepare("1.1.0", image(2))
    needed = [Head.from_bytes(payload.data).memory for payload in prepared.payloads.published]
    assert needed[0] <= 28672 < needed[1]
    assert prepared.warnings == ()


def test_the_very_same_release_again_encodes_nothing(encoded):
    product = product_with("1.0.0")
    manifest = product.release("1.1.0", image(2))
    objects = dict(product.store.objects)
    again = product.prepare("1.1.0", image(2))
    assert (again.is_new, again.manifest, origins(again)) == (False, manifest, ["1.0.0"])
    product.publish(again.plan)
    assert (product.store.objects, encoded) == (objects, [1, 2])


def test_the_very_same_release_again_is_the_same_whatever_the_settings_are_now(encoded):
    product = product_with("1.0.0")
    manifest = product.release("1.1.0", image(2))
    product.settings = replace(product.settings, payload=PayloadSettings(deltas=0))
    again = product.prepare("1.1.0", image(2))
    assert (again.manifest, again.warnings, encoded) == (manifest, (), [1, 2])


def test_a_lost_payload_alone_is_encoded_again(encoded):
    product = product_with("1.0.0", "1.0.1")
    manifest = product.release("1.1.0", image(3))
    objects = dict(product.store.objects)
    for entry in (manifest.full, manifest.deltas[1]):
        lose(product, entry.path)
        product.publish(product.prepare("1.1.0", image(3)).plan)
        assert product.store.objects == objects
    assert encoded == [1, 1, 3, 1, 1]


def test_a_lost_delta_whose_base_is_lost_too_is_a_warning_unless_that_is_given():
    product = product_with("1.0.0")
    manifest = product.release("1.1.0", image(2))
    objects = dict(product.store.objects)
    lose(product, manifest.deltas[0].path)
    lose(product, image_of(1))
    again = product.prepare("1.1.0", image(2))
    assert (again.manifest, origins(again)) == (manifest, [])
    (warning,) = again.warnings
    assert "no delta from 1.0.0" in warning
    assert "--base" in warning
    given = product.prepare("1.1.0", image(2), bases={"old.bin": image(1)})
    product.publish(given.plan)
    assert product.store.objects.keys() == objects.keys() - {f"sensor/{image_of(1)}"}


def test_a_lost_payload_that_would_be_another_now_is_told():
    product = product_with("1.0.0")
    manifest = product.release("1.1.0", image(2))
    give_memory(product, 8704)
    lose(product, manifest.deltas[0].path)
    again = product.prepare("1.1.0", image(2))
    (warning,) = again.warnings
    assert "cannot be made again" in warning
    assert "boards that run 1.0.0 take the full" in warning
    lose(product, manifest.full.path)
    with pytest.raises(StoreError, match="cannot be made again as it was") as caught:
        product.prepare("1.1.0", image(2))
    assert "put it back" in caught.value.hint


def test_another_base_for_a_release_that_is_published_is_told_to_come_too_late():
    product = product_with("1.0.0")
    manifest = product.release("1.1.0", image(2))
    again = product.prepare("1.1.0", image(2), bases={"old.bin": image(9)})
    assert again.manifest == manifest
    assert again.warnings == (
        "the release is published without a delta from old.bin, and stays so",
    )


def test_preparing_twice_gives_the_same_bytes_with_deltas_too():
    product = product_with("1.0.0", "1.0.1")
    first, second = (product.prepare("1.1.0", image(3)) for _ in range(2))
    assert first.plan == second.plan


def test_what_was_published_before_a_boards_first_release_is_not_read_for_its_deltas():
    product = Product()
    board = product.settings.boards["b1"]
    product.settings = replace(product.settings, boards={"b1": board, "b2": board})
    for version in ("1.0.0", "1.0.1", "1.0.2"):
        product.release(version, image(1), board="b2")
    product.release("1.0.0", image(1))
    product.settings = replace(product.settings, payload=PayloadSettings())
    view = product.view()
    asked = ReleaseRequest(image(2), "app.bin", "1.1.0", "stable", "b1")
    prepared = prepare_release(product.settings, product.open(view), view, asked, quiet)
    assert origins(prepared) == ["1.0.0"]
    read = {path for path in view._seen if path.endswith(".targets.json")}
    assert "metadata/4.targets.json" in read
    assert not {"metadata/2.targets.json", "metadata/3.targets.json"} & read


def test_the_command_lists_the_payloads_for_people_and_for_programs(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number in (1, 2, 3):
        (tmp_path / f"{number}.bin").write_bytes(image(number))
    board = ("--board", "b1", "--chip", "esp32", "--slot-size", "0x1E0000")
    run("init", "sensor", "--insecure-no-passphrase", *board)
    where = ("--channel", "stable", "--board", "b1")
    run("release", "1.bin", "--version", "1.0.0", *where)
    argv = ("release", "2.bin", "--version", "1.1.0", *where, "--base", "3.bin", "--base", "3.bin")
    code, out, _ = run(*argv)
    assert code == 0
    table = [line.split() for line in out.splitlines()[1:5]]
    assert table[0] == ["payload", "from", "bytes", "of", "full"]
    assert [row[:2] for row in table[1:]] == [["full", "-"], ["delta", "3.bin"], ["delta", "1.0.0"]]
    _, out, _ = run(*argv, "--json")
    said = json.loads(out)
    entries = said["manifest"]["payloads"]
    assert (said["new"], said["left_out"]) == (False, [])
    assert [one["length"] for one in said["payloads"]] == [entry["length"] for entry in entries]
    assert [one["from"] for one in said["payloads"]] == [None, "3.bin", "1.0.0"]
    assert said["payloads"][0]["percent_of_full"] == 100.0
    assert said["payloads"][1]["percent_of_full"] < 10


def test_keys_that_cannot_be_opened_are_told_of_before_anything_is_encoded(encoded):
    product = product_with("1.0.0")
    encoded.clear()

    class NoKeys(dict):
        def __missing__(self, role):
            raise KeyAccessError(f"no key of {role}")

    product.signers = NoKeys()
    with pytest.raises(KeyAccessError, match="no key of targets"):
        product.prepare("1.1.0", image(2))
    assert encoded == []
