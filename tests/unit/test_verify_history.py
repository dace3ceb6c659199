"""What was published before, as the reviewer's tool judges it."""

from datetime import timedelta

import pytest
from published_product import NOW, PublishedProduct
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, MetaFile
from verify_reports import errors, only_error, report_of, warnings


@pytest.fixture
def product():
    """Three releases, of which two are history."""
    product = PublishedProduct()
    product.publish_next("1.5.0")
    product.publish_next("1.6.0")
    return product


def history(product):
    """The objects of the report that are not offered now, by path."""
    objects = report_of(product).objects
    return {old.key.removeprefix("sensor/"): old for old in objects if not old.current}


def test_all_that_was_ever_published_is_trusted_and_says_why(product):
    report = report_of(product)
    assert report.findings == ()
    assert sorted(trusted.key for trusted in report.objects) == sorted(product.files)
    metadata = [path for path in history(product) if path.startswith("metadata/")]
    assert metadata == [
        "metadata/1.snapshot.json",
        "metadata/2.snapshot.json",
        "metadata/1.targets.json",
        "metadata/2.targets.json",
    ]
    firmware = [path.split("/")[0] for path in history(product)][4:]
    assert firmware == ["targets", "targets", *["payloads", "images"] * 2]
    reason = history(product)["metadata/2.targets.json"].reason
    assert reason.startswith("length and SHA-256 are in 2.snapshot.json; signed by 1 of 1 targets")


@pytest.mark.parametrize("role", ["snapshot", "targets"])
def test_a_changed_byte_of_old_metadata_is_an_error(product, role):
    path = f"metadata/1.{role}.json"
    data = product.files[f"sensor/{path}"]
    product.put(path, data.replace(b'"version":1', b'"version":2'))
    assert all(f"{path}: " in error for error in errors(product))
    assert errors(product)


@pytest.mark.parametrize("kind", ["payloads", "images", "targets"])
def test_a_changed_byte_of_old_firmware_is_an_error(product, kind):
    path = next(path for path in history(product) if path.startswith(kind))
    product.put(path, product.files[f"sensor/{path}"][:-1] + b"?")
    only_error(product, path)


def test_old_firmware_that_was_removed_is_told_of(product):
    firmware = [path for path in history(product) if path.startswith(("payloads", "images"))]
    assert len(firmware) == 4
    for path in firmware:
        del product.files[f"sensor/{path}"]
    report = report_of(product)
    assert report.ok
    told = [(found.severity, found.key.removeprefix("sensor/")) for found in report.findings]
    assert sorted(told) == sorted(("notice", path) for path in firmware)
    assert "it is removed: it belongs to a release that is not offered" in str(report.findings)


def test_old_metadata_that_was_removed_is_warned_of(product):
    for path in history(product):
        if path.startswith(("payloads", "images")):
            continue
        data = product.files.pop(f"sensor/{path}")
        assert errors(product) == [], path
        # A snapshot may be left out for good reason: versions have gaps. It hides nothing.
        found = [text for text in warnings(product) if text.startswith("it is missing")]
        assert len(found) == (0 if path.endswith("snapshot.json") else 1), path
        product.put(path, data)


def test_old_metadata_is_judged_by_the_root_of_its_time(product):
    old = product.signers["targets"][0].public_key.keyid
    product.root.revoke_key(old, "targets")
    product.signers["targets"] = [CryptoSigner.generate_ed25519()]
    product.root.add_key(product.signers["targets"][0].public_key, "targets")
    product.root.version = 2
    product.sign_root()
    product.publish_next("1.7.0")
    assert report_of(product).findings == ()
    (signed,) = history(product)["metadata/3.targets.json"].signatures
    assert (signed.named_by, signed.keyids) == ("1.root.json", (old,))
    (signed,) = history(product)["metadata/3.snapshot.json"].signatures
    assert signed.named_by == "2.root.json"


def test_old_metadata_that_no_root_has_keys_for_is_an_error(product):
    product.signers["snapshot"] = [CryptoSigner.generate_ed25519()]
    product.put("metadata/1.snapshot.json", product.sign(product.snapshot))
    only_error(product, "1.snapshot.json: it is version 3, not 1")
    product.snapshot.version = 1
    product.put("metadata/1.snapshot.json", product.sign(product.snapshot))
    only_error(product, "1.snapshot.json: no root names snapshot keys that have signed it")


