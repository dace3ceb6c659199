"""The client: what it asks for, what it keeps, and what it survives."""

import sys
from binascii import hexlify

from check import raises
from repository_simulator import (
    NOW,
    TARGET,
    TARGET_DATA,
    MemoryFiles,
    RepositorySimulator,
    count_verifications,
    file_fields,
)
from signer import Signer

from slotcast import trust
from slotcast.client import Client
from slotcast.errors import (
    BoardError,
    DownloadError,
    ExpiredError,
    NotFoundError,
    RepositoryError,
)
from slotcast.modules import unload
from slotcast.phases import VERIFYING
from slotcast.sha512 import sha512
from slotcast.steps import plain

# The signer of the tests takes memory, not the code under test.
HEAP_KIB = 1536
ROLES = ("root", "timestamp", "snapshot", "targets")
IDLE = ["metadata/2.root.json", "metadata/timestamp.json"]


def refreshed(repository):
    """Files and client after a first refresh; the requests so far are forgotten."""
    files = repository.files()
    client = repository.client(files)
    client.refresh()
    repository.requests.clear()
    files.written.clear()
    return files, client


def served(repository, *paths):
    return [repository.served["metadata/%s.json" % path] for path in paths]


def test_a_first_refresh_asks_for_each_role_once_and_keeps_the_bytes():
    repository = RepositorySimulator()
    files = repository.files()
    repository.client(files).refresh()
    expected = IDLE + ["metadata/1.snapshot.json", "metadata/1.targets.json"]
    assert repository.requests == expected
    kept = [files.data[role] for role in ROLES]
    assert kept == served(repository, "1.root", "timestamp", "1.snapshot", "1.targets")


def test_an_idle_poll_takes_two_requests_and_no_verification():
    repository = RepositorySimulator()
    files, client = refreshed(repository)
    assert count_verifications(client.refresh) == 0
    assert repository.requests == IDLE
    assert files.written == []


def test_the_first_poll_of_a_process_verifies_each_file_once():
    repository = RepositorySimulator()
    files, _ = refreshed(repository)
    # Root by 2 of its 3 keys; the fetched timestamp is the cached one.
    assert count_verifications(repository.client(files).refresh) == 5


def test_a_timestamp_signed_anew_costs_one_verification():
    repository = RepositorySimulator()
    files, client = refreshed(repository)
    repository.update_timestamp()
    assert count_verifications(client.refresh) == 1
    assert repository.requests == IDLE
    assert files.written == ["timestamp"]


def test_a_release_takes_three_files():
    repository = RepositorySimulator()
    files, client = refreshed(repository)
    repository.add_target(TARGET, b"another")
    repository.update_targets()
    client.refresh()
    assert repository.requests == IDLE + ["metadata/2.snapshot.json", "metadata/2.targets.json"]
    assert files.written == ["timestamp", "snapshot", "targets"]
    assert client.fetch_target(TARGET, 100) == b"another"


def test_a_repository_without_consistent_snapshots_has_plain_names():
    repository = RepositorySimulator()
    repository.root["consistent_snapshot"] = False
    repository.write("root")
    for role in ("snapshot", "targets"):
        data = repository.served.pop("metadata/1.%s.json" % role)
        repository.served["metadata/%s.json" % role] = data
    for path in list(repository.served):
        if path.startswith("targets/"):
            repository.served["targets/" + TARGET] = repository.served.pop(path)
    client = repository.client()
    client.refresh()
    assert client.fetch_target(TARGET, 100) == TARGET_DATA


def test_a_board_without_a_root_cannot_update():
    repository = RepositorySimulator()
    raises(BoardError, repository.client(MemoryFiles()).refresh, says="no root")
    assert repository.requests == []


# Root


