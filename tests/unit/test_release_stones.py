"""Releases that older boards take first: where they are found, and what is refused."""

from dataclasses import replace

import esp_images
import pytest
from products import Product
from securesystemslib.signer import CryptoSigner

from publisher.errors import SettingsError, StoreError, VerificationError
from publisher.layout import hashed_path
from publisher.manifest import Manifest
from publisher.newer import find_newer
from publisher.plan import File, Kind, make_plan
from publisher.repository import Offering
from publisher.rollout import Ramp, Rollout

NEVER = "was never released on stable/b1"


@pytest.fixture
def product():
    made = Product()
    made.release("1.0.0")
    return made


def stones(product):
    """The stones of stable/b1 that boards find now, by version."""
    names = [name for name in product.open().targets().targets if name.startswith("stable/b1/")]
    versions = [name.rpartition("/")[2].removesuffix(".json") for name in names]
    read = product.open().read_stone
    return {text: Manifest.from_bytes(read("stable", "b1", text)) for text in sorted(versions)}


def offer(product, **changes):
    """Publish the manifest that stable/b1 is offered with changes that no command makes yet."""
    repository = product.open()
    manifest = Manifest.from_bytes(repository.read_manifest("stable", "b1"))
    data = replace(manifest, release=manifest.release + 1, **changes).to_bytes()
    repository.offer_all([Offering("stable", "b1", data, {})])
    sha256 = repository.offered()["stable/b1.json"].hashes["sha256"]
    file = File(Kind.MANIFEST, hashed_path("stable/b1.json", sha256), data)
    product.publish(make_plan("sensor", [file, *repository.edited], product.view().stored))


def lose(product, part):
    names = [name for name in product.store.objects if part in name]
    for name in names:
        del product.store.objects[name]
    assert names


def test_the_present_release_becomes_the_stone_of_the_next(product):
    before = product.open().read_manifest("stable", "b1")
    product.release("1.1.0", min_version="1.0.0")
    assert [stone.to_bytes() for stone in stones(product).values()] == [before]
    assert list(product.open().offered()) == ["stable/b1.json"]


def test_a_stone_lies_where_a_tuf_client_looks_for_it(product):
    product.release("1.1.0", min_version="1.0.0")
    target = product.open().targets().targets["stable/b1/1.0.0.json"]
    path = f"targets/stable/b1/{target.hashes['sha256']}.1.0.0.json"
    assert Manifest.from_bytes(product.read(path)).version == "1.0.0"


def test_a_stone_is_found_in_what_was_offered_before(product):
    product.release("1.1.0")
    product.release("1.2.0")
    product.release("1.3.0", min_version="1.0.0")
    assert list(stones(product)) == ["1.0.0"]


def test_a_stone_stays_while_it_is_needed_and_goes_when_it_is_not(product):
    product.release("1.1.0", min_version="1.0.0")
    lose(product, "/metadata/2.targets.json")  # where 1.0.0 was offered: the stone itself will do
    product.release("1.2.0", min_version="1.0.0")
    assert list(stones(product)) == ["1.0.0"]
    product.release("1.3.0")
    assert stones(product) == {}


def test_a_stone_that_needs_one_itself_keeps_it(product):
    product.release("1.1.0", min_version="1.0.0")
    prepared = product.prepare("1.2.0", min_version="1.1.0")
    product.publish(prepared.plan)
    assert [stone.version for stone in prepared.stones] == ["1.1.0", "1.0.0"]
    assert {text: stone.min_version for text, stone in stones(product).items()} == {
        "1.0.0": None,
        "1.1.0": "1.0.0",
    }
    product.release("1.3.0", min_version="1.0.0")
    assert list(stones(product)) == ["1.0.0"]


def test_a_stone_that_an_old_timestamp_hides_is_told(product):
    old = product.store.objects["sensor/metadata/timestamp.json"]
    product.release("1.1.0", min_version="1.0.0")
    product.store.objects[old.key] = old
    now, read = product.open(), product.view().read
    (newer,) = find_newer(read, now.root(), now.snapshot(), now.targets())
    assert "stable/b1/1.0.0: 1.0.0 in place of nothing" in newer.offers


def test_the_stones_of_others_stay(product):
    product.release("1.1.0", min_version="1.0.0")
    product.release("2.0.0", channel="beta")
    product.release("2.1.0", channel="beta", min_version="2.0.0")
    product.release("2.2.0", channel="beta")
    assert list(stones(product)) == ["1.0.0"]
    assert "beta/b1/2.0.0.json" not in product.open().targets().targets


