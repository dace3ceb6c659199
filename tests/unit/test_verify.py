import hashlib
import json
from datetime import timedelta

import esp_images as esp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from published_product import NOW, SIGNED_AT, PublishedProduct, compact, sha256
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Delegations, MetaFile

from publisher.payload import encode_full
from publisher.verify import verify

VERSION_JSON = "stable/sensor-r2/version.json"


@pytest.fixture
def product():
    return PublishedProduct()


def report_of(product, now=NOW, **options):
    return verify(product.read, "sensor", product.fingerprint, now, **options)


def errors(product, **options):
    """The findings that are errors, as "path: message"."""
    report = report_of(product, **options)
    assert report.ok == (not any(finding.severity == "error" for finding in report.findings))
    return [
        f"{finding.key.removeprefix('sensor/')}: {finding.message}"
        for finding in report.findings
        if finding.severity == "error"
    ]


def warnings(product, **options):
    found = report_of(product, **options).findings
    return [finding.message for finding in found if finding.severity == "warning"]


def only_error(product, says, **options):
    """Assert that there is one error, and that it says so."""
    (error,) = errors(product, **options)
    assert says in error


def payload_path(product):
    return product.manifest["payloads"][0]["path"]


def image_path(product):
    return f"images/{product.manifest['sha256']}.bin"


def rotate_root(product, signers=None, version=2):
    product.root.version = version
    product.sign_root(signers)


def test_everything_published_is_trusted_and_says_why(product):
    report = report_of(product)
    assert report.ok
    assert report.findings == ()
    assert {trusted.key for trusted in report.objects} == set(product.files)
    assert all(trusted.reason for trusted in report.objects)


def test_progress_ends_with_all_bytes_of_payload_and_image(product):
    steps = []
    report_of(product, progress=lambda done, total: steps.append((done, total)))
    assert steps[-1] == (len(product.payload) + len(product.image),) * 2


def test_a_channel_that_offers_the_same_image_is_verified_too(product):
    product.targets.targets.clear()
    product.manifest["channel"] = "beta"
    product.put("beta/sensor-r2/version.json", product.files[f"sensor/{VERSION_JSON}"])
    product.publish_manifest("beta/sensor-r2.json")
    assert errors(product) == []


def test_a_broken_release_beside_a_sound_one_is_found(product):
    sound = product.targets.targets
    product.image = esp.app_image("esp32", version="2.0.0")
    product.payload = encode_full(product.image, 4096)
    product.manifest = {**product.make_manifest(), "channel": "testing"}
    product.put(payload_path(product), product.payload[:-1])
    product.put(image_path(product), product.image)
    version_json = product.files[f"sensor/{VERSION_JSON}"]
    product.put("testing/sensor-r2/version.json", version_json)
    product.publish_manifest("testing/sensor-r2.json")
    product.targets.targets |= sound
    product.publish_targets()
    assert [error.split(":")[0] for error in errors(product)] == [
        payload_path(product),
        "testing/sensor-r2/version.json",
    ]


# Step 1: root


def test_another_fingerprint_is_refused(product):
    product.fingerprint = "00" * 32
    only_error(product, "metadata/1.root.json: its SHA-256 is")


def test_nothing_is_trusted_where_nothing_is_published():
    report = verify(lambda key: None, "sensor", "00" * 32, NOW)
    assert report.objects == ()
    assert [finding.message for finding in report.findings] == ["it is missing"]


def test_a_new_root_signed_by_old_and_new_keys_is_followed(product):
    old = product.signers["root"]
    fresh = CryptoSigner.generate_ed25519()
    product.root.revoke_key(old[0].public_key.keyid, "root")
    product.root.add_key(fresh.public_key, "root")
    rotate_root(product, [*old, fresh])
    assert errors(product) == []
    assert "2 of 2 root keys (2 needed) of version 1" in report_of(product).objects[1].reason