def test_each_next_root_is_kept_at_once():
    repository = RepositorySimulator()
    files, client = refreshed(repository)
    repository.rotate_root("timestamp", "timestamp-2")
    repository.rotate_root("root", "root-2", "root-3", "root-4")
    repository.broken["metadata/timestamp.json"] = DownloadError("stalled")
    raises(DownloadError, client.refresh)
    assert files.written == ["root", "root"]
    assert files.data["root"] == repository.served["metadata/3.root.json"]


def test_only_a_missing_next_root_means_that_there_is_none():
    repository = RepositorySimulator()
    repository.broken["metadata/2.root.json"] = DownloadError("503")
    raises(DownloadError, repository.client().refresh, says="503")
    repository.broken["metadata/2.root.json"] = NotFoundError("403")
    repository.client().refresh()


def test_a_next_root_that_is_refused_stops_the_refresh():
    repository = RepositorySimulator()
    files, client = refreshed(repository)
    repository.served["metadata/2.root.json"] = b"<html>not found</html>"
    raises(RepositoryError, client.refresh, says="JSON")
    assert repository.requests == IDLE[:1]
    assert files.written == []


def test_an_expired_root_stops_the_refresh_before_the_timestamp():
    repository = RepositorySimulator()
    repository.root["expires"] = NOW
    repository.write("root")
    raises(ExpiredError, repository.client().refresh, says="root expired")
    assert repository.requests == IDLE[:1]


def test_a_refresh_follows_32_roots_and_the_next_the_rest():
    repository = RepositorySimulator()
    files = repository.files()
    repository.signers["root"] = [Signer("root-1"), Signer("root-2")]
    for _ in range(33):
        repository.rotate_root("timestamp", "timestamp")
    client = repository.client(files)
    client.refresh()
    assert files.data["root"] == repository.served["metadata/33.root.json"]
    client.refresh()
    assert files.data["root"] == repository.served["metadata/34.root.json"]


# Rollback, freeze and recovery


def test_an_older_timestamp_is_refused_and_nothing_changes():
    repository = RepositorySimulator()
    old = dict(repository.served)
    repository.update_targets()
    files, client = refreshed(repository)
    kept = dict(files.data)
    repository.served = old
    raises(RepositoryError, client.refresh, says="timestamp went from 2 to 1")
    raises(RepositoryError, repository.client(files).refresh, says="timestamp went from 2 to 1")
    assert files.data == kept


def test_a_frozen_repository_expires():
    repository = RepositorySimulator()
    files, client = refreshed(repository)
    repository.now = "2027-11-20T12:00:00Z"
    repository.root["expires"] = "2030-01-01T00:00:00Z"
    repository.rotate_root("root", "root-1", "root-2", "root-3")
    raises(ExpiredError, client.refresh, says="timestamp expired")
    assert files.data["timestamp"] == repository.served["metadata/timestamp.json"]


def test_an_expired_cached_timestamp_still_guards_against_rollback():
    repository = RepositorySimulator()
    repository.timestamp["expires"] = "2026-11-20T12:00:01Z"
    repository.update_timestamp()
    _, client = refreshed(repository)
    repository.now = "2026-11-20T12:00:01Z"
    repository.timestamp.update(version=1, expires="2027-11-20T12:00:00Z")
    repository.write("timestamp")
    raises(RepositoryError, client.refresh, says="timestamp went from 2 to 1")
    repository.timestamp["version"] = 3
    repository.write("timestamp")
    client.refresh()


def test_rotated_keys_recover_from_a_fast_forward():
    repository = RepositorySimulator()
    repository.timestamp["version"] = repository.snapshot["version"] = 2**40
    repository.list_targets()
    repository.write("snapshot")
    repository.list_snapshot()
    repository.write("timestamp")
    files, client = refreshed(repository)
    repository.timestamp["version"] = repository.snapshot["version"] = 1
    repository.rotate_root("snapshot", "snapshot-2")
    repository.rotate_root("timestamp", "timestamp-2")
    repository.update_snapshot()
    client.refresh()
    assert files.data["timestamp"] == repository.served["metadata/timestamp.json"]
    assert files.data["snapshot"] == repository.served["metadata/2.snapshot.json"]


