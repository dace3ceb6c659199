"""The TUF client workflow over a repository in memory: each attack is refused, by its reason."""

from check import raises
from repository_simulator import (
    LATER,
    NOW,
    RepositorySimulator,
    count_verifications,
    envelope,
    key_fields,
    keyid,
    keyid_of,
)
from signer import Signer

from slotcast.errors import ExpiredError, RepositoryError
from slotcast.trust import TrustedMetadata

# The signer of the tests takes memory, not the code under test.
HEAP_KIB = 2048
PAST = "2026-11-20T11:59:59Z"
AFTER = "2027-11-20T12:00:00Z"


def trusted_with(repository, upto="targets", now=NOW):
    """TrustedMetadata with what the repository serves at version 1, up to a role."""
    trusted = TrustedMetadata.of(repository.served["metadata/1.root.json"], now)
    steps = {
        "timestamp": trusted.update_timestamp,
        "snapshot": trusted.update_snapshot,
        "targets": trusted.update_targets,
    }
    for role in ("timestamp", "snapshot", "targets")[: order(upto)]:
        prefix = "" if role == "timestamp" else "1."
        steps[role](repository.served["metadata/%s%s.json" % (prefix, role)])
    return trusted


def order(role):
    return ("root", "timestamp", "snapshot", "targets").index(role)


def flipped(data, position):
    changed = bytearray(data)
    changed[position] ^= 1
    return bytes(changed)


def test_a_sound_repository_is_trusted_to_its_targets():
    trusted = trusted_with(RepositorySimulator())
    assert list(trusted.targets.targets) == ["stable/sensor-r2.json"]


def test_a_time_that_is_none_is_the_callers_mistake():
    repository = RepositorySimulator()
    root = repository.served["metadata/1.root.json"]
    raises(ValueError, TrustedMetadata.of, root, "", says="time")


def test_metadata_out_of_order_is_the_callers_mistake():
    repository = RepositorySimulator()
    trusted = TrustedMetadata.of(repository.served["metadata/1.root.json"], NOW)
    raises(ValueError, trusted.update_snapshot, b"")
    raises(ValueError, trusted.update_targets, b"")
    trusted = trusted_with(repository)
    raises(ValueError, trusted.update_root, b"")
    raises(ValueError, trusted.update_timestamp, b"")
    raises(ValueError, trusted.update_snapshot, b"")


# The trusted root


def test_a_trusted_root_needs_its_own_threshold():
    repository = RepositorySimulator()
    data = repository.write("root", repository.signers["root"][:1])
    raises(RepositoryError, TrustedMetadata.of, data, NOW, says="root is signed by 1 of 2 keys")
    data = repository.write("root", repository.signers["root"][1:])
    assert TrustedMetadata.of(data, NOW).root.version == 1


def test_an_expired_trusted_root_still_leads_to_the_next():
    repository = RepositorySimulator()
    repository.root["expires"] = PAST
    first = repository.write("root")
    repository.root["expires"] = LATER
    repository.rotate_root("timestamp", "timestamp")
    trusted = TrustedMetadata.of(first, NOW)
    raises(ExpiredError, trusted.verify_root_is_final, says="root expired at " + PAST)
    trusted.update_root(repository.served["metadata/2.root.json"])
    trusted.verify_root_is_final()


def test_unknown_fields_are_signed_and_kept():
    repository = RepositorySimulator()
    repository.root["x-unknown"] = {"b": [1, {"a": None}], "a": 'quote " and \\'}
    trusted_with(repository, "root")
    data = repository.write("root")
    TrustedMetadata.of(data, NOW)
    position = data.find(b"x-unknown")
    raises(RepositoryError, TrustedMetadata.of, flipped(data, position), NOW, says="signed by 0")


# Root's rotation (5.3)


