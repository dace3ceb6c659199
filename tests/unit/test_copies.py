"""Copies of past files: fetched once, and never trusted more than the store."""

from pathlib import Path

import pytest
from products import Product

from publisher.copies import Copies
from publisher.publish import View


class OnOneMachine(Product):
    """A product whose releases are made where copies are kept; `reads` are of the last release."""

    def __init__(self, folder: Path) -> None:
        self.copies = Copies(folder)
        super().__init__()
        inner = self.store.read
        self.reads: list[str] = []

        def read(key):
            self.reads.append(key)
            return inner(key)

        self.store.read = read

    def view(self) -> View:
        return View(self.store, "sensor", self.copies)

    def release(self, version, **request):
        self.later(hours=1)
        self.reads.clear()
        return super().release(version, **request)


@pytest.fixture
def product(tmp_path):
    return OnOneMachine(tmp_path / "past")


def test_a_release_reads_no_more_as_a_product_grows_old(product):
    counts = []
    for number in range(1, 8):
        product.release(f"1.0.{number}")
        counts.append(len(product.reads))
    assert len(set(counts[2:])) == 1


def test_without_copies_the_same_is_offered(product):
    elsewhere = Product()
    elsewhere.signers, elsewhere.settings = product.signers, product.settings
    for number in range(1, 5):
        manifest = product.release(f"1.0.{number}", min_version="1.0.1" if number > 2 else None)
    elsewhere.store, elsewhere.now = product.store, product.now
    again = elsewhere.prepare("1.0.4", min_version="1.0.1")
    assert not again.is_new
    assert again.manifest == manifest


def test_a_copy_that_rotted_is_fetched_anew(product, tmp_path):
    for number in range(1, 4):
        product.release(f"1.0.{number}")
    for copy in (tmp_path / "past").glob("[0-9a-f]*"):
        copy.write_bytes(copy.read_bytes()[:-1] + b"!")
    product.release("1.0.4", min_version="1.0.1")
    assert "sensor/metadata/2.targets.json" in product.reads


def test_what_does_not_verify_is_not_kept(product, tmp_path):
    product.release("1.0.1")
    first = product.store.read("sensor/metadata/2.targets.json")
    assert first is not None
    product.release("1.0.2")
    good = product.store.objects["sensor/metadata/2.targets.json"]
    forged = first.data.replace(b'"version":2', b'"version":9')
    del product.store.objects[good.key]
    product.store.objects[good.key] = type(good)(good.key, forged, "", "")
    product.copies = Copies(tmp_path / "new")
    product.release("1.0.3")
    product.store.objects[good.key] = good
    product.release("1.0.4", min_version="1.0.1")
    assert product.open().stone_versions("stable", "b1") == ["1.0.1"]


def test_a_folder_that_cannot_be_written_is_no_trouble(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    copies = Copies(tmp_path / "file" / "past")
    copies.keep("a", b"data")
    assert copies.read("a") is None