def test_a_refresh_after_a_missing_file_goes_on_where_it_stopped():
    repository = RepositorySimulator()
    files, client = refreshed(repository)
    repository.update_targets()
    late = repository.served.pop("metadata/2.targets.json")
    raises(NotFoundError, client.refresh, says="2.targets")
    assert files.written == ["timestamp", "snapshot"]
    raises(NotFoundError, client.refresh, says="2.targets")
    repository.served["metadata/2.targets.json"] = late
    client.refresh()
    assert files.data["targets"] == late


def test_damaged_cached_files_are_fetched_anew():
    repository = RepositorySimulator()
    files, _ = refreshed(repository)
    for role in ROLES[1:]:
        files.data[role] = files.data[role][:100]
    repository.client(files).refresh()
    kept = [files.data[role] for role in ROLES[1:]]
    assert kept == served(repository, "timestamp", "1.snapshot", "1.targets")


def test_a_cached_file_changed_on_flash_is_not_believed():
    repository = RepositorySimulator()
    files, _ = refreshed(repository)
    files.data["targets"] = files.data["targets"].replace(b"stable", b"stabel")
    client = repository.client(files)
    client.refresh()
    assert client.is_target(TARGET, TARGET_DATA)


# Sizes


def test_a_file_longer_than_its_cap_is_not_taken():
    for path, cap in (("2.root", 16384), ("timestamp", 4096)):
        repository = RepositorySimulator()
        repository.served["metadata/%s.json" % path] = b" " * (cap + 1)
        raises(DownloadError, repository.client().refresh, says="longer than %d" % cap)


def test_a_file_longer_than_announced_is_not_taken():
    for path in ("1.snapshot", "1.targets"):
        repository = RepositorySimulator()
        length = len(repository.served["metadata/%s.json" % path])
        repository.served["metadata/%s.json" % path] += b" "
        raises(DownloadError, repository.client().refresh, says="longer than %d" % length)


def test_a_file_announced_longer_than_a_board_takes_is_not_asked_for():
    repository = RepositorySimulator()
    repository.timestamp["meta"]["snapshot.json"]["length"] = 32769
    repository.write("timestamp")
    raises(RepositoryError, repository.client().refresh, says="32769")
    assert repository.requests == IDLE


def test_a_file_without_announced_length_has_an_absolute_cap():
    repository = RepositorySimulator()
    repository.timestamp["meta"]["snapshot.json"] = {"version": 1}
    repository.write("timestamp")
    repository.served["metadata/1.snapshot.json"] = b" " * 32769
    raises(DownloadError, repository.client().refresh, says="longer than 32768")


# Targets


def target_file(digest):
    return "targets/stable/%s.sensor-r2.json" % digest


def test_a_target_is_fetched_by_its_hash():
    repository = RepositorySimulator()
    _, client = refreshed(repository)
    assert client.has_target(TARGET)
    assert client.fetch_target(TARGET, len(TARGET_DATA)) == TARGET_DATA
    digest = file_fields(TARGET_DATA)["hashes"]["sha256"]
    assert repository.requests == [target_file(digest)]


def test_a_kept_copy_is_compared_with_length_and_hash():
    _, client = refreshed(RepositorySimulator())
    assert client.is_target(TARGET, TARGET_DATA)
    for other in (b"", TARGET_DATA + b" ", TARGET_DATA.replace(b"1.0.0", b"1.0.1")):
        assert not client.is_target(TARGET, other)


