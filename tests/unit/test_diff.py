"""What is published, held against what the working copy asks for."""

import json
from dataclasses import replace
from pathlib import Path

import esp_images
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from products import Product
from securesystemslib.signer import SSlibKey
from tuf.api.metadata import Role

from publisher.image import read_image
from publisher.manifest import version_json
from publisher.pins.sets import PinSet
from publisher.settings import BoardSettings, EdgeSettings, ExpirySettings
from publisher.signers.key_ids import key_ids
from publisher.upkeep.differences import (
    Offered,
    changed_sectors,
    compare_boards,
    compare_image,
    compare_keys,
    compare_lifetimes,
    compare_offer,
    compare_pins,
)

OLD = esp_images.app_image(code=b"old." * 4096)


@pytest.fixture(scope="module")
def product():
    """1.0.0 is released on stable."""
    product = Product()
    product.release("1.0.0", OLD)
    return product


@pytest.fixture(scope="module")
def offer(product):
    [manifest] = [product.prepare("1.0.0", OLD).manifest]
    return Offered(manifest, version_json=version_json(manifest))


def told(differences):
    return [(one.where, one.what, one.published, one.wanted) for one in differences]


def with_board(product, **changes):
    board = replace(product.settings.boards["b1"], **changes)
    return replace(product.settings, boards={"b1": board})


def test_what_was_just_released_differs_in_nothing(product, offer):
    assert told(compare_offer(product.settings, offer)) == []
    assert told(compare_boards(["b1"], [offer])) == []
    assert told(compare_lifetimes(product.settings.expiry_days, product.open().states())) == []


def test_boards_without_an_offer_and_offers_without_a_board_are_told(offer):
    assert told(compare_boards(["b2", "b3"], [offer])) == [
        ("board b2", "offers", "none", "one at least"),
        ("board b3", "offers", "none", "one at least"),
        ("stable/b1", "board", "1.0.0", "no [boards.b1]"),
    ]


def test_an_offer_for_a_board_that_is_not_configured_is_held_against_the_rest(product, offer):
    settings = replace(product.settings, boards={"b2": BoardSettings("esp32", 65536)})
    assert told(compare_offer(settings, offer)) == []


@pytest.mark.parametrize(
    ("name", "value", "published"),
    [
        ("security_version", 2, "0"),
        ("confirm_within_s", 60, "300"),
        ("chip", "esp32c3", "esp32"),
    ],
)
def test_a_setting_that_is_not_released_yet_is_told(product, offer, name, value, published):
    found = told(compare_offer(with_board(product, **{name: value}), offer))
    assert found == [("stable/b1", name, published, str(value))]


def test_an_offer_and_a_stone_that_no_longer_fit_the_slot_are_told(product, offer):
    stone = replace(offer.manifest, version="0.9.0", size=999_999)
    found = told(
        compare_offer(with_board(product, slot_size=8192), replace(offer, stones=(stone,)))
    )
    assert found == [
        ("stable/b1", "slot_size", f"1.0.0 has {len(OLD):,} bytes", "8,192 bytes"),
        ("stable/b1", "slot_size", "0.9.0 has 999,999 bytes", "8,192 bytes"),
    ]


def test_a_payload_that_boards_have_no_memory_for_is_told(product, offer):
    heavy = replace(offer, memory={offer.manifest.full.path: 28_672})
    assert told(compare_offer(product.settings, heavy)) == []
    found = told(compare_offer(with_board(product, payload_memory=8192), heavy))
    needs = "1.0.0: its full payload needs 28,672 bytes"
    assert found == [("stable/b1", "payload_memory", needs, "8,192 bytes")]


def test_another_base_url_is_told(product, offer):
    settings = replace(product.settings, edge=EdgeSettings("https://cdn.example.net/"))
    found = told(compare_offer(settings, offer))
    before, after = "https://updates.example.org/sensor/", "https://cdn.example.net/sensor/"
    assert found == [("stable/b1", "base_url", before, after)]


def test_a_version_json_that_was_left_behind_is_told(product, offer):
    left = replace(offer, version_json=b'{"version":"0.9.0"}')
    found = told(compare_offer(product.settings, left))
    says = "what the manifest of 1.0.0 says"
    assert found == [("stable/b1", "version.json", "something else", says)]
    gone = replace(offer, version_json=None)
    found = told(compare_offer(product.settings, gone))
    assert found == [("stable/b1", "version.json", "missing", "1.0.0")]


def test_roles_that_were_signed_for_another_time_are_told(product):
    found = told(compare_lifetimes(ExpirySettings(timestamp=3, root=99), product.open().states()))
    assert found == [("timestamp", "expiry_days", "7", "3")]


def test_signers_that_root_does_not_name_and_too_few_of_them_are_told():
    role = Role(["aa" * 32, "bb" * 32], threshold=2)
    assert told(compare_keys("targets", role, {"file:a": "aa" * 32, "kms:b": None})) == []
    assert told(compare_keys("targets", role, {"file:c": "cc" * 32})) == [
        ("targets", "signers", "2 of 2 keys have to sign", "1 named in [keys]"),
        ("targets", "key", "not among its 2 keys", "file:c"),
    ]


def test_root_s_signers_may_be_elsewhere():
    assert told(compare_keys("root", Role(["aa" * 32], threshold=1), {})) == []


def test_a_key_id_is_told_of_an_open_key_or_of_the_public_one_beside_it(tmp_path):
    public = Ed25519PrivateKey.generate().public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "kept.pub").write_bytes(pem)
    (tmp_path / "other.pem.pub").write_bytes(pem)
    (tmp_path / "broken.pem").write_bytes(b"no key")
    keyid = SSlibKey.from_crypto(public).keyid
    uris = ("file:kept.pem", "file:other.pem", "file:broken.pem", "file:none.pem", "awskms:x")
    assert list(key_ids(uris, tmp_path).values()) == [keyid, keyid, None, None, None]