def test_targets_that_no_snapshot_names_are_said_to_be_so(product):
    product.targets.version = 4
    product.put("metadata/4.targets.json", product.sign(product.targets))
    product.publish_next("1.7.0")
    reason = history(product)["metadata/4.targets.json"].reason
    assert reason.startswith("no snapshot here names it; signed by 1 of 1 targets key")
    assert report_of(product).findings == ()


def test_history_is_the_same_with_a_list_as_without(product):
    for version in ("1.snapshot", "1.targets"):
        del product.files[f"sensor/metadata/{version}.json"]
    product.publish_next("1.7.0")
    names = [key.removeprefix("sensor/") for key in product.files]
    listed = report_of(product, paths=lambda: names)
    assert {finding.severity for finding in listed.findings} == {"notice"}, "nothing leads to them"
    assert listed.objects == report_of(product).objects


@pytest.mark.parametrize("listed", [True, False])
def test_a_version_that_leaps_ahead_is_not_counted_down_from(product, listed):
    for role in (product.targets, product.snapshot):
        role.version = 2**53 - 2
    product.publish_next("1.7.0")
    names = [key.removeprefix("sensor/") for key in product.files]
    report = report_of(product, paths=(lambda: names) if listed else None)
    assert report.ok
    assert any(o.key == "sensor/metadata/3.targets.json" for o in report.objects) == listed


def test_a_broken_manifest_is_told_once_though_several_targets_name_it(product):
    (target,) = product.targets.targets.values()
    path = f"targets/stable/{target.hashes['sha256']}.sensor-r2.json"
    for role in (product.targets, product.snapshot, product.timestamp):
        role.version += 1
    product.publish_targets()
    product.put(path, b"{}")
    assert sum(path in error for error in errors(product)) == 1


def test_targets_that_went_back_are_an_error(product):
    product.snapshot.version = 4
    product.snapshot.meta["targets.json"] = MetaFile.from_data(
        2, product.files["sensor/metadata/2.targets.json"], ["sha256"]
    )
    product.publish_snapshot()
    assert "4.snapshot.json: it names targets of version 2, after 3: boards refuse that" in str(
        errors(product)
    )


def test_a_signing_time_that_went_back_is_a_warning(product):
    product.date(product.targets, NOW.replace(year=2025))
    product.publish_next("1.7.0")
    (warning,) = [text for text in warnings(product) if "before its predecessor" in text]
    assert warning.startswith("it was signed at 2025-11-22T06:38:00Z, before its predecessor at")


def test_an_old_release_that_is_offered_again_is_a_warning(product):
    first = product.files["sensor/metadata/2.targets.json"]
    product.targets.targets = Metadata.from_bytes(first).signed.targets
    for role in (product.targets, product.snapshot, product.timestamp):
        role.version += 1
    product.publish_targets()
    assert "1.5.0 has release 2, after 3 of 1.6.0" in warnings(product)


@pytest.mark.parametrize("field", ["release", "security_version"])
def test_a_number_that_boards_expect_to_rise_and_falls_is_a_warning(product, field):
    product.manifest[field] = 7
    for role in (product.targets, product.snapshot, product.timestamp):
        role.version += 1
    product.publish_manifest()
    product.publish_next("1.7.0")
    product.manifest[field] = 6
    product.publish_manifest()
    assert warnings(product) == [f"1.7.0 has {field} 6, after 7 of 1.6.0"]


def test_targets_that_are_gone_without_any_trace_but_a_follower_are_warned_of(product):
    product.targets.unrecognized_fields["x-slotcast-follows"] = 2
    product.publish_targets()
    for name in ("targets", "snapshot"):
        del product.files[f"sensor/metadata/2.{name}.json"]
    assert "it is missing, but 3.targets.json follows it" in warnings(product)


@pytest.mark.parametrize("role", ["targets", "snapshot"])
def test_who_lost_a_race_may_have_signed_before_its_predecessor(product, role):
    lost = getattr(product, role)
    lost.unrecognized_fields |= {"x-slotcast-follows": 3, "x-slotcast-named-by": 4}
    lost.version += 1
    product.date(lost, NOW - timedelta(days=9))
    product.put(f"metadata/{lost.version}.{role}.json", product.sign(lost))
    product.publish_next("1.7.0")
    product.date(lost)
    product.publish_targets()
    assert warnings(product) == []


def test_targets_that_were_named_and_that_nothing_follows_are_warned_of(product):
    product.targets.unrecognized_fields["x-slotcast-follows"] = 0
    product.publish_targets()
    words = "no later targets follow it: it was left out with --resume, or a stolen key hides it"
    assert warnings(product) == [words, words]
