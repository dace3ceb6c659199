"""Manifests, payloads, images and version.json, as the reviewer's tool judges them."""

import json

import esp_images as esp
import pytest
from published_product import PublishedProduct, compact
from verify_reports import errors, only_error, warnings

from publisher.payload import cut_full
from publisher.verification.walk import Beforehand

VERSION_JSON = "stable/sensor-r2/version.json"


@pytest.fixture
def product():
    return PublishedProduct()


def payload_path(product):
    return product.manifest["payloads"][0]["path"]


def image_path(product):
    return f"images/{product.manifest['sha256']}.bin"


def test_a_channel_that_offers_the_same_image_is_verified_too(product):
    product.targets.targets.clear()
    product.manifest["channel"] = "beta"
    product.put("beta/sensor-r2/version.json", product.files[f"sensor/{VERSION_JSON}"])
    product.publish_manifest("beta/sensor-r2.json")
    assert errors(product) == []


def test_a_broken_release_beside_a_sound_one_is_found(product):
    sound = product.targets.targets
    product.image = esp.app_image("esp32", version="2.0.0")
    product.payload = cut_full(product.image, 4096)
    product.manifest = {**product.make_manifest(), "channel": "testing"}
    product.put(payload_path(product), product.payload[:-1])
    product.put(image_path(product), product.image)
    version_json = product.files[f"sensor/{VERSION_JSON}"]
    product.put("testing/sensor-r2/version.json", version_json)
    product.publish_manifest("testing/sensor-r2.json")
    product.targets.targets |= sound
    product.publish_targets()
    assert [error.split(":")[0] for error in errors(product)] == [
        payload_path(product),
        "testing/sensor-r2/version.json",
    ]


def test_a_manifest_that_is_not_the_one_named_is_refused(product):
    (key,) = (key for key in product.files if "/targets/" in key)
    product.files[key] = product.files[key].replace(b"1.4.3", b"1.4.4")
    only_error(product, key.removeprefix("sensor/"))


def test_a_manifest_that_breaks_its_schema_is_refused(product):
    product.manifest["size"] = 0
    product.publish_manifest()
    only_error(product, "this is no release manifest: size is 0")


@pytest.mark.parametrize("field", ["product", "channel", "board"])
def test_a_manifest_for_somebody_else_is_refused(product, field):
    product.manifest[field] = "other"
    product.publish_manifest()
    only_error(product, "it is for")


@pytest.mark.parametrize("name", ["sensor-r2.json/x/y", "a/../b.json"])
def test_a_target_whose_name_is_no_channel_and_board_is_refused(product, name):
    target = product.targets.targets.pop("stable/sensor-r2.json")
    product.targets.targets[name] = target
    product.publish_targets()
    only_error(product, name)


@pytest.mark.parametrize("oldest", ["1.4.3", "1.10.0"])
def test_a_release_that_no_board_may_take_directly_is_refused(product, oldest):
    product.manifest["min_version"] = oldest
    product.publish_manifest()
    only_error(product, f"min_version {oldest} is not older than version 1.4.3")
    product.manifest["min_version"] = "1.4.2"
    product.publish_manifest()
    assert errors(product) == []


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("length", 5000, "its length is"),
        ("head_length", 100, "the length of its head is"),
        ("head_sha256", "00" * 32, "the SHA-256 of its head is"),
    ],
)
def test_a_payload_other_than_the_manifest_says_is_refused(product, field, value, says):
    product.manifest["payloads"][0][field] = value
    product.publish_manifest()
    only_error(product, says)


def test_a_changed_payload_is_refused(product):
    path = payload_path(product)
    data = bytearray(product.files[f"sensor/{path}"])
    data[-1] ^= 1
    product.put(path, bytes(data))
    only_error(product, f"{path}: its SHA-256 is")


def publish_payload(product, payload):
    """Publish another payload under names and hashes of its own."""
    product.payload = payload
    product.manifest["payloads"] = product.make_manifest()["payloads"]
    product.publish_release()


def test_a_payload_with_a_bad_block_is_refused_even_if_it_is_signed_for(product):
    bad = bytearray(product.payload)
    bad[80] ^= 1
    publish_payload(product, bytes(bad))
    only_error(product, "block 0 does not have the hash of its row")


@pytest.mark.parametrize(("block_size", "window_bits"), [(32768, 9), (4096, 15)])
def test_a_payload_that_boards_have_no_memory_for_is_refused(product, block_size, window_bits):
    publish_payload(product, cut_full(product.image, block_size, window_bits))
    needed = block_size + (1 << window_bits)
    assert errors(product, known=Beforehand(memory={"other": 8192})) == []
    assert errors(product, known=Beforehand(memory={"sensor-r2": needed})) == []
    known = Beforehand(memory={"sensor-r2": needed - 1})
    only_error(product, f"it needs {needed:,} bytes of memory, sensor-r2 boards", known=known)


def test_a_payload_whose_header_promises_another_image_is_refused(product):
    other = product.payload[:16] + bytes(32) + product.payload[48:]
    publish_payload(product, other)
    only_error(product, f"image_sha256 is {'00' * 32}")


def test_a_payload_under_another_name_is_refused(product):
    product.manifest["payloads"][0]["path"] = f"payloads/{'00' * 32}.slc"
    product.publish_release()
    only_error(product, "its path is")


def test_a_payload_of_another_image_is_refused_even_if_it_is_signed_for(product):
    publish_payload(product, cut_full(esp.app_image("esp32", version="6.6.6"), 4096))
    only_error(product, "image_size is")


@pytest.mark.parametrize("field", ["md5", "image_digest"])
def test_a_digest_of_the_manifest_that_the_image_does_not_have_is_found(product, field):
    product.manifest[field] = "00" * (len(product.manifest[field]) // 2)
    product.publish_release()
    assert len(errors(product)) == 2  # of the decoded payload, and of the image


def test_a_changed_image_is_refused(product):
    product.put(image_path(product), product.image[:-1] + b"!")
    only_error(product, "the image's SHA-256 is")


def test_an_image_that_no_board_would_boot_is_refused_even_if_it_is_signed_for(product):
    product.image = product.image[:-33] + b"?" + product.image[-32:]
    product.payload = cut_full(product.image, 4096)
    product.manifest = product.make_manifest()
    product.publish_release()
    only_error(product, "it is damaged: its checksum is wrong")


def test_an_image_for_another_chip_is_refused(product):
    product.manifest["chip"] = "esp32c3"
    product.publish_manifest()
    only_error(product, "its chip is esp32; it should be esp32c3")


def test_a_url_elsewhere_is_refused(product):
    product.manifest["url"] = "https://updates.example.com/sensor/images/other.bin"
    product.publish_release()
    only_error(product, "the manifest's url is another")


@pytest.mark.parametrize("base", ["https://user@updates.example.com/", "https://[::1]/"])
def test_a_url_that_begins_as_no_board_would_take_it_is_refused(product, base):
    product.manifest["url"] = f"{base}sensor/{image_path(product)}"
    product.publish_release()
    only_error(product, "what the manifest's url begins with")


def test_a_version_json_that_says_otherwise_is_refused(product):
    fields = json.loads(product.files[f"sensor/{VERSION_JSON}"])
    product.put(VERSION_JSON, compact({**fields, "version": "1.4.4"}))
    only_error(product, f"{VERSION_JSON}: it is not what the manifest of 1.4.3 says")


def test_payloads_of_later_kinds_are_a_warning(product):
    product.manifest["payloads"].append({"kind": "torrent"})
    product.publish_manifest()
    assert errors(product) == []
    assert warnings(product) == ['payloads of kind "torrent" are not verified']
