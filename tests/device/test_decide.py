"""Every rule of decide, and their order."""

import json

from check import raises, vectors

from slotcast.config import Config
from slotcast.decide import Facts, bucket, decide, share
from slotcast.decision import CURRENT, INSTALL, REFUSE, STEP, WAIT
from slotcast.errors import BoardError, RepositoryError
from slotcast.manifest import Manifest
from slotcast.versions import parse_version

_OTA = {
    "product": "sensor",
    "channel": "stable",
    "board": "r2",
    "chip": "esp32",
    "built_at": "2026-01-01T00:00:00Z",
    "base_urls": ["https://updates.example.com/sensor/"],
    "trust_anchors": ["ca-1.der"],
}


def manifest_fields(**changes):
    fields = {
        "version": "1.4.3",
        "release": 7,
        "product": "sensor",
        "channel": "stable",
        "board": "r2",
        "chip": "esp32",
        "size": 40000,
        "sha256": "aa" * 32,
        "md5": "bb" * 16,
        "image_digest": "cc" * 32,
        "security_version": 3,
        "min_version": None,
        "mandatory": False,
        "paused": False,
        "rollout": {"salt": "s", "basis_points": 10000},
        "confirm_within_s": 300,
        "payloads": [
            {
                "kind": "full",
                "path": "payloads/dd.slc",
                "length": 30000,
                "head_length": 280,
                "head_sha256": "ee" * 32,
            }
        ],
    }
    fields.update(changes)
    return fields


def manifest(**changes):
    return Manifest(json.dumps(manifest_fields(**changes)).encode())


def config(**changes):
    fields = dict(_OTA)
    fields.update(changes)
    return Config(json.dumps(fields).encode())


def facts(**changes):
    fields = {
        "config": config(),
        "running": (changes.pop("version", "1.4.2"), changes.pop("digest", "00" * 32)),
        "security_version": 3,
        "slot_bytes": 65536,
        "device_id": "0011223344",
        "failed_release": lambda digest: None,
        "now": "2026-11-22T10:00:00Z",
    }
    fields.update(changes)
    return Facts(**fields)


def test_a_newer_release_is_installed_and_the_reason_names_both_versions():
    decision = decide(manifest(), facts())
    assert (decision.action, decision.reason) == (INSTALL, "1.4.2 -> 1.4.3")


def test_a_board_of_unknown_version_takes_the_release():
    assert decide(manifest(), facts(version="")).action == INSTALL


def test_the_running_image_is_current_whatever_else_is_said():
    decision = decide(manifest(paused=True, security_version=0), facts(digest="cc" * 32))
    assert decision.action == CURRENT


def test_a_manifest_of_another_product_channel_board_or_chip_is_refused():
    for name in ("product", "channel", "board", "chip"):
        decision = decide(manifest(**{name: "other"}), facts(digest="cc" * 32))
        assert decision.action == REFUSE and name in decision.reason


def test_an_image_that_failed_here_is_refused():
    failed = facts(failed_release=lambda digest: 6 if digest == "cc" * 32 else None)
    assert decide(manifest(), failed).action == REFUSE
    assert decide(manifest(image_digest="dd" * 32), failed).action == INSTALL


def test_an_image_that_failed_here_is_tried_again_when_a_later_release_says_so():
    failed = facts(failed_release=lambda digest: 6)
    assert decide(manifest(retry_failed=True, release=7), failed).action == INSTALL
    assert decide(manifest(retry_failed=True, release=6), failed).action == REFUSE
    assert decide(manifest(retry_failed=False, release=7), failed).action == REFUSE


def test_a_failure_is_looked_up_once_where_nothing_lifts_it():
    asked = []
    decide(manifest(), facts(failed_release=asked.append))  # it reads flash
    assert asked == ["cc" * 32]


def test_an_image_larger_than_the_slot_is_refused():
    assert decide(manifest(), facts(slot_bytes=39999)).action == REFUSE


def test_a_lower_security_version_is_refused_even_for_a_newer_version():
    assert decide(manifest(security_version=2), facts()).action == REFUSE


def test_an_older_version_is_refused():
    assert decide(manifest(), facts(version="1.10.0")).action == REFUSE


def test_a_board_leaves_a_withdrawn_version_for_an_older_one():
    withdrawing = manifest(withdrawn=["1.5.0", "1.4.9"])
    decision = decide(withdrawing, facts(version="1.5.0"))
    assert (decision.action, decision.reason) == (INSTALL, "1.5.0 -> 1.4.3, as 1.5.0 is withdrawn")
    assert decide(withdrawing, facts(version="1.5.1")).action == REFUSE


def test_a_withdrawn_version_is_not_left_for_a_lower_security_version():
    decision = decide(manifest(withdrawn=["1.5.0"]), facts(version="1.5.0", security_version=4))
    assert decision.action == REFUSE and "1.5.0 is withdrawn, but" in decision.reason


