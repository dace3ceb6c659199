"""What a caller must not do with trusted metadata, and floors that a failed refresh leaves."""

from check import raises
from repository_simulator import NOW, RepositorySimulator

from slotcast.errors import DownloadError
from slotcast.steps import finish
from slotcast.trust import TrustedMetadata

# The signer of the tests takes memory, not the code under test.
HEAP_KIB = 2048
AHEAD = "2027-10-01T00:00:00Z"
SIGNED_AT = "2026-11-19T12:00:00Z"


def test_roles_are_loaded_in_their_order():
    served = RepositorySimulator().served
    trusted = TrustedMetadata.of(served["metadata/1.root.json"], NOW)
    says = "in the order"

    def load_delegated():
        finish(trusted.delegated_targets_steps(b"", "a", None))

    raises(ValueError, trusted.update_snapshot, b"", says=says)
    raises(ValueError, trusted.update_targets, b"", says=says)
    raises(ValueError, load_delegated, says=says)
    trusted.update_timestamp(served["metadata/timestamp.json"])
    raises(ValueError, trusted.update_root, b"", says=says)
    raises(ValueError, trusted.update_targets, b"", says=says)
    trusted.update_snapshot(served["metadata/1.snapshot.json"])
    raises(ValueError, trusted.update_timestamp, b"", says=says)
    raises(ValueError, load_delegated, says=says)
    trusted.update_targets(served["metadata/1.targets.json"])
    raises(ValueError, trusted.update_snapshot, b"", says=says)


def test_a_signing_time_that_targets_alone_bear_outlives_a_failed_refresh():
    repository = RepositorySimulator()
    repository.targets["x-slotcast-signed-at"] = SIGNED_AT
    repository.update_targets()
    client = repository.client()
    client.refresh()
    assert client.signed_at() == SIGNED_AT
    repository.broken["metadata/timestamp.json"] = DownloadError("stalled")
    raises(DownloadError, client.refresh)
    assert client.signed_at() == SIGNED_AT


def test_a_signing_time_ahead_is_taken_back_by_rotating_the_key():
    repository = RepositorySimulator()
    repository.timestamp["x-slotcast-signed-at"] = AHEAD
    repository.update_timestamp()
    client = repository.client()
    client.refresh()
    assert client.signed_at() == AHEAD
    repository.timestamp["x-slotcast-signed-at"] = SIGNED_AT
    repository.update_timestamp()
    client.refresh()
    assert client.signed_at() == AHEAD
    repository.rotate_root("timestamp", "another timestamp key")
    repository.update_timestamp()
    client.refresh()
    assert client.signed_at() == SIGNED_AT
