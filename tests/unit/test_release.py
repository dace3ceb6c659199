import hashlib
import json
from dataclasses import replace

import esp_images
import pytest
from products import BOARD, Product

from publisher import payload
from publisher.errors import ImageError, SettingsError, StoreError
from publisher.plan import Kind


def with_board(product, **changes):
    boards = {"b1": replace(BOARD, **changes)}
    product.settings = replace(product.settings, boards=boards)


def test_a_release_offers_the_image_to_its_channel_and_board():
    product = Product()
    data = esp_images.app_image()
    manifest = product.release("1.4.3", data, notes="first", mandatory=True)
    whom = (manifest.product, manifest.channel, manifest.board, manifest.chip)
    assert whom == ("sensor", "stable", "b1", "esp32")
    assert (manifest.version, manifest.release, manifest.notes) == ("1.4.3", 1, "first")
    assert (manifest.mandatory, manifest.paused, manifest.min_version) == (True, False, None)
    assert manifest.size == len(data)
    assert manifest.sha256 == hashlib.sha256(data).hexdigest()
    assert manifest.md5 == hashlib.md5(data).hexdigest()
    assert manifest.image_digest == data[-32:].hex()
    assert product.open().read_manifest("stable", "b1") == manifest.to_bytes()


def test_the_payload_decodes_to_the_image_and_its_head_is_described():
    product = Product()
    data = esp_images.app_image()
    entry = product.release("1.0.0", data).full
    stored = product.read(entry.path)
    assert payload.decode(stored) == data
    assert (entry.length, entry.sha256) == (len(stored), hashlib.sha256(stored).hexdigest())
    head = stored[: entry.head_length]
    assert entry.head_sha256 == hashlib.sha256(head).hexdigest()
    assert payload.Head.from_bytes(stored).to_bytes() == head


def test_the_url_is_where_the_image_lies():
    product = Product()
    data = esp_images.app_image()
    manifest = product.release("1.0.0", data)
    path = manifest.url.removeprefix("https://updates.example.org/sensor/")
    assert product.read(path) == data


def test_version_json_has_the_four_fields_of_the_manifest():
    product = Product()
    manifest = product.release("1.0.0")
    assert json.loads(product.read("stable/b1/version.json")) == {
        "version": "1.0.0",
        "url": manifest.url,
        "md5": manifest.md5,
        "mandatory": False,
    }


def test_a_full_flash_file_is_released_as_the_application_in_it():
    product = Product()
    app = esp_images.app_image(code=b"inside" * 99)
    flash = esp_images.flash_file(apps={0x10000: app})
    assert product.release("1.0.0", flash).sha256 == hashlib.sha256(app).hexdigest()


def test_releases_count_up_within_a_channel_and_board():
    product = Product()
    product.settings = replace(product.settings, boards={"b1": BOARD, "b2": BOARD})
    assert product.release("1.0.0").release == 1
    assert product.release("1.0.1").release == 2
    assert product.release("1.0.0", channel="beta").release == 1
    assert product.release("1.0.0", board="b2").release == 1
    newest = product.release("1.0.2")
    assert (newest.release, newest.rollout.salt) == (3, "stable/b1/3")
    assert newest.rollout.basis_points == 10000
    assert len(product.open().offered()) == 3


@pytest.mark.parametrize("version", ["1.4.2", "1.3.99", "0.99.99"])
def test_a_version_that_does_not_increase_in_its_channel_is_refused(version):
    product = Product()
    product.release("1.4.3")
    with pytest.raises(SettingsError, match=f"{version} does not follow 1.4.3 on stable/b1"):
        product.prepare(version)


def test_versions_increase_as_numbers_not_as_text():
    product = Product()
    product.release("1.9.0")
    assert product.release("1.10.0").release == 2


def test_the_same_version_with_another_image_is_refused():
    product = Product()
    product.release("1.0.0")
    other = esp_images.app_image(code=b"other" * 50)
    with pytest.raises(SettingsError, match="already released on stable/b1 with other content"):
        product.prepare("1.0.0", other)


def test_the_same_version_with_other_notes_is_refused():
    product = Product()
    product.release("1.0.0")
    with pytest.raises(SettingsError, match="already released"):
        product.prepare("1.0.0", notes="changed my mind")


def test_the_very_same_release_again_changes_nothing():
    product = Product()
    manifest = product.release("1.0.0")
    objects = dict(product.store.objects)
    product.later(hours=1)
    again = product.prepare("1.0.0")
    assert (again.is_new, again.manifest) == (False, manifest)
    product.publish(again.plan)
    assert product.store.objects == objects


@pytest.mark.parametrize("part", ["/payloads/", "/images/"])
def test_the_very_same_release_again_brings_back_a_lost_file(part):
    product = Product()
    product.release("1.0.0")
    objects = dict(product.store.objects)
    del product.store.objects[next(key for key in objects if part in key)]
    product.publish(product.prepare("1.0.0").plan)
    assert product.store.objects == objects