def test_a_new_root_that_the_old_keys_did_not_sign_is_refused(product):
    for signer in product.signers["root"]:
        product.root.revoke_key(signer.public_key.keyid, "root")
    fresh = [CryptoSigner.generate_ed25519() for _ in range(2)]
    for signer in fresh:
        product.root.add_key(signer.public_key, "root")
    rotate_root(product, fresh)
    only_error(product, "2.root.json: signed by 0 of 2 root keys (2 needed)")


def test_a_new_root_that_its_own_keys_did_not_sign_is_refused(product):
    old = product.signers["root"]
    product.root.revoke_key(old[0].public_key.keyid, "root")
    product.root.add_key(CryptoSigner.generate_ed25519().public_key, "root")
    rotate_root(product, old)
    only_error(product, "2.root.json: signed by 1 of 2 root keys (2 needed)")


def test_a_root_below_its_threshold_is_refused(product):
    rotate_root(product, product.signers["root"][:1])
    only_error(product, "2.root.json: signed by 1 of 2 root keys (2 needed)")


def test_a_root_under_another_versions_name_is_refused(product):
    product.root.version = 3
    product.put("metadata/2.root.json", product.sign(product.root))
    only_error(product, "2.root.json: it is version 3, not 2")


def test_a_key_under_two_ids_is_refused(product):
    key = product.signers["timestamp"][0].public_key
    twin = type(key).from_dict("twin", key.to_dict())
    product.root.add_key(twin, "timestamp")
    rotate_root(product)
    only_error(product, "2.root.json: one public key is listed under two key ids")


def test_without_consistent_snapshots_a_root_is_refused(product):
    product.root.consistent_snapshot = False
    rotate_root(product)
    only_error(product, "2.root.json: consistent snapshots are off")


def test_a_root_that_one_key_can_replace_is_a_warning(product):
    product.root.roles["root"].threshold = 1
    rotate_root(product)
    assert errors(product) == []
    assert warnings(product) == ["one root key alone can replace all keys: its threshold is 1"]


def test_a_key_of_several_roles_is_a_warning(product):
    key = product.signers["timestamp"][0].public_key
    product.root.add_key(key, "snapshot")
    rotate_root(product)
    assert errors(product) == []
    (warning,) = warnings(product)
    assert warning == f"key {key.keyid[:8]} signs for several roles: snapshot, timestamp"


# Steps 2 to 4: timestamp, snapshot, targets


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
def test_a_role_signed_by_a_key_that_root_does_not_list_is_refused(product, role):
    product.signers[role] = [CryptoSigner.generate_ed25519()]
    getattr(product, f"publish_{role}")()
    only_error(product, f"signed by 0 of 1 {role} keys (1 needed)")


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
    only_error(product, "timestamp does not give its length and SHA-256")


def test_delegations_are_refused_as_nobody_follows_them(product):
    product.targets.delegations = Delegations({}, {})
    product.publish_targets()
    only_error(product, "1.targets.json: it delegates to other roles")


def test_what_jq_or_a_board_would_read_differently_is_refused(product):
    product.targets.unrecognized_fields["x-note"] = "\U0001f600"
    product.publish_targets()
    only_error(product, "1.targets.json: x-note is not printable ASCII")


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
    assert warnings(product, now=NOW + timedelta(days=6)) == ["it expires in 1 days: sign it again"]


def test_a_signing_time_is_wanted_and_must_not_lie_ahead(product):
    del product.timestamp.unrecognized_fields[SIGNED_AT]
    product.publish_timestamp()
    only_error(product, f"timestamp.json: it has no {SIGNED_AT}")
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
    assert "does not verify: version 2, expected 3" in warnings(product)[1]
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

    (error,) = errors(product, paths=closed)
    assert error.endswith("access denied")


# Step 5: manifests


def test_a_manifest_that_is_not_the_one_named_is_refused(product):
    (key,) = (key for key in product.files if "/targets/" in key)
    product.files[key] = product.files[key].replace(b"1.4.3", b"1.4.4")
    only_error(product, key.removeprefix("sensor/"))