def test_the_next_root_is_signed_by_the_old_and_the_new():
    repository = RepositorySimulator()
    old = repository.signers["root"]
    repository.rotate_root("root", "root-4", "root-5", "root-6")
    new = repository.signers["root"]
    trusted = trusted_with(repository, "root")
    for signers in (old, new, old[:1] + new, old + new[:1], []):
        raises(RepositoryError, trusted.update_root, repository.write("root", signers), says="keys")
    trusted.update_root(repository.write("root", old[1:] + new[:2]))
    assert trusted.root.version == 2


def test_the_next_root_has_exactly_the_next_version():
    for version in (1, 3, 12):
        repository = RepositorySimulator()
        trusted = trusted_with(repository, "root")
        repository.root["version"] = version
        says = "root %d follows root 1" % version
        raises(RepositoryError, trusted.update_root, repository.write("root"), says=says)
        assert trusted.root.version == 1


def test_a_refused_root_changes_nothing():
    repository = RepositorySimulator()
    trusted = trusted_with(repository, "root")
    repository.rotate_root("timestamp", "stranger")
    stolen = repository.write("root", [Signer("root-1"), Signer("stranger")])
    raises(RepositoryError, trusted.update_root, stolen)
    trusted.update_timestamp(repository.served["metadata/timestamp.json"])


def test_a_root_that_was_padded_on_the_way_is_refused():
    repository = RepositorySimulator()
    trusted = trusted_with(repository, "root")
    repository.rotate_root("timestamp", "timestamp-2")
    data = repository.served["metadata/2.root.json"]
    signatures = 3 * 220
    for padding in (b" " * 6144, b'"x":"%s",' % (b"y" * 6144)):
        padded = b"{" + padding + data[1:]
        raises(RepositoryError, trusted.update_root, padded, says="not signed")
    trusted.update_root(b"{" + b" " * (6144 - 2 * signatures) + data[1:])


def test_a_root_of_another_role_type_is_refused():
    repository = RepositorySimulator()
    trusted = trusted_with(repository, "root")
    repository.timestamp["version"] = 2
    data = envelope(repository.timestamp, repository.signers["root"])
    raises(RepositoryError, trusted.update_root, data, says="not root")


# Thresholds


def test_one_key_under_two_keyids_counts_once():
    repository = RepositorySimulator()
    one = repository.signers["root"][0]
    other = dict(key_fields(one), keyval={"public": one.public.upper()})
    other_id = keyid_of(other)
    repository.root["keys"] = dict(repository.root["keys"], **{other_id: other})
    repository.root["roles"]["root"] = {"keyids": [keyid(one), other_id], "threshold": 2}
    data = repository.write("root", [one])
    twice = data.replace(
        b'"signatures":[', b'"signatures":[%s,' % renamed_signature(data, other_id)
    )
    raises(RepositoryError, TrustedMetadata.of, twice, NOW, says="signed by 1 of 2")


def renamed_signature(data, name):
    """The first signature of a file once more, by another keyid."""
    text = data[data.find(b"[") + 1 : data.find(b"}") + 1]
    return b'{"keyid":"%s",' % name.encode() + text[text.find(b'"sig"') :]


def test_a_keyid_that_is_not_its_keys_hash_is_refused():
    repository = RepositorySimulator()
    one = repository.signers["root"][0]
    repository.root["keys"] = dict(repository.root["keys"], other=key_fields(one))
    repository.root["roles"]["root"] = {"keyids": ["other"], "threshold": 1}
    data = repository.write("root", [one]).replace(keyid(one).encode(), b"other", 1)
    raises(RepositoryError, TrustedMetadata.of, data, NOW, says="keyid other is not the hash")


def test_a_signature_by_a_key_of_another_role_does_not_count():
    repository = RepositorySimulator()
    trusted = trusted_with(repository, "root")
    for role in ("root", "targets", "snapshot"):
        data = repository.write("timestamp", repository.signers[role][:1])
        raises(
            RepositoryError, trusted.update_timestamp, data, says="timestamp is signed by 0 of 1"
        )