def test_a_damaged_file_is_called_damaged_and_not_somebody_elses():
    product = Product()
    product.release("1.0.0")
    name = next(key for key in product.store.objects if "/payloads/" in key)
    product.store.objects[name] = replace(product.store.objects[name], data=b"rot")
    with pytest.raises(StoreError, match="is damaged: its SHA-256 is not its name") as caught:
        product.publish(product.prepare("1.0.0").plan)
    assert "remove it" in caught.value.hint


def test_a_version_json_that_an_interrupted_run_left_behind_is_brought_up_to_date():
    product = Product()
    product.release("1.0.0")
    old = product.store.objects["sensor/stable/b1/version.json"]
    product.release("1.1.0")
    product.store.objects[old.key] = old
    plan = product.prepare("1.1.0").plan
    assert [write.kind for write in plan.pointers] == [Kind.VERSION_JSON]
    product.publish(plan)
    assert b"1.1.0" in product.read("stable/b1/version.json")


@pytest.mark.parametrize("version", ["1.4", "v1.4.3", "1.100.0", "01.0.0", "429496.0.0", ""])
def test_a_version_that_readers_would_misread_is_refused(version):
    with pytest.raises(SettingsError, match="version"):
        Product().prepare(version)


@pytest.mark.parametrize("minimum", ["1.0.0", "2.0.0"])
def test_a_minimum_version_must_be_older(minimum):
    with pytest.raises(SettingsError, match="not older than 1.0.0"):
        Product().prepare("1.0.0", min_version=minimum)


@pytest.mark.parametrize("channel", ["metadata", "targets", "payloads", "images", "Stable", "a/b"])
def test_a_channel_that_would_lie_in_the_way_is_refused(channel):
    with pytest.raises(SettingsError, match="channel"):
        Product().prepare("1.0.0", channel=channel)


def test_an_image_for_another_chip_is_refused():
    with pytest.raises(ImageError, match="the image is for esp32c3"):
        Product().prepare("1.0.0", esp_images.app_image("esp32c3"))


def test_an_image_larger_than_the_slot_is_refused():
    product = Product()
    with_board(product, slot_size=4096)
    with pytest.raises(ImageError, match="more than the board's slot holds"):
        product.prepare("1.0.0", esp_images.app_image(code=bytes(5000)))


def test_a_damaged_image_is_refused():
    data = bytearray(esp_images.app_image())
    data[100] ^= 1
    with pytest.raises(ImageError):
        Product().prepare("1.0.0", bytes(data))


def test_a_version_in_the_image_must_be_the_one_released():
    product = Product()
    data = esp_images.app_image(version="1.4.2")
    with pytest.raises(ImageError, match="says that it is version 1.4.2, not 1.4.3"):
        product.prepare("1.4.3", data)
    assert product.prepare("1.4.2", data).warnings == ()


def test_a_version_in_the_image_that_is_no_xyz_is_only_warned_of():
    data = esp_images.app_image(version="v1.28-dirty")
    (warning,) = Product().prepare("1.0.0", data).warnings
    assert 'calls itself "v1.28-dirty"' in warning


def test_the_images_secure_version_must_be_the_boards():
    product = Product()
    data = esp_images.app_image(secure_version=2)
    with pytest.raises(ImageError, match="secure_version 2"):
        product.prepare("1.0.0", data)
    with_board(product, security_version=2)
    assert product.prepare("1.0.0", data).manifest.security_version == 2


def test_security_version_never_falls():
    product = Product()
    with_board(product, security_version=2)
    product.release("1.0.0")
    with_board(product, security_version=1)
    with pytest.raises(SettingsError, match="security_version 1 is below 2"):
        product.prepare("1.1.0")


@pytest.mark.parametrize("notes", ["x" * 501, "caf\u00e9", "two\nlines"])
def test_notes_that_a_board_could_not_read_are_refused(notes):
    with pytest.raises(SettingsError, match="notes"):
        Product().prepare("1.0.0", notes=notes)


def test_a_url_that_the_article_s_client_would_cut_off_is_refused():
    product = Product()
    edge = replace(product.settings.edge, base_url=f"https://{'a' * 60}.example.org/{'b' * 200}/")
    product.settings = replace(product.settings, edge=edge)
    with pytest.raises(SettingsError):
        product.prepare("1.0.0")


def test_nothing_is_written_while_a_release_is_prepared():
    product = Product()
    objects = dict(product.store.objects)
    product.prepare("1.0.0")
    assert product.store.objects == objects


def test_preparing_twice_gives_the_same_bytes():
    """Ed25519 and deflate are deterministic, so a plan can be compared byte for byte."""
    product = Product()
    assert product.prepare("1.0.0").plan == product.prepare("1.0.0").plan
