"""Stepping stones, as the reviewer's tool judges them."""

import json

import pytest
from published_product import PublishedProduct, compact, sha256
from tuf.api.metadata import TargetFile
from verify_reports import errors, only_error, report_of, warnings

STONE = "stable/sensor-r2/1.4.3.json"


@pytest.fixture
def product():
    """Offers 1.5.0, which 1.4.3 may take directly; 1.4.3 stands as a stone."""
    made = PublishedProduct()
    old = made.manifest
    made.publish_next("1.5.0")
    made.manifest["min_version"] = "1.4.3"
    made.publish_release()
    add(made, old)
    return made


def add(product, manifest, name=STONE):
    """Publish a manifest as another target, in place of the one of that name."""
    data = compact(manifest)
    folder, _, file = name.rpartition("/")
    product.put(f"targets/{folder}/{sha256(data)}.{file}", data)
    product.targets.targets[name] = TargetFile.from_data(name, data, ["sha256"])
    product.publish_targets()


def stone(product, **changes):
    data = product.targets.targets[STONE]
    path = f"targets/stable/sensor-r2/{data.hashes['sha256']}.1.4.3.json"
    manifest = json.loads(product.files[f"sensor/{path}"])
    return {**manifest, **changes}


def test_a_stone_verifies_with_its_firmware_and_without_a_version_json_of_its_own(product):
    assert (errors(product), warnings(product)) == ([], [])
    reasons = [trusted.reason for trusted in report_of(product).objects]
    assert any(f"as {STONE}" in reason for reason in reasons)


def test_a_stone_whose_payload_is_gone_is_found(product):
    (payload,) = (entry["path"] for entry in stone(product)["payloads"])
    del product.files[f"sensor/{payload}"]
    only_error(product, f"{payload}: it is missing")


def test_a_stone_of_another_version_than_its_path_is_refused(product):
    add(product, stone(product, version="1.4.2"))
    only_error(product, "it is version 1.4.2, in place of 1.4.3")


@pytest.mark.parametrize("field", ["channel", "board"])
def test_a_stone_for_somebody_else_is_refused(product, field):
    add(product, stone(product, **{field: "other"}))
    only_error(product, "it is for sensor/")


@pytest.mark.parametrize(
    "change",
    [
        {"paused": True},
        {"rollout": {"salt": "1", "basis_points": 9999}},
        {
            "rollout": {
                "salt": "1",
                "basis_points": 0,
                "ramp": {"to": 10000, "start": "2026-11-22T07:00:00Z", "over_s": 60},
            }
        },
        {"withdrawn": ["1.4.4"]},
    ],
)
def test_a_stone_that_keeps_a_board_waiting_is_refused(product, change):
    add(product, stone(product, **change))
    only_error(product, "boards need it first, but it is not for all of them")


def test_a_stone_that_is_missing_is_warned_of(product):
    del product.targets.targets[STONE]
    product.publish_targets()
    assert errors(product) == []
    assert "it is missing: boards below 1.4.3 never get to 1.5.0" in warnings(product)


def test_a_stone_that_needs_a_missing_one_is_warned_of(product):
    add(product, stone(product, min_version="1.3.0"))
    assert "it is missing: boards below 1.3.0 never get to 1.4.3" in warnings(product)


def test_a_stone_of_before_is_history(product):
    del product.targets.targets[STONE]
    product.publish_next("1.6.0")
    assert (errors(product), warnings(product)) == ([], [])


def test_a_release_that_withdraws_itself_is_refused(product):
    product.manifest["withdrawn"] = ["1.5.0"]
    product.publish_release()
    only_error(product, "it withdraws 1.5.0, which is its own version")


@pytest.mark.parametrize("name", ["stable/sensor-r2/1/4.json", "stable//1.4.3.json"])
def test_a_target_at_another_depth_is_refused(product, name):
    product.targets.targets[name] = product.targets.targets.pop(STONE)
    product.publish_targets()
    only_error(product, "this is neither CHANNEL/BOARD.json nor CHANNEL/BOARD/VERSION.json")