def test_a_keyid_without_a_key_does_not_count():
    repository = RepositorySimulator()
    del repository.root["keys"][keyid(repository.signers["timestamp"][0])]
    repository.write("root")
    raises(RepositoryError, trusted_with, repository, "timestamp", says="signed by 0 of 1")


def test_a_key_of_an_unknown_type_does_not_count_and_does_no_harm():
    for keytype, scheme in (("future", "ed25519"), ("ed25519", "ed25519ph"), ("rsa", "ed25519")):
        repository = RepositorySimulator()
        one = repository.signers["root"][0]
        replace_key(repository, "root", one, keytype=keytype, scheme=scheme)
        data = repository.write("root")
        TrustedMetadata.of(data, NOW)
        two = repository.write("root", repository.signers["root"][:2])
        raises(RepositoryError, TrustedMetadata.of, two, NOW, says="signed by 1 of 2")


def replace_key(repository, role, signer, **fields):
    """Give root another key instead of the signer's, under its own keyid."""
    key = dict(key_fields(signer), **fields)
    del repository.root["keys"][keyid(signer)]
    repository.root["keys"][keyid_of(key)] = key
    keyids = repository.root["roles"][role]["keyids"]
    keyids[keyids.index(keyid(signer))] = keyid_of(key)
    signer.keyid = keyid_of(key)


def test_malformed_signatures_do_not_count_and_do_no_harm():
    repository = RepositorySimulator()
    whole = repository.write("root")
    start = whole.find(b'"sig":"') + 7
    sig = whole[start : start + 128]
    for wrong in (b"", b"00", b"zz" * 64, sig + b"00", sig[:-2], b" " + sig[1:], b"0" * 128):
        TrustedMetadata.of(whole.replace(sig, wrong), NOW)
    two = repository.write("root", repository.signers["root"][:2])
    for wrong in (b"", b"zz" * 64, sig + b"00", sig[:-2]):
        raises(RepositoryError, TrustedMetadata.of, two.replace(sig, wrong), NOW, says="1 of 2")


def test_a_malformed_public_key_does_not_count():
    for public in ("", "zz" * 32, "00" * 31, "00" * 33):
        repository = RepositorySimulator()
        one = repository.signers["timestamp"][0]
        replace_key(repository, "timestamp", one, keyval={"public": public})
        repository.write("root")
        repository.write("timestamp")
        raises(RepositoryError, trusted_with, repository, "timestamp", says="signed by 0 of 1")


def test_a_float_in_the_signed_part_is_refused():
    repository = RepositorySimulator()
    whole = repository.write("root").replace(b'"version":1', b'"version":1,"x":0.5')
    raises(RepositoryError, TrustedMetadata.of, whole, NOW, says="no integer")


def test_any_flipped_bit_of_the_signed_part_is_refused():
    repository = RepositorySimulator()
    data = repository.served["metadata/timestamp.json"]
    trusted = trusted_with(repository, "root")
    for position in range(data.find(b'"signed"'), len(data), 29):
        raises(RepositoryError, trusted.update_timestamp, flipped(data, position))


# Timestamp (5.4)


def test_an_expired_root_stops_the_timestamp():
    repository = RepositorySimulator()
    repository.root["expires"] = PAST
    repository.write("root")
    raises(ExpiredError, trusted_with, repository, "timestamp", says="root expired")


def test_timestamp_does_not_go_back():
    repository = RepositorySimulator()
    first = repository.served["metadata/timestamp.json"]
    repository.update_timestamp()
    trusted = trusted_with(repository, "timestamp")
    says = "timestamp went from 2 to 1"
    raises(RepositoryError, trusted.update_timestamp, first, says=says)


def test_a_timestamp_of_equal_version_leaves_the_trusted_one():
    repository = RepositorySimulator()
    trusted = trusted_with(repository, "timestamp")
    repository.timestamp["meta"]["snapshot.json"]["version"] = 9
    assert not trusted.update_timestamp(repository.write("timestamp"))
    assert trusted.timestamp.snapshot.version == 1
    data = repository.write("timestamp", [])
    raises(RepositoryError, trusted.update_timestamp, data, says="signed by 0")


