"""Metadata files: parsing and type checks."""

import json
from binascii import hexlify
from hashlib import sha256

import repository_simulator as simulator
from check import raises

from slotcast import metadata
from slotcast.errors import BoardError, RepositoryError

KEY = {"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": "ab" * 32}}
KEYID = hexlify(sha256(simulator.encoded(KEY)).digest()).decode()
ROLE = {"keyids": ["k1"], "threshold": 1}
HASH = "0123456789abcdef" * 4
FILE = {"length": 10, "hashes": {"sha256": HASH}}


def root_fields():
    roles = {name: dict(ROLE) for name in metadata.TOP_LEVEL_ROLES}
    return simulator.signed("root", {"keys": {KEYID: KEY}, "roles": roles})


def refuses(kind, fields, name, *values):
    """Each of `values` in place of field `name` is refused, and so is its absence."""
    kind(fields)
    for value in values:
        raises(RepositoryError, kind, dict(fields, **{name: value}))
    without = dict(fields)
    del without[name]
    raises(RepositoryError, kind, without)


def test_an_envelope_gives_signed_part_signatures_and_digest():
    data = b'{"signatures": [{"keyid": "k", "sig": "00"}], "signed": {"_type": "root", "x": 1}}'
    found = metadata.Metadata(data, "root")
    assert found.signed == {"_type": "root", "x": 1}
    assert found.signatures == {"k": "00"}
    assert len(found.digest) == 32


def test_what_is_no_envelope_is_refused():
    halves = (b'{"signed": {}}', b'{"signatures": []}')
    for data in (b"", b"[]", b"1", b'"x"', b"{", b"{}", b"\xff", b'{"\xff": 1}') + halves:
        raises(RepositoryError, metadata.Metadata, data, "root")
    for signatures in ("{}", "[1]", "[{}]", '[{"keyid": 1, "sig": ""}]', '[{"keyid": "k"}]'):
        text = '{"signatures": %s, "signed": {"_type": "root"}}' % signatures
        raises(RepositoryError, metadata.Metadata, text.encode(), "root")
    trailing = b'{"signatures": [], "signed": {"_type": "root"}} {}'
    raises(RepositoryError, metadata.Metadata, trailing, "root", says="JSON")


def test_another_role_is_refused():
    data = simulator.envelope(simulator.signed("snapshot", {"meta": {}}), [])
    raises(RepositoryError, metadata.Metadata, data, "timestamp", says="not timestamp")


def test_two_signatures_by_one_keyid_are_refused():
    entry = {"keyid": "k", "sig": ""}
    text = json.dumps({"signatures": [entry, entry], "signed": {"_type": "root"}})
    raises(RepositoryError, metadata.Metadata, text.encode(), "root", says="two signatures")