def test_a_target_may_have_a_sha_512_alone():
    repository = RepositorySimulator()
    digest = hexlify(sha512(TARGET_DATA).digest()).decode()
    repository.targets["targets"][TARGET]["hashes"] = {"sha512": digest}
    repository.update_targets()
    _, client = refreshed(repository)
    repository.served[target_file(digest)] = TARGET_DATA
    assert client.fetch_target(TARGET, 100) == TARGET_DATA
    repository.served[target_file(digest)] = TARGET_DATA.replace(b"1.0.0", b"1.0.1")
    raises(RepositoryError, client.fetch_target, TARGET, 100, says="hash")


def test_a_target_may_stand_at_the_top():
    repository = RepositorySimulator()
    repository.add_target("top.json", b"x")
    name = "targets/%s.top.json" % file_fields(b"x")["hashes"]["sha256"]
    repository.served[name] = b"x"
    repository.update_targets()
    _, client = refreshed(repository)
    assert client.fetch_target("top.json", 1) == b"x"


def test_an_absent_target_is_an_error():
    _, client = refreshed(RepositorySimulator())
    assert not client.has_target("beta/sensor-r2.json")
    raises(RepositoryError, client.is_target, "beta/sensor-r2.json", b"", says="no target beta")
    raises(RepositoryError, client.fetch_target, "beta/sensor-r2.json", 100, says="no target")


def test_a_target_longer_than_the_caller_takes_is_not_asked_for():
    repository = RepositorySimulator()
    _, client = refreshed(repository)
    raises(RepositoryError, client.fetch_target, TARGET, len(TARGET_DATA) - 1, says="bytes")
    assert repository.requests == []


def test_a_target_must_be_what_was_signed():
    repository = RepositorySimulator()
    _, client = refreshed(repository)
    path = target_file(file_fields(TARGET_DATA)["hashes"]["sha256"])
    repository.served[path] = TARGET_DATA.replace(b"1.0.0", b"1.0.1")
    raises(RepositoryError, client.fetch_target, TARGET, 100, says="hash")
    repository.served[path] = TARGET_DATA[:-1]
    raises(RepositoryError, client.fetch_target, TARGET, 100, says="bytes")
    repository.served[path] = TARGET_DATA + b" "
    raises(DownloadError, client.fetch_target, TARGET, 100, says="longer")


def test_no_target_is_known_before_a_refresh_or_after_one_that_failed():
    repository = RepositorySimulator()
    raises(ValueError, repository.client().has_target, TARGET, says="refresh")
    _, client = refreshed(repository)
    repository.broken["metadata/timestamp.json"] = DownloadError("stalled")
    raises(DownloadError, client.refresh)
    raises(ValueError, client.has_target, TARGET, says="refresh")
    raises(ValueError, client.fetch_target, TARGET, 100, says="refresh")


def test_signed_at_is_known_even_when_the_refresh_failed():
    repository = RepositorySimulator()
    repository.timestamp["x-slotcast-signed-at"] = "2026-11-19T00:00:00Z"
    repository.write("timestamp")
    repository.broken["metadata/1.snapshot.json"] = DownloadError("stalled")
    client = repository.client()
    assert client.signed_at() == ""
    raises(DownloadError, client.refresh)
    assert client.signed_at() == "2026-11-19T00:00:00Z"


def with_signed_at(time):
    repository = RepositorySimulator()
    repository.timestamp["x-slotcast-signed-at"] = time
    repository.write("timestamp")
    return repository


def test_signed_at_of_the_kept_timestamp_is_known_before_the_first_refresh():
    repository = with_signed_at("2026-11-19T00:00:00Z")
    files, _ = refreshed(repository)
    client = repository.client(files)
    assert client.signed_at() == "2026-11-19T00:00:00Z"
    assert repository.requests == []
    # Verified once, the timestamp and its root are not verified again by the refresh.
    assert count_verifications(client.refresh) == 2