def test_a_manifest_that_breaks_its_schema_is_refused(product):
    product.manifest["size"] = 0
    product.publish_manifest()
    only_error(product, "this is no release manifest: size is 0")


@pytest.mark.parametrize("field", ["product", "channel", "board"])
def test_a_manifest_for_somebody_else_is_refused(product, field):
    product.manifest[field] = "other"
    product.publish_manifest()
    only_error(product, "it is for")


@pytest.mark.parametrize("name", ["sensor-r2.json/x/y", "a/../b.json"])
def test_a_target_whose_name_is_no_channel_and_board_is_refused(product, name):
    target = product.targets.targets.pop("stable/sensor-r2.json")
    product.targets.targets[name] = target
    product.publish_targets()
    only_error(product, name)


@pytest.mark.parametrize("oldest", ["1.4.3", "1.10.0"])
def test_a_release_that_no_board_may_take_directly_is_refused(product, oldest):
    product.manifest["min_version"] = oldest
    product.publish_manifest()
    only_error(product, f"min_version {oldest} is not older than version 1.4.3")
    product.manifest["min_version"] = "1.4.2"
    product.publish_manifest()
    assert errors(product) == []


# Steps 6 to 9: payload, image, version.json


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("length", 5000, "its length is"),
        ("head_length", 100, "the length of its head is"),
        ("head_sha256", "00" * 32, "the SHA-256 of its head is"),
    ],
)
def test_a_payload_other_than_the_manifest_says_is_refused(product, field, value, says):
    product.manifest["payloads"][0][field] = value
    product.publish_manifest()
    only_error(product, says)


def test_a_changed_payload_is_refused(product):
    path = payload_path(product)
    data = bytearray(product.files[f"sensor/{path}"])
    data[-1] ^= 1
    product.put(path, bytes(data))
    only_error(product, f"{path}: its SHA-256 is")


def publish_payload(product, payload):
    """Publish another payload under names and hashes of its own."""
    product.payload = payload
    product.manifest["payloads"] = product.make_manifest()["payloads"]
    product.publish_release()


def test_a_payload_with_a_bad_block_is_refused_even_if_it_is_signed_for(product):
    bad = bytearray(product.payload)
    bad[80] ^= 1
    publish_payload(product, bytes(bad))
    only_error(product, "block 0 does not have the hash of its row")


@pytest.mark.parametrize(("block_size", "window_bits"), [(32768, 12), (4096, 13)])
def test_a_payload_that_no_board_has_memory_for_is_refused(product, block_size, window_bits):
    publish_payload(product, encode_full(product.image, block_size, window_bits))
    only_error(product, "boards have no memory for it")


def test_a_payload_whose_header_promises_another_image_is_refused(product):
    other = product.payload[:16] + bytes(32) + product.payload[48:]
    publish_payload(product, other)
    only_error(product, f"image_sha256 is {'00' * 32}")


def test_a_payload_under_another_name_is_refused(product):
    product.manifest["payloads"][0]["path"] = f"payloads/{'00' * 32}.slc"
    product.publish_release()
    only_error(product, "its path is")


def test_a_payload_of_another_image_is_refused_even_if_it_is_signed_for(product):
    publish_payload(product, encode_full(esp.app_image("esp32", version="6.6.6"), 4096))
    only_error(product, "image_size is")