def test_a_stone_is_for_everybody_and_the_run_says_what_it_was_before(product):
    rollout = Rollout("s", 100, ("canary",), Ramp(10000, "2026-11-22T07:00:00Z", 3600))
    offer(product, paused=True, rollout=rollout, withdrawn=("1.0.5",))
    prepared = product.prepare("1.1.0", min_version="1.0.0")
    product.publish(prepared.plan)
    (stone,) = stones(product).values()
    assert (stone.paused, stone.withdrawn) == (False, ())
    assert stone.rollout == Rollout("s", 10000)
    [warning] = [one for one in prepared.warnings if one.startswith("1.0.0 ")]
    assert "1.0.0 was not offered to all boards, or was paused" in warning


def test_a_version_that_was_released_elsewhere_only_is_no_stone(product):
    product.release("0.8.0", channel="beta")
    with pytest.raises(SettingsError, match=f"version 0.8.0 {NEVER}") as caught:
        product.prepare("1.1.0", min_version="0.8.0")
    assert "release it first" in caught.value.hint


def test_a_first_release_needs_no_other_first():
    with pytest.raises(SettingsError, match=f"version 1.0.0 {NEVER}"):
        Product().prepare("1.1.0", min_version="1.0.0")


@pytest.mark.parametrize("part", ["/payloads/", "/images/"])
def test_a_stone_whose_firmware_is_gone_or_damaged_is_refused(product, part):
    name = next(name for name in product.store.objects if part in name)
    there = product.store.objects[name]
    product.store.objects[name] = replace(there, data=b"rot")
    with pytest.raises(StoreError, match=r"no board can take 1\.0\.0: .* is damaged"):
        product.prepare("1.1.0", min_version="1.0.0")
    del product.store.objects[name]
    with pytest.raises(StoreError, match=r"no board can take 1\.0\.0: .* is gone") as caught:
        product.prepare("1.1.0", min_version="1.0.0")
    assert "that puts it back" in caught.value.hint


def test_what_other_keys_have_signed_is_not_signed_anew(product):
    """Whoever can write to the store could else have any firmware signed, as an old release."""
    product.release("1.1.0")
    mine = product.signers["targets"]
    product.signers["targets"] = [CryptoSigner.generate_ed25519()]
    forged = product.open().open("targets")
    for signer in product.signers["targets"]:
        forged.sign(signer)
    product.signers["targets"] = mine
    name = "sensor/metadata/2.targets.json"
    data = forged.to_bytes()
    product.store.objects[name] = replace(product.store.objects[name], data=data)
    with pytest.raises(SettingsError, match=NEVER):
        product.prepare("1.2.0", min_version="1.0.0")


def test_an_old_manifest_that_is_not_what_was_signed_is_passed_over(product):
    target = product.open().targets().targets["stable/b1.json"]
    name = f"sensor/{hashed_path('stable/b1.json', target.hashes['sha256'])}"
    product.release("1.1.0")
    there = product.store.objects[name]
    other = there.data.replace(b"1.0.0", b"1.0.1")
    product.store.objects[name] = replace(there, data=other)
    for version in ("1.0.0", "1.0.1"):
        with pytest.raises(SettingsError, match=NEVER):
            product.prepare("1.2.0", min_version=version)


def test_a_withdrawn_version_is_no_stone(product):
    product.release("1.1.0")
    offer(product, version="1.0.9", withdrawn=("1.1.0",))
    product.release("1.2.0")
    with pytest.raises(SettingsError, match=r"1\.1\.0 is withdrawn on stable/b1"):
        product.prepare("1.3.0", min_version="1.1.0")


def test_a_board_is_sent_by_eight_releases_at_most(product):
    for number in range(1, 9):
        product.release(f"1.{number}.0", min_version=f"1.{number - 1}.0")
    with pytest.raises(SettingsError, match="more than 8 releases first"):
        product.prepare("1.9.0", min_version="1.8.0")
    prepared = product.prepare("1.9.0", min_version="1.7.0")
    assert [stone.version for stone in prepared.stones][::7] == ["1.7.0", "1.0.0"]


def test_the_very_same_release_again_leaves_its_stones(product):
    product.release("1.1.0", min_version="1.0.0")
    objects = dict(product.store.objects)
    product.later(hours=1)
    again = product.prepare("1.1.0", min_version="1.0.0")
    assert (again.is_new, again.stones) == (False, tuple(stones(product).values()))
    product.publish(again.plan)
    assert product.store.objects == objects