def test_a_board_below_min_version_takes_a_step():
    decision = decide(manifest(min_version="1.4.3"), facts())
    assert (decision.action, decision.reason) == (STEP, "needs 1.4.3 first")
    assert decision.manifest.min_version == "1.4.3"
    assert decide(manifest(min_version="1.4.2"), facts()).action == INSTALL
    assert decide(manifest(min_version="1.4.2"), facts(version="")).action == STEP


def test_a_board_that_learns_from_a_stone_what_it_runs_goes_on():
    newest, board = manifest(version="1.5.0", min_version="1.4.3"), facts(version="")
    assert decide(newest, board).action == STEP
    board.learn(manifest())
    decision = decide(newest, board)
    assert (decision.action, decision.reason) == (INSTALL, "1.4.3 -> 1.5.0")


def test_what_a_board_learns_raises_its_security_version_and_never_lowers_it():
    for learned, action in ((4, REFUSE), (2, INSTALL)):
        board = facts(version="", security_version=3)
        board.learn(manifest(security_version=learned))
        assert decide(manifest(version="1.5.0", security_version=3), board).action == action


def test_a_board_of_a_version_that_is_none_is_told_so():
    raises(RepositoryError, lambda: facts(version="one"), says="is not X.Y.Z")


def test_a_paused_release_waits():
    assert decide(manifest(paused=True), facts()).action == WAIT


def test_a_board_outside_the_rollout_waits():
    assert decide(manifest(rollout={"salt": "s", "basis_points": 0}), facts()).action == WAIT


def test_buckets_are_the_publishers():
    cases = vectors("rollout")["cases"]
    assert cases
    for case in cases:
        assert bucket(case["salt"], case["device_id"]) == case["bucket"]


def test_shares_are_the_publishers():
    cases = vectors("rollout")["shares"]
    assert cases
    for case in cases:
        assert share(manifest(rollout=case["rollout"]), case["now"]) == case["share"], case


def test_the_boards_that_take_part_are_the_publishers():
    cases = vectors("rollout")["boards"]
    assert cases
    for case in cases:
        board = config(group=case["group"])
        asked = facts(config=board, device_id=case["device_id"], now=case["now"])
        decision = decide(manifest(rollout=case["rollout"]), asked)
        assert decision.action == (INSTALL if case["takes_part"] else WAIT), case


def test_what_the_publisher_takes_for_no_rollout_is_refused():
    cases = vectors("rollout")["refused"]
    assert cases
    for rollout in cases:
        raises(RepositoryError, lambda rollout=rollout: manifest(rollout=rollout))


def test_a_manifest_with_a_wrong_field_is_refused():
    wrong = [
        {"size": -1},
        {"size": True},
        {"size": "1"},
        {"sha256": "AA" * 32},
        {"md5": "bb"},
        {"version": "1.4"},
        {"version": "1.4.3-rc1"},
        {"paused": 0},
        {"payloads": []},
        {"payloads": [{"kind": "delta"}]},
        {"rollout": {"salt": "s", "basis_points": "10000"}},
        {"min_version": "one"},
        {"retry_failed": 1},
        {"retry_failed": None},
        {"withdrawn": None},
        {"withdrawn": "1.4.3"},
        {"withdrawn": {"1.4.3": True}},
        {"withdrawn": ["1.4"]},
        {"withdrawn": [None]},
    ]
    for change in wrong:
        raises(RepositoryError, lambda change=change: manifest(**change))


def test_a_manifest_that_lacks_a_field_is_refused():
    for name in ("version", "size", "payloads", "image_digest", "confirm_within_s"):
        fields = manifest_fields()
        del fields[name]
        raises(RepositoryError, Manifest, json.dumps(fields).encode())


def test_a_manifest_that_is_no_object_is_refused():
    for data in (b"", b"[]", b"7", b"{"):
        raises(RepositoryError, Manifest, data)


def test_a_payload_elsewhere_is_refused():
    for path in ("../secret", "payloads/../x", "https://evil.example/x"):
        payload = dict(manifest_fields()["payloads"][0], path=path)
        raises(RepositoryError, lambda payload=payload: manifest(payloads=[payload]))


def test_versions_compare_as_numbers():
    assert parse_version("1.10.0") > parse_version("1.9.99")


def test_a_config_without_urls_anchors_or_names_is_refused():
    wrong = [
        {"base_urls": []},
        {"base_urls": ["http://updates.example.com/sensor/"]},
        {"base_urls": "https://updates.example.com/sensor/"},
        {"trust_anchors": []},
        {"board": ""},
        {"pins": ["zz"]},
        {"pins": ["aa"]},
        {"built_at": "yesterday"},
        {"version": "one"},
        {"settle_s": -1},
        {"poll_every_s": "6 h"},
        {"group": ""},
        {"group": ["canary"]},
        {"group": 7},
    ]
    for change in wrong:
        raises(BoardError, lambda change=change: config(**change))
    raises(BoardError, Config, b"{}")
    raises(BoardError, Config, b"nonsense")