@pytest.mark.parametrize("field", ["md5", "image_digest"])
def test_a_digest_of_the_manifest_that_the_image_does_not_have_is_found(product, field):
    product.manifest[field] = "00" * (len(product.manifest[field]) // 2)
    product.publish_release()
    assert len(errors(product)) == 2  # of the decoded payload, and of the image


def test_a_changed_image_is_refused(product):
    product.put(image_path(product), product.image[:-1] + b"!")
    only_error(product, "the image's SHA-256 is")


def test_an_image_that_no_board_would_boot_is_refused_even_if_it_is_signed_for(product):
    product.image = product.image[:-33] + b"?" + product.image[-32:]
    product.payload = encode_full(product.image, 4096)
    product.manifest = product.make_manifest()
    product.publish_release()
    only_error(product, "it is damaged: its checksum is wrong")


def test_an_image_for_another_chip_is_refused(product):
    product.manifest["chip"] = "esp32c3"
    product.publish_manifest()
    only_error(product, "its chip is esp32; it should be esp32c3")


def test_a_url_elsewhere_is_refused(product):
    product.manifest["url"] = "https://updates.example.com/sensor/images/other.bin"
    product.publish_release()
    only_error(product, "the manifest's url is another")


@pytest.mark.parametrize("base", ["https://user@updates.example.com/", "https://[::1]/"])
def test_a_url_that_begins_as_no_board_would_take_it_is_refused(product, base):
    product.manifest["url"] = f"{base}sensor/{image_path(product)}"
    product.publish_release()
    only_error(product, "what the manifest's url begins with")


def test_a_version_json_that_says_otherwise_is_refused(product):
    fields = json.loads(product.files[f"sensor/{VERSION_JSON}"])
    product.put(VERSION_JSON, compact({**fields, "version": "1.4.4"}))
    only_error(product, f"{VERSION_JSON}: it is not what the manifest of 1.4.3 says")


def test_payloads_of_later_kinds_are_a_warning(product):
    product.manifest["payloads"].append({"kind": "delta"})
    product.publish_manifest()
    assert errors(product) == []
    assert warnings(product) == ['payloads of kind "delta" are not verified']


def test_each_missing_object_is_found(product):
    for key in list(product.files):
        data = product.files.pop(key)
        assert any(error.endswith("it is missing") for error in errors(product)), key
        product.files[key] = data


def test_a_store_that_fails_is_a_finding(product):
    def read(key):
        if key.endswith("snapshot.json"):
            raise OSError("no route to host")
        return product.read(key)

    report = verify(read, "sensor", product.fingerprint, NOW)
    assert [finding.message for finding in report.findings] == ["no route to host"]


HOSTILE = (
    b"",
    b"[]",
    b"null",
    b'"signed"',
    b"{}",
    b'{"signed":{},"signatures":[]}',
    b'{"signed":{"_type":"root"},"signatures":[{}]}',
    b"[" * 100000,
    b'{"signed":' * 900 + b"1" + b"}" * 900,
    b'{"signed":' + b"9" * 5000 + b"}",
    b"\xff\xfe\x00",
    bytes(1000),
    b"\xe9" * 200,
    b"SLC\x01" + b"\xff" * 200,
)


@pytest.mark.parametrize("data", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_bytes_in_any_object_become_findings(product, data):
    for key in list(product.files):
        before = product.files[key]
        product.files[key] = data
        assert errors(product), key
        product.files[key] = before


@pytest.mark.parametrize("data", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_bytes_become_findings_even_if_they_are_what_was_named(product, data):
    product.fingerprint = hashlib.sha256(data).hexdigest()
    product.put("metadata/1.root.json", data)
    assert errors(product)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.data())
def test_no_changed_byte_goes_unnoticed(product, data):
    key = data.draw(st.sampled_from(sorted(product.files, key=len)))
    before = product.files[key]
    changed = bytearray(before)
    changed[data.draw(st.integers(0, len(before) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    product.files[key] = bytes(changed)
    # In the timestamp a hex digit of the signature may become upper case, which means the same.
    assert errors(product) or key.endswith("timestamp.json")
    product.files[key] = before


def test_the_fingerprint_alone_decides_which_product_is_trusted(product):
    other = PublishedProduct()
    report = verify(other.read, "sensor", product.fingerprint, NOW)
    assert report.objects == ()
    assert sha256(other.files["sensor/metadata/1.root.json"]) in report.findings[0].message