@pytest.mark.parametrize("lifts", [False, True])
def test_the_very_same_release_again_brings_back_a_lost_stone(product, lifts):
    wanted = {"min_version": "1.0.0", "retry_failed": lifts}
    product.release("1.1.0", **wanted)
    objects = dict(product.store.objects)
    product.later(hours=1)
    lose(product, ".1.0.0.json")
    again = product.prepare("1.1.0", **wanted)
    product.publish(again.plan)
    assert again.is_new is False
    assert product.store.objects == objects


def test_the_very_same_release_again_names_a_stone_that_targets_do_not(product):
    product.release("1.1.0", min_version="1.0.0")
    offer(product)
    assert stones(product) == {}
    again = product.prepare("1.1.0", min_version="1.0.0")
    product.publish(again.plan)
    assert (again.is_new, list(stones(product))) == (False, ["1.0.0"])


@pytest.mark.parametrize("harm", ["lost", "damaged"])
def test_the_next_release_finds_a_stone_without_its_file_in_what_was_offered(product, harm):
    product.release("1.1.0", min_version="1.0.0")
    name = next(name for name in product.store.objects if name.endswith(".1.0.0.json"))
    there = product.store.objects.pop(name)
    if harm == "damaged":
        product.store.objects[name] = replace(there, data=b"rot")
    product.release("1.2.0", min_version="1.0.0", mandatory=True)
    assert list(stones(product)) == ["1.0.0"]


def test_a_lost_stone_that_nothing_else_tells_of_is_named(product):
    product.release("1.1.0", min_version="1.0.0")
    lose(product, ".1.0.0.json")
    lose(product, "/metadata/2.targets.json")  # where 1.0.0 was offered
    with pytest.raises(VerificationError, match=r"\.1\.0\.0\.json is missing"):
        product.prepare("1.2.0", min_version="1.0.0")


def test_the_next_release_says_that_it_drops_the_steps_of_older_boards(product):
    product.release("1.1.0", min_version="1.0.0")
    kept = product.prepare("1.2.0", min_version="1.0.0")
    dropped = product.prepare("1.2.0")
    product.publish(dropped.plan)
    (warning,) = dropped.warnings
    assert "boards below 1.0.0, which 1.1.0 sent to 1.0.0 first, now go straight to" in warning
    assert (kept.warnings, product.prepare("1.3.0").warnings) == ((), ())


def test_a_release_that_lifts_failures_lifts_those_of_its_stones(product):
    product.release("1.1.0", min_version="1.0.0")
    manifest = product.release("1.2.0", min_version="1.0.0", retry_failed=True)
    assert (manifest.release, manifest.retry_failed) == (3, True)
    (stone,) = stones(product).values()
    assert (stone.version, stone.release, stone.retry_failed) == ("1.0.0", 3, True)


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0"])
def test_the_release_after_one_that_lifts_failures_lifts_none(product, version):
    """Neither by the stone that was made for that one, nor by that one as a stone."""
    product.release("1.1.0", min_version="1.0.0", retry_failed=True)
    assert product.release("1.2.0", min_version=version).retry_failed is False
    found = {text: (stone.release, stone.retry_failed) for text, stone in stones(product).items()}
    offered = {"1.0.0": (1, False), "1.1.0": (2, False)}
    assert found == {text: offered[text] for text in ("1.0.0", version)}


def test_a_stone_that_lifted_failures_stays_though_what_was_offered_is_lost(product):
    product.release("1.1.0", min_version="1.0.0", retry_failed=True)
    lose(product, "/metadata/2.targets.json")
    product.release("1.2.0", min_version="1.0.0")
    assert stones(product)["1.0.0"].retry_failed is False


def test_a_stone_is_as_urgent_as_the_release_that_needs_it(product):
    """An application may else put off the way to a mandatory release for ever."""
    for version, mandatory in (("1.1.0", True), ("1.2.0", False)):
        product.release(version, min_version="1.0.0", mandatory=mandatory)
        assert stones(product)["1.0.0"].mandatory is mandatory


def test_a_version_stays_withdrawn_in_the_releases_that_follow(product):
    product.release("1.1.0")
    offer(product, version="1.0.8", withdrawn=("1.1.0", "1.0.9"))
    data = esp_images.app_image(code=b"again" * 99)
    with pytest.raises(SettingsError, match=r"version 1\.1\.0 is withdrawn on stable/b1"):
        product.prepare("1.1.0", data)
    assert product.release("1.0.10").withdrawn == ("1.1.0", "1.0.9")
    assert product.release("1.1.1").withdrawn == ("1.1.0", "1.0.9")
