"""Timestamp, snapshot and targets, as the reviewer's tool judges them."""

import json
from datetime import timedelta

import pytest
from published_product import NOW, SIGNED_AT, PublishedProduct, compact
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Delegations, MetaFile
from verify_reports import errors, only_error, report_of, warnings


@pytest.fixture
def product():
    return PublishedProduct()


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
def test_a_role_signed_by_a_key_that_root_does_not_list_is_refused(product, role):
    product.signers[role] = [CryptoSigner.generate_ed25519()]
    getattr(product, f"publish_{role}")()
    only_error(product, f"signed by 0 of 1 {role} key that 1.root.json names (1 needed)")


@pytest.mark.parametrize("path", ["metadata/1.snapshot.json", "metadata/1.targets.json"])
def test_metadata_that_is_not_the_one_named_is_refused(product, path):
    product.files[f"sensor/{path}"] += b" "
    only_error(product, path)


def test_a_role_in_the_place_of_another_is_refused(product):
    product.put("metadata/timestamp.json", product.files["sensor/metadata/1.snapshot.json"])
    only_error(product, "timestamp.json: it is snapshot, not timestamp")


def test_a_version_that_was_not_named_is_refused(product):
    product.snapshot.version = 2
    data = product.put("metadata/1.snapshot.json", product.sign(product.snapshot))
    product.timestamp.snapshot_meta = MetaFile.from_data(1, data, ["sha256"])
    product.publish_timestamp()
    only_error(product, "1.snapshot.json: it is version 2, not 1")


def test_a_snapshot_without_targets_is_refused(product):
    del product.snapshot.meta["targets.json"]
    product.publish_snapshot()
    only_error(product, "1.snapshot.json: it names no targets.json")


def test_a_name_without_length_and_hash_is_refused(product):
    product.timestamp.snapshot_meta = MetaFile(1)
    product.publish_timestamp()
    only_error(product, "timestamp.json does not give its length and SHA-256")


def test_delegations_are_refused_as_nobody_follows_them(product):
    product.targets.delegations = Delegations({}, {})
    product.publish_targets()
    only_error(product, "1.targets.json: it delegates to other roles")


def test_other_roles_in_the_snapshot_are_refused_as_nobody_follows_them(product):
    product.snapshot.meta["more.json"] = MetaFile(1)
    product.publish_snapshot()
    only_error(product, "1.snapshot.json: it names more.json, which nobody follows")


def test_metadata_in_another_form_is_a_warning_though_it_says_the_same(product):
    fields = json.loads(product.files["sensor/metadata/timestamp.json"])
    product.put("metadata/timestamp.json", json.dumps(fields, indent=1).encode())
    assert errors(product) == []
    assert warnings(product) == ["it is not compact JSON in canonical order: who wrote it?"]


def test_a_role_signed_before_what_it_names_is_a_warning(product):
    product.date(product.timestamp, NOW - timedelta(seconds=1))
    product.publish_timestamp()
    (warning,) = warnings(product)
    assert warning == "it was signed before snapshot, which it names: was a clock wrong?"


def test_what_jq_or_a_board_would_read_differently_is_refused(product):
    product.targets.unrecognized_fields["x-note"] = "\U0001f600"
    product.publish_targets()
    only_error(product, "1.targets.json: x-note is not printable ASCII")


def test_what_needs_escapes_is_refused(product):
    for text in ('say "hi"', "back\\slash"):
        product.targets.unrecognized_fields["x-note"] = text
        product.publish_targets()
        only_error(product, "1.targets.json: x-note needs escapes in JSON")


def test_what_is_not_signed_keeps_to_the_rules_too(product):
    timestamp = json.loads(product.files["sensor/metadata/timestamp.json"])
    timestamp["x-note"] = "\ud800"
    product.put("metadata/timestamp.json", compact(timestamp))
    only_error(product, "timestamp.json: x-note is not printable ASCII")


def test_a_signature_with_spaces_is_refused_as_boards_do_not_count_it(product):
    timestamp = json.loads(product.files["sensor/metadata/timestamp.json"])
    (signature,) = timestamp["signatures"]
    signature["sig"] = f"{signature['sig'][:64]} {signature['sig'][64:]}"
    product.put("metadata/timestamp.json", compact(timestamp))
    only_error(product, f"the signature of key {signature['keyid'][:8]} is not hex digits")


def test_a_name_that_stands_twice_in_metadata_is_refused(product):
    data = product.files["sensor/metadata/timestamp.json"]
    product.put("metadata/timestamp.json", b'{"signed":{},' + data[1:])
    only_error(product, "timestamp.json: a name occurs twice in one object")


