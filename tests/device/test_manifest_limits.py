"""Manifests with fields of another type, and payload lists that hold more than the board knows."""

from check import raises
from test_decide import manifest, manifest_fields

from slotcast.errors import RepositoryError
from slotcast.manifest import MAX_BYTES
from slotcast.versions import parse_version

FULL = manifest_fields()["payloads"][0]


def delta(base, length):
    return dict(FULL, kind="delta", path="payloads/delta.slc", base=base * 32, length=length)


def test_a_manifest_has_at_most_the_8_kib_of_the_format():
    assert MAX_BYTES == 8192


def test_a_version_is_a_text_of_three_numbers():
    for version in (7, None, ["1", "2", "3"], "1.2", "1.2.3.4", "1..3", "1.2.-3", "1.2.+3", ""):
        raises(RepositoryError, parse_version, version, says="is not X.Y.Z")


def test_a_minimum_version_that_is_no_text_is_refused():
    raises(RepositoryError, lambda: manifest(min_version=7), says="is not X.Y.Z")


def test_the_full_payload_is_found_among_others():
    delta = dict(FULL, kind="delta", path="payloads/delta.slc")
    for others in ([delta], ["text"], [None, 7, []], [{}]):
        assert manifest(payloads=others + [FULL]).full.path == FULL["path"]
        raises(RepositoryError, lambda others=others: manifest(payloads=others), says="no full")


def test_a_board_tries_its_own_deltas_by_length_and_the_full_payload_last():
    entries = [delta("aa", 900), FULL, delta("bb", 1), delta("aa", 700), delta("aa", 800)]
    for_aa = manifest(payloads=entries).payloads_for("aa" * 32)
    assert [(one.base[:2], one.length) for one in for_aa] == [
        ("aa", 700),
        ("aa", 800),
        ("aa", 900),
        ("", FULL["length"]),
    ]
    for digest in ("dd" * 32, ""):
        (only,) = manifest(payloads=entries).payloads_for(digest)
        assert only.path == FULL["path"]


def test_a_delta_that_is_no_shorter_than_the_full_payload_is_not_tried():
    for length in (FULL["length"], FULL["length"] + 1):
        (only,) = manifest(payloads=[delta("aa", length), FULL]).payloads_for("aa" * 32)
        assert only.base == ""


def test_a_delta_that_cannot_be_read_is_passed_over():
    wrong = [
        {"base": None},
        {"base": "aa"},
        {"base": "AA" * 32},
        {"length": -1},
        {"length": "700"},
        {"path": "images/delta.slc"},
        {"path": "payloads/../delta.slc"},
        {"head_length": None},
        {"head_sha256": "ee"},
    ]
    for change in wrong:
        entry = dict(delta("aa", 700), **change)
        read = manifest(payloads=[entry, delta("aa", 800), FULL])
        assert [one.length for one in read.payloads_for("aa" * 32)] == [800, FULL["length"]]


def test_a_payload_of_another_kind_is_no_delta_though_it_has_a_base():
    (only,) = manifest(payloads=[dict(delta("aa", 1), kind="later"), FULL]).payloads_for("aa" * 32)
    assert only.base == ""


def test_a_board_reads_eight_deltas_and_no_more():
    entries = [FULL] + [delta("aa", 700 + number) for number in range(9)]
    lengths = [one.length for one in manifest(payloads=entries).payloads_for("aa" * 32)]
    assert lengths == [700 + number for number in range(8)] + [FULL["length"]]


def test_a_payload_entry_with_a_wrong_field_is_refused():
    wrong = [
        {"path": 7},
        {"length": "1"},
        {"length": -1},
        {"head_length": None},
        {"head_sha256": "ee"},
        {"head_sha256": "EE" * 32},
    ]
    for change in wrong:
        entry = dict(FULL)
        entry.update(change)
        raises(RepositoryError, lambda entry=entry: manifest(payloads=[entry]), says="no good")


def test_a_manifest_without_a_rollout_is_for_all_boards():
    everybody = manifest(rollout=None)
    assert (everybody.basis_points, everybody.groups, everybody.ramp) == (10000, (), None)


def test_a_rollout_that_is_no_object_is_refused():
    for rollout in (7, "s", [], False):
        raises(RepositoryError, lambda rollout=rollout: manifest(rollout=rollout))


def test_a_rollout_of_before_has_no_groups_and_no_ramp():
    old = manifest(rollout={"salt": "s", "basis_points": 100})
    assert (old.salt, old.basis_points, old.groups, old.ramp) == ("s", 100, (), None)


def test_a_manifest_withdraws_16_versions_at_most():
    versions = ["2.0.%d" % number for number in range(17)]
    assert len(manifest(withdrawn=versions[:16]).withdrawn_keys) == 16
    raises(RepositoryError, lambda: manifest(withdrawn=versions), says="no good withdrawn")


def test_a_manifest_of_before_lifts_and_withdraws_nothing():
    old = manifest()
    assert old.retry_failed is False and old.withdrawn_keys == []


def test_a_field_of_later_is_passed_over():
    assert manifest(later={"a": [1]}).version == "1.4.3"