def test_timestamp_does_not_take_the_snapshot_back():
    repository = RepositorySimulator()
    repository.update_snapshot()
    trusted = trusted_with(repository, "timestamp")
    repository.timestamp["version"] += 1
    repository.timestamp["meta"]["snapshot.json"]["version"] = 1
    says = "snapshot went from 2 to 1"
    raises(RepositoryError, trusted.update_timestamp, repository.write("timestamp"), says=says)


def test_an_expired_timestamp_leads_to_newer_ones_only():
    repository = RepositorySimulator()
    repository.timestamp.update(version=5, expires=PAST)
    old = repository.write("timestamp")
    trusted = trusted_with(repository, "root")
    raises(ExpiredError, trusted.update_timestamp, old, says="timestamp expired at " + PAST)
    snapshot = repository.served["metadata/1.snapshot.json"]
    raises(ExpiredError, trusted.update_snapshot, snapshot, says="timestamp expired")
    repository.timestamp.update(version=4, expires=LATER)
    raises(RepositoryError, trusted.update_timestamp, repository.write("timestamp"), says="5 to 4")
    repository.timestamp["version"] = 6
    assert trusted.update_timestamp(repository.write("timestamp"))


# Snapshot (5.5)


def test_snapshot_must_have_timestamps_length_and_hash():
    repository = RepositorySimulator()
    trusted = trusted_with(repository, "timestamp")
    data = repository.served["metadata/1.snapshot.json"]
    raises(RepositoryError, trusted.update_snapshot, data + b"\n", says="bytes")
    raises(RepositoryError, trusted.update_snapshot, flipped(data, 40), says="hash")


def test_snapshot_without_length_and_hash_is_verified_by_its_signature():
    repository = RepositorySimulator()
    repository.timestamp["meta"]["snapshot.json"] = {"version": 1}
    repository.write("timestamp")
    trusted = trusted_with(repository, "timestamp")
    unsigned = repository.write("snapshot", repository.signers["timestamp"])
    raises(RepositoryError, trusted.update_snapshot, unsigned, says="signed by 0")
    trusted.update_snapshot(repository.write("snapshot"))


def test_snapshot_must_have_timestamps_version():
    repository = RepositorySimulator()
    repository.timestamp["meta"]["snapshot.json"] = {"version": 2}
    repository.write("timestamp")
    raises(RepositoryError, trusted_with, repository, "snapshot", says="snapshot 1 is not 2")


def test_a_cached_snapshot_of_another_version_guards_against_rollback():
    repository = RepositorySimulator()
    repository.update_targets()
    cached = repository.served["metadata/2.snapshot.json"]
    repository.snapshot["meta"]["targets.json"]["version"] = 1
    repository.snapshot["version"] = 3
    repository.write("snapshot")
    repository.update_timestamp()
    trusted = trusted_with(repository, "timestamp")
    raises(
        RepositoryError, lambda: trusted.update_snapshot(cached, trusted=True), says="2 is not 3"
    )
    says = "targets.json went from 2 to 1"
    rolled_back = repository.served["metadata/3.snapshot.json"]
    raises(RepositoryError, trusted.update_snapshot, rolled_back, says=says)


def test_a_snapshot_may_not_forget_a_file():
    repository = RepositorySimulator()
    cached = repository.served["metadata/1.snapshot.json"]
    repository.snapshot.update(version=2, meta={"other.json": {"version": 1}})
    data = repository.write("snapshot")
    repository.update_timestamp()
    trusted = trusted_with(repository, "timestamp")
    raises(RepositoryError, lambda: trusted.update_snapshot(cached, trusted=True))
    raises(RepositoryError, trusted.update_snapshot, data, says="no longer names targets.json")


