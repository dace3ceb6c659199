"""Metadata that is not to be accepted, signed by the true keys where that is possible.

Each function changes an offer, of which the board knows the release before, and publishes it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from offer import Offer
from tuf.api.metadata import DelegatedRole, Delegations, Metadata
from tuf.api.serialization.json import JSONSerializer

Publish = Callable[[Offer], None]
HIGHEST = 2**53 - 1
TIMESTAMP = "metadata/timestamp.json"
ROOTS = 10_000


def next_root(data: bytes) -> Publish:
    """These bytes for the next root."""

    def publish(offer: Offer) -> None:
        offer.put(f"metadata/{offer.root.version + 1}.root.json", data)

    return publish


def next_root_with(change: Callable[[Offer], None]) -> Publish:
    """The next root, changed and signed."""

    def publish(offer: Offer) -> None:
        change(offer)
        offer.root.version += 1
        offer.sign_root()

    return publish


def threshold(role: str, value: int) -> Publish:
    """A next root with this threshold of a role."""

    def change(offer: Offer) -> None:
        offer.root.roles[role].threshold = value

    return next_root_with(change)


@next_root_with
def keyid_that_is_no_hash(offer: Offer) -> None:
    (keyid,) = offer.root.roles["timestamp"].keyids
    key = offer.root.keys.pop(keyid)
    key.keyid = "ab" * 32
    offer.root.keys[key.keyid] = key
    offer.root.roles["timestamp"].keyids = [key.keyid]


def timestamp_with(name: str, value: object) -> Publish:
    """A timestamp in which a field has another value."""

    def publish(offer: Offer) -> None:
        setattr(offer.timestamp, name, value)
        offer.publish_timestamp()

    return publish


def timestamp_text(old: bytes, new: bytes) -> Publish:
    """A timestamp in whose text something stands for something else."""

    def publish(offer: Offer) -> None:
        text = offer.files[f"sensor/{TIMESTAMP}"]
        changed = text.replace(old, new, 1)
        assert changed != text
        offer.put(TIMESTAMP, changed)

    return publish


def replayed(source: Callable[[Offer], Offer], role: str, place: str) -> Publish:
    """The file of one role in the place of another's."""

    def publish(offer: Offer) -> None:
        offer.put(path_of(offer, place), source(offer).read(f"sensor/{path_of(offer, role)}"))

    return publish


def itself(offer: Offer) -> Offer:
    return offer


def another_product(offer: Offer) -> Offer:
    """A sound one of other keys, at the same versions."""
    other = Offer()
    other.raise_versions()
    other.publish_release()
    other.root.version = offer.root.version + 1
    other.sign_root()
    return other


def path_of(offer: Offer, role: str) -> str:
    version = getattr(offer, role).version + (role == "root")
    return TIMESTAMP if role == "timestamp" else f"metadata/{version}.{role}.json"


def expired_timestamp(offer: Offer) -> None:
    """Signed long ago by the true key: what a frozen edge serves."""
    offer.date(offer.timestamp, datetime.now(UTC) - timedelta(days=8))
    offer.publish_timestamp()


def timestamp_rolled_back(offer: Offer) -> None:
    offer.timestamp.version -= 2
    offer.publish_timestamp()


def snapshot_rolled_back(offer: Offer) -> None:
    offer.snapshot.version -= 2
    offer.publish_snapshot()


def targets_rolled_back(offer: Offer) -> None:
    offer.targets.version -= 2
    offer.publish_targets()


def snapshot_of_the_release_before(offer: Offer) -> None:
    """The old snapshot under the new one's name, by a timestamp that lists no hash."""
    old = offer.read(f"sensor/metadata/{offer.snapshot.version - 1}.snapshot.json")
    offer.put(f"metadata/{offer.snapshot.version}.snapshot.json", old)
    offer.timestamp.snapshot_meta.length = offer.timestamp.snapshot_meta.hashes = None
    offer.publish_timestamp()


def targets_of_the_release_before(offer: Offer) -> None:
    """The old targets under the new one's name, by a snapshot that lists no hash."""
    old = offer.read(f"sensor/metadata/{offer.targets.version - 1}.targets.json")
    offer.put(f"metadata/{offer.targets.version}.targets.json", old)
    listed = offer.snapshot.meta["targets.json"]
    listed.length = listed.hashes = None
    offer.publish_snapshot()


def flood_of_delegations(offer: Offer) -> None:
    """Targets that leave the manifest to as many roles as they have room for."""
    roles = {
        name: DelegatedRole(name, [], 1, terminating=False, paths=["*/*"])
        for name in (f"role-{number}" for number in range(60))
    }
    offer.targets.targets = {}
    offer.targets.delegations = Delegations({}, roles)
    offer.publish_targets()


class EndlessRoots(dict):
    """Files of an offer, and 10,000 next roots, each signed when it is asked for."""

    def __init__(self, offer: Offer) -> None:
        super().__init__(offer.files)
        self._offer = offer.copy()

    def get(self, key, default=None):
        found = re.fullmatch(r"sensor/metadata/([0-9]+)\.root\.json", key)
        if found and 1 < int(found[1]) <= ROOTS:
            return self._root(int(found[1]))
        return super().get(key, default)

    def __missing__(self, key):
        return self.get(key)

    def _root(self, version: int) -> bytes:
        self._offer.root.version = version
        metadata = Metadata(self._offer.root)
        for signer in self._offer.signers["root"]:
            metadata.sign(signer, append=True)
        return metadata.to_bytes(JSONSerializer(compact=True))


def expired_roots(offer: Offer) -> None:
    """10,000 of them; a board follows 32 at a poll."""
    offer.root.expires = datetime(2026, 1, 1, tzinfo=UTC)
    offer.files = EndlessRoots(offer)
    offer.root.version += 32
