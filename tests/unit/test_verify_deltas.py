"""Deltas, as the reviewer's tool judges them: on their base where that was published."""

import hashlib
from dataclasses import replace
from random import Random

import esp_images
import pytest
from products import NOW, Product

from publisher.layout import image_path
from publisher.manifest import Manifest
from publisher.payload import Base, Head, encode_delta
from publisher.payloads import Payload, payload_entry
from publisher.plan import File, Kind, make_plan
from publisher.repository import Offering
from publisher.settings import PayloadSettings
from publisher.verification.walk import Beforehand
from publisher.verify import verify

NOISE = Random(5).randbytes(20000)


def image(number):
    return esp_images.app_image(code=NOISE[:9000] + bytes([number]) * 8 + NOISE[9000:])


OLD, NEW, OTHER = (image(number) for number in range(3))


def delta(base=OLD, new=NEW):
    return encode_delta(Base(base, base[-32:]), new, 12288)


def path_of(data):
    return image_path(hashlib.sha256(data).hexdigest())


@pytest.fixture
def product():
    """1.0.0 is OLD; 1.1.0 is NEW, with a delta."""
    product = Product()
    product.settings = replace(product.settings, payload=PayloadSettings())
    product.release("1.0.0", OLD)
    product.release("1.1.0", NEW)
    return product


def report_of(product, **known):
    def read(key):
        stored = product.store.read(key)
        return None if stored is None else stored.data

    fingerprint = product.settings.root_sha256
    return verify(read, "sensor", fingerprint, NOW, known=Beforehand(**known))


def found(product, severity, **known):
    findings = report_of(product, **known).findings
    return [f"{one.key}: {one.message}" for one in findings if one.severity == severity]


def manifest_of(product):
    return Manifest.from_bytes(product.open().read_manifest("stable", "b1"))


def reason(product):
    (entry,) = manifest_of(product).deltas
    (trusted,) = (one for one in report_of(product).objects if one.key.endswith(entry.path))
    assert trusted.reason.startswith(
        "length and SHA-256 are in the manifest of 1.1.0 for stable/b1"
    )
    return trusted.reason


def sign(product, data, base=OLD):
    """Offer the release with another delta, signed for all the same."""
    view = product.view()
    repository, manifest = product.open(view), manifest_of(product)
    payload = Payload(payload_entry(data, base[-32:].hex()), data)
    offered = replace(manifest, payloads=(manifest.full, payload.entry)).to_bytes()
    repository.offer_all([Offering("stable", "b1", offered, {})])
    sha256 = hashlib.sha256(offered).hexdigest()
    path = f"targets/stable/{sha256}.b1.json"
    files = [payload.file, File(Kind.MANIFEST, path, offered), *repository.edited]
    product.publish(make_plan("sensor", files, view.stored))
    return payload.entry


def put(product, path, data):
    there = product.store.objects[f"sensor/{path}"]
    product.store.objects[there.key] = replace(there, data=data)


def test_a_delta_is_decoded_on_the_base_that_was_released_before(product):
    assert report_of(product).ok
    assert "decode to the image, on the base that it names" in reason(product)


def test_a_delta_on_a_base_that_was_never_released_is_held_against_the_image(product):
    sign(product, delta(OTHER), OTHER)
    assert report_of(product).ok
    said = reason(product)
    assert "its table has the hashes of the image's" in said
    assert f"its base, of digest {OTHER[-32:].hex()}, is not here" in said


def test_a_delta_whose_base_is_lost_is_held_against_the_image(product):
    del product.store.objects[f"sensor/{path_of(OLD)}"]
    assert found(product, "error") == []
    assert "its table has the hashes" in reason(product)


def test_a_changed_delta_is_found(product):
    (entry,) = manifest_of(product).deltas
    data = bytearray(product.read(entry.path))
    data[-4] ^= 1
    put(product, entry.path, bytes(data))
    (error,) = found(product, "error")
    assert f"{entry.path}: its SHA-256 is" in error


def test_a_missing_delta_is_found(product):
    (entry,) = manifest_of(product).deltas
    del product.store.objects[f"sensor/{entry.path}"]
    assert found(product, "error") == [f"sensor/{entry.path}: it is missing"]


def test_a_delta_that_does_not_decode_is_found_though_it_is_signed_for(product):
    data = bytearray(delta())
    data[-4] ^= 1
    entry = sign(product, bytes(data))
    (error,) = found(product, "error")
    assert error.startswith(f"sensor/{entry.path}: ")


def test_a_table_that_lies_is_found_though_the_base_was_never_released(product):
    data = bytearray(delta(OTHER))
    data[80] ^= 1
    sign(product, bytes(data), OTHER)
    (error,) = found(product, "error")
    assert "row 0 does not have the hash of the image's block" in error


def test_a_delta_for_another_base_than_the_manifest_says_is_found(product):
    sign(product, delta(OTHER), OLD)
    (error,) = found(product, "error")
    assert f"base_digest is {OTHER[-32:].hex()}; it should be {OLD[-32:].hex()}" in error


def test_a_delta_to_another_image_is_found(product):
    sign(product, delta(OLD, OTHER), OLD)
    (error,) = found(product, "error")
    assert "image_sha256 is" in error


def test_a_delta_that_a_board_has_no_memory_for_is_a_warning_as_the_full_payload_serves():
    product = Product()
    board = replace(product.settings.boards["b1"], payload_memory=8192)
    product.settings = replace(product.settings, boards={"b1": board})
    product.release("1.0.0", OLD)
    product.release("1.1.0", NEW)
    sign(product, delta())
    needed = Head.from_bytes(delta()).memory
    assert found(product, "warning", memory={"b1": needed}) == []
    assert found(product, "error", memory={"b1": 8192}) == []
    (warning,) = found(product, "warning", memory={"b1": needed - 1})
    assert f"it needs {needed:,} bytes of memory, b1 boards have {needed - 1:,} for it" in warning
    assert "they take the full payload" in warning


def test_the_deltas_of_older_releases_are_history(product):
    product.release("1.2.0", OTHER)
    older = [one for one in report_of(product).objects if not one.current]
    assert sum("decode to the image, on the base" in one.reason for one in older) == 1
    assert report_of(product).ok
