"""The versions above which new keys begin, whoever wrote files with high numbers before."""

from datetime import timedelta

import pytest
from products import NOW, Product
from published_product import compact
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata
from tuf.api.serialization.json import JSONSerializer

from publisher.errors import VerificationError
from publisher.layout import metadata_path
from publisher.metadata_rules import MAX_INTEGER
from publisher.root.changes import RootChanges, next_root
from publisher.root.ground import Ground, choose_ground, read_ground
from publisher.root.proposal import Proposal
from publisher.root.rotation import floors

ROOM = 2**32


class Store:
    """A product with one release, whose snapshot key is to be replaced; `put` adds a file."""

    def __init__(self):
        self.product = Product()
        self.product.release("1.0.0")
        root = self.product.open().root()
        [former] = root.roles["snapshot"].keyids
        changes = RootChanges(
            replacements=[("snapshot", former, CryptoSigner.generate_ed25519().public_key)]
        )
        new = next_root(root, changes, NOW + timedelta(days=400))
        self.proposal = Proposal((self.product.read("metadata/1.root.json"),), new)
        self.more = {}

    def read(self, path):
        return self.more.get(path) or self.product.read(path)

    def put(self, role, version, signer=None):
        """Write a role as it is, under another version, signed by its key or by another."""
        metadata = Metadata.from_bytes(self.product.read(metadata_path(role, 2)))
        metadata.signed.version = version
        metadata.signatures.clear()
        metadata.sign(signer or self.product.signers[role][0])
        self.more[metadata_path(role, version)] = metadata.to_bytes(JSONSerializer(compact=True))

    def published(self):
        return read_ground(self.read, self.proposal, False, 0)

    def floors(self, ground, seen=None):
        paths = [*self.product.view().metadata_paths(), *self.more]
        return floors(self.read, paths, self.proposal, ground, seen or {})


@pytest.fixture
def store():
    return Store()


def test_new_keys_begin_above_all_that_keys_of_some_root_have_signed(store):
    store.put("snapshot", 7)
    store.put("targets", 9)
    assert store.floors(store.published()) == {"targets": 9, "snapshot": 7, "timestamp": 2}


def test_what_no_key_of_the_product_has_signed_does_not_count(store):
    for role in ("targets", "snapshot"):
        store.put(role, MAX_INTEGER, CryptoSigner.generate_ed25519())
        store.more[metadata_path(role, 2**52)] = b"junk"
    store.more["metadata/timestamp.json"] = compact({"signed": {"version": 2**40}})
    chosen = choose_ground(store.read, store.proposal, False, 2)
    assert store.floors(chosen) == {"targets": 2, "snapshot": 2, "timestamp": 0}


def test_what_this_machine_has_seen_counts_for_the_timestamp(store):
    assert store.floors(store.published(), {"timestamp": 5})["timestamp"] == 5


@pytest.mark.parametrize("role", ["targets", "snapshot"])
def test_no_thief_takes_away_the_room_above_the_versions(store, role):
    store.put(role, MAX_INTEGER - ROOM - 1)
    assert store.floors(store.published())[role] == MAX_INTEGER - ROOM - 1
    store.put(role, MAX_INTEGER - ROOM)
    with pytest.raises(VerificationError, match=f"above metadata/{MAX_INTEGER - ROOM}.{role}.json"):
        store.floors(store.published())


def test_a_version_that_is_in_force_is_no_thief_s_however_high(store):
    store.put("snapshot", MAX_INTEGER - 9)
    there = store.more[metadata_path("snapshot", MAX_INTEGER - 9)]
    ground = Ground({**store.published().files, "snapshot": there}, False)
    assert store.floors(ground)["snapshot"] == MAX_INTEGER - 9
    store.put("snapshot", MAX_INTEGER)
    with pytest.raises(VerificationError, match=f"above metadata/{MAX_INTEGER}.snapshot.json"):
        store.floors(ground)