@pytest.mark.parametrize(
    ("days", "path"),
    [
        (8, "metadata/timestamp.json"),
        (31, "metadata/1.snapshot.json"),
        (181, "metadata/1.targets.json"),
        (366, "metadata/1.root.json"),
    ],
)
def test_what_has_expired_is_found_and_the_rest_still_verified(product, days, path):
    now = NOW + timedelta(days=days)
    assert any(error.startswith(f"{path}: it expired on") for error in errors(product, now=now))
    assert len(report_of(product, now=now).objects) == len(product.files)


def test_what_will_expire_soon_is_a_warning(product):
    assert warnings(product, now=NOW + timedelta(days=6)) == [
        "it expires on 2026-11-29: sign it again"
    ]


def test_a_signing_time_is_wanted_and_must_not_lie_ahead(product):
    del product.timestamp.unrecognized_fields[SIGNED_AT]
    product.publish_timestamp()
    only_error(product, f"timestamp.json: it has no {SIGNED_AT}")
    product.timestamp.unrecognized_fields[SIGNED_AT] = "2026-1-2T6:38:0Z"
    product.publish_timestamp()
    only_error(product, "is 2026-1-2T6:38:0Z, which boards take for no time")
    product.date(product.timestamp, NOW + timedelta(seconds=1))
    product.publish_timestamp()
    only_error(product, "timestamp.json: it was signed at 2026-11-22T06:38:01Z, after now")


def published_twice_then_put_back(product, **signers):
    """Publish a second release, then put the first timestamp back."""
    first = product.files["sensor/metadata/timestamp.json"]
    product.signers |= signers
    product.snapshot.version = product.targets.version = product.timestamp.version = 2
    product.manifest["release"] = 2
    product.publish_manifest()
    product.put("metadata/timestamp.json", first)


def test_signed_offers_above_the_timestamp_s_are_a_warning(product):
    published_twice_then_put_back(product)
    assert errors(product) == []
    (warning,) = warnings(product)
    assert "it is signed, but the timestamp does not name it: stable/sensor-r2: " in warning


@pytest.mark.parametrize("role", ["snapshot", "targets"])
def test_offers_above_the_timestamp_s_that_no_key_of_root_signed_are_told(product, role):
    published_twice_then_put_back(product, **{role: [CryptoSigner.generate_ed25519()]})
    assert errors(product) == []
    found = warnings(product)
    assert all("the timestamp does not name it: does not verify: " in text for text in found)
    assert len(found) == {"snapshot": 1, "targets": 2}[role], "targets, and the snapshot of them"


@pytest.mark.parametrize("data", [b"left behind", b"[" * 9999, b'{"signed":{},"signatures":[]}'])
def test_files_above_the_timestamp_s_that_are_no_metadata_are_told(product, data):
    published_twice_then_put_back(product)
    product.files["sensor/metadata/3.snapshot.json"] = product.files[
        "sensor/metadata/2.snapshot.json"
    ]
    assert "does not verify: it is version 2, not 3" in warnings(product)[1]
    product.put("metadata/2.targets.json", data)
    keys = [finding.key for finding in report_of(product).findings]
    names = ("2.snapshot", "3.snapshot", "2.targets")
    assert keys == [f"sensor/metadata/{name}.json" for name in names]


def test_targets_that_no_snapshot_names_have_never_been_offered(product):
    published_twice_then_put_back(product)
    del product.files["sensor/metadata/2.snapshot.json"]
    assert report_of(product).findings == ()


def test_a_list_finds_files_above_a_gap_and_what_it_fails_with_is_a_finding(product):
    product.put("metadata/9.snapshot.json", b"{}")
    product.put("metadata/07.targets.json", b"{}")
    names = [key.removeprefix("sensor/") for key in product.files]
    assert warnings(product) == []
    (warning,) = warnings(product, paths=lambda: [*names, "metadata/8.snapshot.json"])
    assert "does not verify" in warning

    def closed():
        raise OSError("access denied")

    (finding,) = report_of(product, paths=closed).findings
    assert (finding.severity, finding.message) == (
        "unreadable",
        "it cannot be read: access denied",
    )


@pytest.mark.parametrize("entry", [None, {"keyid": 1, "sig": "00"}, {"keyid": "x", "sig": 5}])
def test_a_signature_that_boards_cannot_read_is_an_error(product, entry):
    timestamp = json.loads(product.files["sensor/metadata/timestamp.json"])
    timestamp["signatures"].append(entry)
    product.put("metadata/timestamp.json", compact(timestamp))
    only_error(product, "metadata/timestamp.json: ")