def test_an_expired_snapshot_does_not_lead_to_targets():
    repository = RepositorySimulator()
    repository.snapshot["expires"] = PAST
    data = repository.write("snapshot")
    repository.update_timestamp()
    trusted = trusted_with(repository, "timestamp")
    raises(ExpiredError, trusted.update_snapshot, data, says="snapshot expired")
    targets = repository.served["metadata/1.targets.json"]
    raises(ExpiredError, trusted.update_targets, targets, says="snapshot expired")


# Targets (5.6)


def test_targets_must_have_snapshots_length_and_hash():
    repository = RepositorySimulator()
    trusted = trusted_with(repository, "snapshot")
    data = repository.served["metadata/1.targets.json"]
    raises(RepositoryError, trusted.update_targets, data[:-1], says="bytes")
    raises(RepositoryError, trusted.update_targets, flipped(data, 40), says="hash")


def without_file_fields(repository, version):
    repository.snapshot["meta"]["targets.json"] = {"version": version}
    repository.write("snapshot")
    repository.update_timestamp()
    return trusted_with(repository, "snapshot")


def test_targets_must_have_snapshots_version():
    repository = RepositorySimulator()
    trusted = without_file_fields(repository, 2)
    data = repository.served["metadata/1.targets.json"]
    raises(RepositoryError, trusted.update_targets, data, says="targets 1 is not 2")


def test_targets_need_the_signature_of_the_targets_key():
    repository = RepositorySimulator()
    trusted = without_file_fields(repository, 1)
    data = repository.write("targets", repository.signers["snapshot"])
    raises(RepositoryError, trusted.update_targets, data, says="targets is signed by 0 of 1")
    assert trusted.targets is None


def test_expired_targets_are_refused():
    repository = RepositorySimulator()
    trusted = without_file_fields(repository, 1)
    repository.targets["expires"] = NOW
    data = repository.write("targets")
    raises(ExpiredError, trusted.update_targets, data, says="targets expired")
    assert trusted.targets is None


def test_targets_that_snapshot_does_not_name_are_refused():
    repository = RepositorySimulator()
    repository.snapshot["meta"] = {}
    repository.write("snapshot")
    repository.update_timestamp()
    trusted = trusted_with(repository, "snapshot")
    raises(RepositoryError, trusted.update_targets, b"", says="does not name targets")


# The signed time


def test_signed_at_is_the_newest_that_is_before_roots_expiry():
    repository = RepositorySimulator()
    assert trusted_with(repository, "timestamp").signed_at() == ""
    repository.timestamp["x-slotcast-signed-at"] = "2026-11-20T10:00:00Z"
    repository.write("timestamp")
    repository.snapshot["x-slotcast-signed-at"] = "2026-11-19T10:00:00Z"
    assert trusted_with(repository, "timestamp").signed_at() == "2026-11-20T10:00:00Z"
    repository.timestamp["x-slotcast-signed-at"] = AFTER
    repository.write("timestamp")
    assert trusted_with(repository, "timestamp").signed_at() == ""


# What was verified once


def test_bytes_that_were_verified_are_not_verified_again():
    repository = RepositorySimulator()
    verified = {}

    def load():
        root = repository.served["metadata/1.root.json"]
        trusted = TrustedMetadata.of(root, NOW, verified)
        trusted.update_timestamp(repository.served["metadata/timestamp.json"])

    assert count_verifications(load) == 3
    assert count_verifications(load) == 0
    repository.write("timestamp", repository.signers["snapshot"])
    raises(RepositoryError, load, says="signed by 0")


def test_bytes_verified_under_another_root_are_verified_again():
    repository = RepositorySimulator()
    verified = {}
    timestamp = repository.served["metadata/timestamp.json"]
    first = TrustedMetadata.of(repository.served["metadata/1.root.json"], NOW, verified)
    first.update_timestamp(timestamp)
    repository.rotate_root("timestamp", "timestamp-2")
    second = TrustedMetadata.of(repository.served["metadata/1.root.json"], NOW, verified)
    second.update_root(repository.served["metadata/2.root.json"])
    raises(RepositoryError, second.update_timestamp, timestamp, says="signed by 0")