def test_the_next_client_with_the_same_memory_knows_the_time_and_verifies_nothing_again():
    repository, memory = with_signed_at("2026-11-19T00:00:00Z"), {}
    files = repository.files()
    first, second = (
        Client(files, plain(repository.fetch), lambda: repository.now, memory) for _ in range(2)
    )
    assert count_verifications(first.refresh) > 0
    del files.data["timestamp"]
    assert second.signed_at() == "2026-11-19T00:00:00Z"
    assert count_verifications(second.refresh) == 0


def test_signed_at_of_a_kept_timestamp_that_does_not_verify_is_not_believed():
    repository = with_signed_at("2026-11-19T00:00:00Z")
    files, _ = refreshed(repository)
    files.data["timestamp"] = files.data["timestamp"].replace(b"2026-11-19", b"2026-11-20")
    assert repository.client(files).signed_at() == ""


def test_modules_that_were_unloaded_are_loaded_again_at_need():
    repository = RepositorySimulator()
    _, client = refreshed(repository)
    before = {name: module for name, module in sys.modules.items() if "slotcast" in name}
    assert "slotcast.ed25519" in before and "slotcast.strict_json" not in before
    try:
        unload(VERIFYING)
        unload(VERIFYING)
        for name in ("ed25519", "ed25519_base", "sha512"):
            assert "slotcast." + name not in sys.modules
            assert not hasattr(sys.modules["slotcast"], name)
        repository.update_timestamp()
        assert count_verifications(client.refresh) == 1
        assert "slotcast.ed25519" in sys.modules
    finally:  # Other tests hold on to the modules that they imported.
        sys.modules.update(before)
        for name, module in before.items():
            if name.count(".") == 1:
                setattr(sys.modules["slotcast"], name.partition(".")[2], module)


def test_both_online_keys_renewed_undo_fast_forwarded_versions():
    repository = RepositorySimulator()
    repository.snapshot["version"] = 2**50
    repository.list_targets()
    repository.write("snapshot")
    repository.timestamp["version"] = 2**50
    repository.update_timestamp()
    files, client = refreshed(repository)
    repository.rotate_root("timestamp", "timestamp-2")
    repository.rotate_root("snapshot", "snapshot-2")
    for role in (repository.snapshot, repository.timestamp):
        role["version"] = 2
    repository.list_targets()
    repository.write("snapshot")
    repository.update_timestamp()
    client.refresh()
    assert b'"version":2}' in files.data["snapshot"]
    assert b'"version":3}' in files.data["timestamp"]


def test_a_root_of_ed25519_keys_loads_no_other_verifier_and_no_delegations():
    others = ["slotcast." + name for name in ("p256", "rsa_pss", "spki", "delegations")]
    # What the tests themselves have loaded.
    loaded = {name: sys.modules.pop(name) for name in others if name in sys.modules}
    try:
        _, client = refreshed(RepositorySimulator())
        client.fetch_target(TARGET, 100)
        assert [name for name in others if name in sys.modules] == []
    finally:
        sys.modules.update(loaded)


def test_no_step_of_a_refresh_verifies_two_signatures():
    client = RepositorySimulator().client()
    genuine, begun, chunks = trust.signing_key_steps, [], []

    def signing_key_steps(*arguments):
        begun.append(1)
        return genuine(*arguments)

    trust.signing_key_steps = signing_key_steps
    try:
        for waiter in client.refresh_steps():
            assert waiter is None
            chunks.append(len(begun))
            begun.clear()
    finally:
        trust.signing_key_steps = genuine
    assert sum(chunks) >= 4 and max(chunks) == 1


def test_a_refresh_waits_for_what_its_fetch_waits_for():
    repository, network = RepositorySimulator(), object()

    def fetch(path, max_bytes):
        yield network
        return repository.fetch(path, max_bytes)

    client = Client(repository.files(), fetch, lambda: repository.now)
    waits = [waiter for waiter in client.refresh_steps() if waiter]
    assert waits == [network] * len(repository.requests)
    waits = [waiter for waiter in client.fetch_target_steps(TARGET, 100) if waiter]
    assert waits == [network]