def test_times_have_one_form():
    for text in ("2026-01-31T00:00:00Z", "2024-02-29T23:59:59Z", "9999-12-31T00:00:00Z"):
        assert metadata.is_time(text), text
    wrong = ["", "2026-01-31", "2026-01-31T00:00:00", "2026-01-31T00:00:00z", 5, None]
    wrong += ["2026-01-31T00:00:00+00:00", "2026-01-31 00:00:00Z", "2026-1-031T00:00:00Z"]
    wrong += ["2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-04-31T00:00:00Z"]
    wrong += ["2026-01-00T00:00:00Z", "2026-01-31T24:00:00Z", "2026-01-31T00:60:00Z"]
    wrong += ["2026-01-31T00:00:60Z", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z"]
    wrong += ["0000-01-01T00:00:00Z", "20260-01-31T00:00:0Z", "-026-01-31T00:00:00Z"]
    for text in wrong:
        assert not metadata.is_time(text), text


def test_months_have_their_days():
    days = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    for month in range(12):
        last = "2026-%02d-%02dT00:00:00Z"
        assert metadata.is_time(last % (month + 1, days[month]))
        assert not metadata.is_time(last % (month + 1, days[month] + 1))
    for year, is_leap in ((2024, True), (2000, True), (2026, False), (2100, False)):
        assert metadata.is_time("%d-02-29T00:00:00Z" % year) == is_leap


def test_common_fields_are_checked_in_every_role():
    meta = {"snapshot.json": {"version": 1}}
    for kind, fields in (
        (metadata.Root, root_fields()),
        (metadata.Timestamp, simulator.signed("timestamp", {"meta": meta})),
        (metadata.Snapshot, simulator.signed("snapshot", {"meta": meta})),
        (metadata.Targets, simulator.signed("targets", {"targets": {}})),
    ):
        refuses(kind, fields, "version", 0, -1, "1", True, None, 1.0)
        refuses(kind, fields, "expires", "2030-01-01", 1893456000, None)
        refuses(kind, fields, "spec_version", "1", "2.0.0", "1.x", "1.0.", "1.0.0.0", 1.0)
        for version in ("1.0", "1.0.31", "1.1.0"):
            assert kind(dict(fields, spec_version=version)).version == 1


def test_memory_that_runs_out_is_not_the_repositorys_fault():
    from slotcast import strict_json  # The one that will be used, and then let go.

    original, strict_json.loads = strict_json.loads, run_out_of_memory
    try:
        raises(BoardError, metadata.Metadata, b"{}", "root", says="no memory")
    finally:
        strict_json.loads = original


def run_out_of_memory(data):
    raise MemoryError


def test_a_role_is_expired_from_its_second_on():
    role = metadata.Targets(simulator.signed("targets", {"targets": {}}))
    assert not role.is_expired("2027-11-20T11:59:59Z")
    assert role.is_expired("2027-11-20T12:00:00Z")


def test_signed_at_is_a_time_or_nothing():
    for value, expected in ((simulator.NOW, simulator.NOW), ("soon", ""), (5, "")):
        fields = simulator.signed("targets", {"targets": {}, "x-slotcast-signed-at": value})
        assert metadata.Targets(fields).signed_at == expected
    assert metadata.Targets(simulator.signed("targets", {"targets": {}})).signed_at == ""


def test_root_fields_are_checked():
    fields = root_fields()
    refuses(metadata.Root, fields, "keys", [], None, {"k1": 1}, {KEYID: 1}, {KEYID: {}})
    refuses(
        metadata.Root, fields, "roles", [], {}, {"root": ROLE}, dict(fields["roles"], more=ROLE)
    )
    root = metadata.Root(fields)
    assert root.keys[KEYID].public == "ab" * 32
    assert not root.consistent_snapshot
    assert metadata.Root(dict(fields, consistent_snapshot=True)).consistent_snapshot
    raises(RepositoryError, metadata.Root, dict(fields, consistent_snapshot=1), says="boolean")


def test_role_fields_are_checked():
    refuses(metadata.Role, ROLE, "threshold", 0, -1, "1", True, None)
    refuses(metadata.Role, ROLE, "keyids", "k1", [1], ["k1", "k1"], {})


def test_a_key_of_an_unknown_type_is_kept():
    fields = {"keytype": "sigstore-oidc", "scheme": "Fulcio", "keyval": {"identity": "x"}}
    assert metadata.Key(fields).public == ""
    raises(RepositoryError, metadata.Key, dict(fields, keyval="x"), says="keyval")


def test_timestamp_names_the_snapshot_alone():
    fields = simulator.signed("timestamp", {"meta": {"snapshot.json": {"version": 3}}})
    info = metadata.Timestamp(fields).snapshot
    assert (info.version, info.length, info.hashes) == (3, None, None)
    two = {"snapshot.json": {"version": 3}, "targets.json": {"version": 1}}
    refuses(metadata.Timestamp, fields, "meta", {}, [], two, {"snapshot.json": 3})


def test_files_in_snapshot_are_checked():
    info = {"version": 1, "length": 10, "hashes": {"sha256": HASH, "md5": "ignored"}}
    fields = simulator.signed("snapshot", {"meta": {"targets.json": info}})
    assert metadata.Snapshot(fields).meta["targets.json"].hashes["sha256"] == HASH
    refuses(metadata.MetaFile, info, "version", 0, "1", True, None)
    for wrong in (-1, "10", True, None):
        raises(RepositoryError, metadata.MetaFile, dict(info, length=wrong))


def test_hashes_need_one_that_we_know_in_lower_case_hex():
    wrong = [{}, [], None, {"md5": "00"}, {"sha256": HASH.upper()}, {"sha256": HASH[:-1]}]
    wrong += [{"sha256": 5}, {"sha256": HASH, "md5": 5}, {"sha256": HASH[:-1] + "g"}]
    wrong += [{"sha512": HASH}, {"sha256": HASH, "sha512": HASH}, {"sha512": HASH + HASH + "0"}]
    refuses(metadata.TargetFile, FILE, "hashes", *wrong)


def test_every_hash_that_we_know_is_compared():
    # Of b"abc": FIPS 180-4's examples.
    sha256_of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    sha512_of_abc = (
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
    )
    for hashes in (
        {"sha256": sha256_of_abc},
        {"sha512": sha512_of_abc},
        {"sha256": sha256_of_abc, "sha512": sha512_of_abc, "blake3": "ignored"},
    ):
        info = metadata.TargetFile({"length": 3, "hashes": hashes})
        info.verify(b"abc", "x")
        raises(RepositoryError, info.verify, b"abd", "x", says="hash")
    for name, digest in (("sha256", sha256_of_abc), ("sha512", sha512_of_abc)):
        hashes = {"sha256": sha256_of_abc, "sha512": sha512_of_abc}
        hashes[name] = "0" + digest[1:]
        wrong = metadata.TargetFile({"length": 3, "hashes": hashes})
        raises(RepositoryError, wrong.verify, b"abc", "x", says="hash")


def test_a_keyid_is_the_hash_of_its_key():
    assert list(metadata.keys_by_keyid({KEYID: KEY})) == [KEYID]
    for key in (dict(KEY, scheme="x"), dict(KEY, more=1)):
        raises(RepositoryError, metadata.keys_by_keyid, {KEYID: key}, says="not the hash")
    raises(RepositoryError, metadata.keys_by_keyid, {KEYID.upper(): KEY}, says="not the hash")
    raises(RepositoryError, metadata.keys_by_keyid, {KEYID: 1}, says="not the hash")


def test_targets_need_length_and_hashes():
    refuses(metadata.TargetFile, FILE, "length", -1, "10", None)
    fields = simulator.signed("targets", {"targets": {"a/b": dict(FILE, custom={"any": [1]})}})
    assert metadata.Targets(fields).targets["a/b"].length == 10
    assert metadata.TargetFile(dict(FILE, length=0)).length == 0
    refuses(metadata.Targets, fields, "targets", [], {"a": 1})


def test_a_file_is_compared_with_length_and_hash():
    info = metadata.TargetFile(simulator.file_fields(b"data"))
    info.verify(b"data", "x")
    raises(RepositoryError, info.verify, b"datum", "x", says="x has 5 bytes, not 4")
    raises(RepositoryError, info.verify, b"date", "x", says="hash")
    metadata.MetaFile({"version": 1}).verify(b"anything", "x")