def test_a_pin_set_that_says_something_else_than_edge_is_told():
    base = ("https://updates.example.org/sensor/",)
    edge = PinSet(0, base, ("aa" * 32,), ("cc" * 32,))
    assert told(compare_pins(replace(edge, serial=3), edge)) == []
    newest = PinSet(3, ("https://old/",), ("aa" * 32, "bb" * 32), ("cc" * 32, "dd" * 32))
    assert told(compare_pins(newest, edge)) == [
        ("pin set 3", "base_url", "https://old/", base[0]),
        ("pin set 3", "pins", "2: bbbbbbbbbbbbbbbb...", "1"),
        ("pin set 3", "ca", "2: dddddddddddddddd...", "1"),
    ]


def test_an_image_is_held_against_what_is_offered(offer):
    assert told(compare_image(read_image(OLD, "it"), offer.manifest, OLD)) == []
    new = read_image(esp_images.app_image(code=b"old." * 3072 + b"new." * 1024), "it")
    found = told(compare_image(new, offer.manifest, OLD))
    assert [one[1] for one in found] == ["image_digest", "4 KiB sectors"]
    assert found[-1] == ("stable/b1", "4 KiB sectors", "1.0.0", "2 of 5 changed (40.0 %)")
    assert len(told(compare_image(new, offer.manifest, None))) == 1


def test_a_sector_counts_where_a_byte_of_it_differs_or_is_not_there():
    old = bytes(4096 * 3)
    assert changed_sectors(old, old) == (0, 3)
    assert changed_sectors(old, bytes(4096) + b"\1" + bytes(4096 * 3 - 1)) == (2, 4)


# the command

INIT = ("--board", "b1", "--chip", "esp32", "--slot-size", "0x1E0000", "--insecure-no-passphrase")
WHOM = ("--channel", "stable", "--board", "b1")


@pytest.fixture
def working_copy(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("init", "sensor", "--base-url", "https://updates.example.org/", *INIT)[0] == 0
    Path("app.bin").write_bytes(OLD)
    assert run("release", "app.bin", "--version", "1.0.0", *WHOM)[0] == 0
    return tmp_path


def edit(old, new):
    settings = Path("slotcast.toml")
    assert old in settings.read_text()
    settings.write_text(settings.read_text().replace(old, new))


def test_nothing_differs_after_a_release(run, working_copy):
    code, out, err = run("diff")
    assert (code, out, err) == (0, "what is published is what slotcast.toml asks for\n", "")


def test_what_was_edited_is_told_to_a_person_and_to_a_program(run, working_copy):
    edit("security_version = 0", "security_version = 1\npayload_memory = 8192")
    edit("keys/targets.pem", "keys/snapshot.pem")
    code, out, _ = run("diff")
    assert code == 1
    assert "stable/b1  security_version  0 " in out
    code, out, _ = run("diff", "--json")
    found = json.loads(out)
    assert (code, found["same"]) == (1, False)
    assert [(one["where"], one["what"]) for one in found["differences"]] == [
        ("stable/b1", "security_version"),
        ("stable/b1", "payload_memory"),
        ("targets", "key"),
    ]
    found = json.loads(run("diff", "--channel", "stable", "--json")[1])
    assert {one["where"] for one in found["differences"]} == {"stable/b1"}


@pytest.mark.parametrize("command", ["diff", "history"])
def test_a_filter_that_names_nothing_is_an_error_that_says_what_there_is(
    run, working_copy, command
):
    code, out, err = run(command, "--channel", "nosuch")
    assert (code, out) == (1, "")
    assert err == "slotcast: error: there is no channel nosuch\nhint: there is: stable\n"
    code, out, err = run(command, "--channel", "stable", "--board", "b2")
    assert (code, out) == (1, "")
    assert err == "slotcast: error: there is no board b2\nhint: there is: b1\n"
    assert run(command, *WHOM)[0] == 0


def test_a_board_that_is_offered_nothing_yet_may_be_named(run, working_copy):
    settings = Path("slotcast.toml")
    more = '\n[boards.b2]\nchip = "esp32"\nslot_size = 0x1E0000\n'
    settings.write_text(settings.read_text() + more)
    assert run("history", "--board", "b2")[:2] == (0, "nothing was released there yet\n")
    code, out, _ = run("diff", "--board", "b2")
    assert code == 1
    assert "board b2  offers  none" in out


def test_keys_behind_a_passphrase_are_said_to_be_left_out(run, working_copy, monkeypatch):
    edit("file:keys/targets.pem", "awskms:alias/targets")
    code, out, err = run("diff")
    assert (code, err) == (0, "")
    assert "not compared, as that would take a secret: targets: awskms:alias/targets" in out


def test_a_file_is_held_against_one_offer(run, working_copy):
    code, out, _ = run("diff", "--image", "app.bin", *WHOM)
    assert (code, out) == (0, "app.bin is what is offered\n")
    Path("new.bin").write_bytes(esp_images.app_image(code=b"new." * 4096))
    code, out, _ = run("diff", "--image", "new.bin", *WHOM)
    assert code == 1
    assert "stable/b1  4 KiB sectors" in out
    code, _, err = run("diff", "--image", "new.bin")
    assert code == 1
    assert "hint: add --channel and --board" in err
    code, _, err = run("diff", "--image", "new.bin", "--channel", "beta", "--board", "b1")
    assert code == 1
    assert "nothing is offered on beta/b1" in err
