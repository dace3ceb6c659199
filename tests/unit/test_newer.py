"""Snapshots above the present one: who lost a race is passed over, and nobody else."""

from dataclasses import replace

import pytest
from securesystemslib.signer import CryptoSigner
from shop import Shop
from tuf.api.metadata import Metadata, Timestamp
from tuf.api.serialization.json import JSONSerializer

from publisher.layout import key, metadata_path
from publisher.metadata_rules import MAX_INTEGER
from publisher.newer import find_newer, find_outrun
from publisher.plan import make_plan
from publisher.stores.base import Object

TIMESTAMP = metadata_path("timestamp", 0)


class Bucket(Shop):
    """A product in a bucket that others may write to, without its keys unless it is said."""

    def __init__(self):
        super().__init__()
        self.release("1.0.0")
        self.release("1.1.0")

    def newer(self):
        """Paths of what may have been published, and of what lost a race."""
        view = self.view()
        repository, paths = self.open(view), view.metadata_paths()
        root, snapshot = repository.root(), repository.snapshot()
        found = list(find_newer(view.read, root, snapshot, repository.targets(), paths))
        outrun = find_outrun(view.read, root, snapshot, found, paths)
        return [one.path for one in found if one not in outrun], [one.path for one in outrun]

    def renew(self, role, leave_out=()):
        view = self.view()
        repository = self.open(view)
        repository.leave_out(leave_out)
        repository.renew(role)
        self.publish(make_plan("sensor", repository.edited, view.stored))

    def number(self, version):
        return self.signed(metadata_path("snapshot", version))["x-slotcast-named-by"]

    def signed(self, path):
        return Metadata.from_bytes(self.read(path)).signed.to_dict()

    def put(self, path, data):
        name = key("sensor", path)
        before = self.store.objects.get(name, Object(name, b"", "", ""))
        self.store.objects[name] = replace(before, data=data)

    def late(self, repository):
        """Sign on top of what `repository` had read; the snapshot's path, which nobody offers."""
        repository.renew("targets")
        files = {one.path: one.data for one in repository.edited if one.path != TIMESTAMP}
        for path, data in files.items():
            self.put(path, data)
        return max(files, key=lambda path: ".snapshot." in path)


def test_who_loses_a_race_has_the_number_of_a_snapshot_of_the_chain():
    bucket = Bucket()
    slow = bucket.open()
    bucket.release("1.2.0")
    path = bucket.late(slow)
    assert bucket.newer() == ([], [path])


def test_who_loses_to_two_others_has_the_number_of_an_older_one():
    bucket = Bucket()
    slow = bucket.open()
    bucket.release("1.2.0")
    bucket.release("1.3.0")
    path = bucket.late(slow)
    assert bucket.number(5) > bucket.number(6) == bucket.number(4)
    assert bucket.newer() == ([], [path])


def test_a_number_below_the_present_one_that_nobody_else_has_is_no_lost_race():
    """An old timestamp was put back, somebody published on top of it, and the newest came again."""
    bucket = Bucket()
    bucket.renew("timestamp")
    old = bucket.read(TIMESTAMP)
    for role in ("timestamp", "timestamp", "snapshot"):
        bucket.renew(role)
    newest = bucket.read(TIMESTAMP)
    bucket.put(TIMESTAMP, old)
    bucket.withdraw("1.1.0", to="1.0.0")
    bucket.put(TIMESTAMP, newest)
    assert bucket.number(5) < bucket.number(4)
    assert bucket.newer() == (["metadata/5.snapshot.json"], [])


def test_a_snapshot_of_the_same_targets_tells_of_a_timestamp_that_was_put_back():
    bucket = Bucket()
    old = bucket.read(TIMESTAMP)
    bucket.renew("snapshot")
    bucket.put(TIMESTAMP, old)
    assert bucket.newer() == (["metadata/4.snapshot.json"], [])


def test_what_is_signed_beside_a_snapshot_that_was_left_out_has_a_number_of_its_own():
    """Whoever puts the newest timestamp back does not make it look like the loser of a race."""
    bucket = Bucket()
    old = bucket.read(TIMESTAMP)
    bucket.renew("snapshot")
    newest = bucket.read(TIMESTAMP)
    bucket.put(TIMESTAMP, old)
    bucket.renew("targets", leave_out=[bucket.number(4)])
    bucket.put(TIMESTAMP, newest)
    assert bucket.number(5) == bucket.number(4) + 1
    assert bucket.newer() == (["metadata/5.snapshot.json"], [])


@pytest.mark.parametrize("back", [1, 2])
def test_a_thief_of_the_timestamp_s_key_gives_no_two_chains_one_number(back):
    bucket = Bucket()
    newest = bucket.read(TIMESTAMP)
    bucket.put(TIMESTAMP, forged(bucket, version=bucket.number(3) - back))
    bucket.release("1.2.0")
    bucket.put(TIMESTAMP, newest)
    assert bucket.number(4) == bucket.number(3) + 1
    assert bucket.newer() == (["metadata/4.snapshot.json"], [])


def test_a_number_that_cannot_be_counted_up_stops_nobody():
    bucket = Bucket()
    repository = bucket.open()
    repository.leave_out([MAX_INTEGER])
    repository.renew("snapshot")
    assert repository.snapshot().unrecognized_fields["x-slotcast-named-by"] == MAX_INTEGER


def test_who_signs_with_another_key_wins_no_race():
    """Else anybody could put a snapshot there that makes a real one look like a loser."""
    bucket = Bucket()
    bucket.renew("timestamp")
    old = bucket.read(TIMESTAMP)
    bucket.renew("timestamp")
    bucket.renew("snapshot")
    newest = bucket.read(TIMESTAMP)
    bucket.put(TIMESTAMP, old)
    bucket.withdraw("1.1.0", to="1.0.0")
    bucket.put(TIMESTAMP, newest)
    forgery = Metadata.from_bytes(bucket.read(metadata_path("snapshot", 2)))
    forgery.signed.unrecognized_fields["x-slotcast-named-by"] = bucket.number(5)
    forgery.sign(CryptoSigner.generate_ed25519())
    bucket.put(metadata_path("snapshot", 2), forgery.to_bytes(JSONSerializer(compact=True)))
    assert bucket.newer() == (["metadata/5.snapshot.json"], [])


def forged(bucket, version):
    """A timestamp of another version that names the same snapshot, signed with the stolen key."""
    metadata = Metadata[Timestamp].from_bytes(bucket.read(TIMESTAMP))
    metadata.signed.version = version
    metadata.sign(*bucket.signers["timestamp"])
    return metadata.to_bytes(JSONSerializer(compact=True))
