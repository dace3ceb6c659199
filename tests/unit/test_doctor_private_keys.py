"""Keys in the store under names that Slotcast gives, and how many objects are looked into."""

import os
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from published_product import PublishedProduct

from publisher.doctor.private_keys import MOST_READ, check_private_keys
from publisher.doctor.replies import Reply
from publisher.doctor.site import Site
from publisher.stores.directory import DirectoryStore

SHA = "ab" * 32
KEY = Ed25519PrivateKey.generate()
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
PRODUCT = PublishedProduct()
SIGNER = PRODUCT.signers["targets"][0]
SEED = load_pem_private_key(SIGNER.private_bytes, None).private_bytes_raw()


class Counted(DirectoryStore):
    """A store that counts what is read."""

    reads = 0

    def read_range(self, key, start, stop):
        self.reads += 1
        return super().read_range(key, start, stop)


@pytest.fixture
def store(tmp_path):
    return Counted(tmp_path)


@pytest.fixture
def put(tmp_path):
    """Puts an object below the product, that was written `age_s` ago."""

    def put(path, data, age_s=0):
        file = tmp_path / "sensor" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        os.utime(file, (10**9 - age_s,) * 2)

    return put


def make_site(store, product=PRODUCT):
    """The product at an edge that gives its roots."""

    def ask(path):
        data = product.read(f"sensor/{path}")
        return Reply(path, 404) if data is None else Reply(path, 200, {}, data)

    settings = SimpleNamespace(product="sensor", root_sha256=product.fingerprint)
    return Site(settings, SimpleNamespace(ask=ask), lambda: store, (), None)


def look(store, product=PRODUCT):
    return [
        (one.state, one.says.replace(store.location, "here"))
        for one in check_private_keys(make_site(store, product))
    ]


@pytest.mark.parametrize("lines", [100, 700])  # of 65 bytes: below and above 4 KiB
def test_a_key_behind_much_text_is_found_in_what_slotcast_does_not_write(store, put, lines):
    put("metadata/1.root.json", b"{}")
    put("readme.txt", (b"." * 64 + b"\n") * lines + PEM)
    [(state, _)] = look(store)
    assert state == "FAIL"


@pytest.mark.parametrize(
    "path",
    [
        f"payloads/{SHA}.slc",
        f"images/{SHA}.bin",
        "metadata/99.targets.json",
        f"targets/{SHA}.pins.json",
        "beta/b9/version.json",
        "readme.txt",
    ],
)
def test_a_key_is_found_whatever_it_is_called(store, put, path):
    put("metadata/1.root.json", b"{}")
    put(path, PEM)
    assert look(store) == [
        (
            "FAIL",
            f"sensor/{path} in here is a private key, or as private as one "
            "(looked into 2 of 2 objects)",
        )
    ]


def test_firmware_that_can_read_keys_is_none(store, put):
    put(f"images/{SHA}.bin", b"\xe9" + PEM)
    put(f"payloads/{SHA}.slc", b"SLC\x01" + PEM)
    assert look(store) == [
        ("OK", "no key lies in here under the product (looked into 2 of 2 objects)")
    ]


def test_no_more_is_read_than_is_worth_it_and_the_newest_first(store, put):
    for number in range(1, MOST_READ + 1):
        put(f"metadata/{number}.targets.json", b"{}", age_s=10)
    put("metadata/999.targets.json", PEM, age_s=20)
    assert look(store) == [
        ("OK", "no key lies in here under the product (looked into 200 of 201 objects)")
    ]
    assert store.reads == MOST_READ
    put("metadata/999.targets.json", PEM)
    assert [state for state, _ in look(store)] == ["FAIL"]


def test_what_slotcast_does_not_write_comes_first_and_what_is_left_of_it_is_told(store, put):
    put("metadata/1.targets.json", PEM)
    for number in range(MOST_READ):
        put(f"notes/{number}.txt", b"hello", age_s=10)
    assert look(store)[0][0] == "OK"
    put("notes/more.txt", b"hello", age_s=10)
    assert look(store) == [
        (
            "UNKNOWN",
            "1 that Slotcast does not write were not looked into (looked into 200 of 202 objects)",
        )
    ]


@pytest.mark.parametrize(
    "path", [f"payloads/{SHA}.slc", "metadata/99.targets.json", "readme.txt", "keys/targets.pem"]
)
@pytest.mark.parametrize("data", [SEED, SEED.hex().encode() + b"\n"], ids=["raw", "hex"])
def test_a_bare_key_of_root_s_is_told_by_its_role(store, put, path, data):
    put(path, data)
    assert look(store) == [
        (
            "FAIL",
            f"sensor/{path} in here is the private key of targets, "
            f"{SIGNER.public_key.keyid[:8]} in root 1 (looked into 1 of 1 objects)",
        )
    ]


def test_roots_are_taken_from_the_store_before_the_edge(store, put):
    at_edge = SimpleNamespace(read=lambda path: None, fingerprint=PRODUCT.fingerprint)
    put("metadata/1.root.json", PRODUCT.read("sensor/metadata/1.root.json"))
    put("notes.txt", SEED)
    assert [state for state, _ in look(store, at_edge)] == ["FAIL"]


def test_without_root_it_is_said_that_bare_keys_cannot_be_told(store, put):
    put("notes.bin", SEED)
    lost = SimpleNamespace(read=lambda path: None, fingerprint=SHA)
    assert look(store, lost) == [
        ("UNKNOWN", "whether a key lies there bare, without any form: no root could be read"),
        ("OK", "no key lies in here under the product (looked into 1 of 1 objects)"),
    ]


def test_a_large_object_is_looked_into_as_far_as_it_goes(store, put):
    put("x.tar", PEM + bytes(10**6))
    assert [state for state, _ in look(store)] == ["FAIL"]


def test_what_is_gone_meanwhile_is_no_key(store, put, tmp_path):
    put("metadata/1.targets.json", PEM)
    site = make_site(store)
    assert len(site.listed) == 1
    (tmp_path / "sensor/metadata/1.targets.json").unlink()
    assert [one.state for one in check_private_keys(site)] == ["OK"]
