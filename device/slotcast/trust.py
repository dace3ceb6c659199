"""The TUF client workflow as a pure core: bytes and a time go in, trusted metadata comes out.

The numbers in comments are those of the specification's "Detailed client workflow" (section 5,
version 1.0.x). What is not checked here is file and network access, which is client.py's: which
file to ask for, its size limit (5.3.3, 5.4.1, 5.5.1, 5.6.1) and its persisting (5.3.8, 5.4.5,
5.5.7, 5.6.6).

As in python-tuf, metadata is loaded in order (root, timestamp, snapshot, targets), and what
verifies but may not be used (expired, or a snapshot of another version than timestamp says) is
"intermediate": the call raises, yet the next one is compared with it to detect a rollback.

Verifying signatures takes long, so each call is in steps (steps.py), and has a plain twin.
"""

from slotcast.errors import ExpiredError, RepositoryError
from slotcast.iso_time import is_time
from slotcast.metadata import Metadata, Root, Snapshot, Targets, Timestamp
from slotcast.signatures import signing_key_steps
from slotcast.steps import finish


class TrustedMetadata:
    """The metadata that is trusted during one refresh.

    `root`, `timestamp`, `snapshot` and `targets` are metadata.py's objects, None until loaded. It
    begins with `of`, or with `of_steps`.

    The methods raise RepositoryError, or its ExpiredError, and ValueError when called out of order.
    """

    def __init__(self, now: str, verified) -> None:
        if not is_time(now):
            raise ValueError("not a time: %s" % now)
        self._now = now
        self._verified = {} if verified is None else verified
        self.root = self.timestamp = self.snapshot = self.targets = None

    @classmethod
    def of(cls, root_data: bytes, now: str, verified=None) -> "TrustedMetadata":
        """What is trusted at first: a root.

        Args:
            root_data: the trusted root file, verified by itself alone; it may be expired.
            now: the fixed time that expiry is checked against (5.2), YYYY-MM-DDTHH:MM:SSZ.
            verified: a dict that the caller keeps from one refresh to the next: it remembers which
                bytes were verified against which delegator's, so that they are not verified twice.

        Raises ValueError when `now` is no time, RepositoryError when the root is not acceptable.
        """
        return finish(cls.of_steps(root_data, now, verified))

    @classmethod
    def of_steps(cls, root_data: bytes, now: str, verified=None):
        """`of`, in steps."""
        trusted = cls(now, verified)
        metadata = Metadata(root_data, "root")
        root_data = None  # The signatures are verified next, which takes much of a small heap.
        root = metadata.as_role(Root)
        yield from trusted._verify_signatures_steps(metadata, "root", root)
        trusted.root = root
        return trusted

    def update_root(self, data: bytes) -> None:
        """Take the next root (5.3.4 to 5.3.7), which may be expired: perhaps another follows."""
        finish(self.update_root_steps(data))

    def update_root_steps(self, data: bytes):
        """`update_root`, in steps."""
        _verify_order(self.timestamp is None)
        metadata = Metadata(data, "root")
        # 5.3.4, arbitrary software attack: signed by the old root's threshold and by its own.
        yield from self._verify_signatures_steps(metadata, "root", self.root)
        root = metadata.as_role(Root)
        yield from self._verify_signatures_steps(metadata, "root", root)
        metadata.verify_padding(len(data))
        # 5.3.5, rollback attack: exactly the next version.
        if root.version != self.root.version + 1:
            raise RepositoryError("root %d follows root %d" % (root.version, self.root.version))
        # 5.3.7: the new root is the trusted one.
        self.root = root

    def verify_root_is_final(self) -> None:
        """Raise ExpiredError when the newest root is expired (5.3.10, freeze attack)."""
        self._verify_not_expired(self.root, "root")

    def update_timestamp(self, data: bytes) -> bool:
        """Take a timestamp (5.4.2 to 5.4.4); False when the trusted one, of equal version, stays.

        An expired one raises ExpiredError, but is loaded as intermediate.
        """
        return finish(self.update_timestamp_steps(data))

    def update_timestamp_steps(self, data: bytes):
        """`update_timestamp`, in steps."""
        _verify_order(self.snapshot is None)
        # 5.3.10 first; 5.3.11 (recovery from a fast-forward attack) happens by itself, as in
        # python-tuf: what the keys of the final root did not sign does not load from the cache. A
        # thief of both online keys is undone by replacing both.
        self.verify_root_is_final()
        timestamp = yield from self._load_steps(Timestamp, data, "timestamp", self.root)
        if self.timestamp is not None:
            # 5.4.3.1, rollback attack; an equal version keeps the trusted one.
            if timestamp.version == self.timestamp.version:
                return False
            _verify_not_lower("timestamp", timestamp, self.timestamp)
            # 5.4.3.2: nor is the snapshot's version rolled back.
            _verify_not_lower("snapshot", timestamp.snapshot, self.timestamp.snapshot)
        self.timestamp = timestamp
        # 5.4.4, freeze attack
        self._verify_not_expired(timestamp, "timestamp")
        return True

    def update_snapshot(self, data: bytes, trusted: bool = False) -> None:
        """Take a snapshot (5.5.2 to 5.5.6); `trusted` when it was accepted once, so from our cache.

        A cached one that timestamp's hashes no longer match is loaded as intermediate.
        """
        finish(self.update_snapshot_steps(data, trusted))

    def update_snapshot_steps(self, data: bytes, trusted: bool = False):
        """`update_snapshot`, in steps."""
        _verify_order(self.timestamp is not None and self.targets is None)
        self._verify_not_expired(self.timestamp, "timestamp")
        # 5.5.2: timestamp's length and hashes, where it gives them.
        if not trusted:
            self.timestamp.snapshot.verify(data, "snapshot")
        # 5.5.3, arbitrary software attack
        snapshot = yield from self._load_steps(Snapshot, data, "snapshot", self.root)
        # 5.5.5, rollback attack
        if self.snapshot is not None:
            _verify_no_rollback(snapshot.meta, self.snapshot.meta)
        self.snapshot = snapshot
        self._verify_snapshot_is_final()

    def update_targets(self, data: bytes) -> None:
        """Take the top-level targets metadata (5.6.2 to 5.6.5)."""
        finish(self.update_targets_steps(data))

    def update_targets_steps(self, data: bytes):
        """`update_targets`, in steps."""
        _verify_order(self.snapshot is not None)
        self._verify_snapshot_is_final()
        self.targets = yield from self._verified_targets_steps(data, "targets", self.root)

    def delegated_targets_steps(self, data: bytes, name: str, delegations):
        """The targets metadata of a delegated role (5.6.2 to 5.6.5, by 5.6.7.2.2).

        Verified against the delegations that lead to it now: another role's may name other keys.
        """
        _verify_order(self.targets is not None)
        return (yield from self._verified_targets_steps(data, name, delegations))

    def _verified_targets_steps(self, data: bytes, name: str, delegator):
        info = self.snapshot_info(name)
        # 5.6.2: snapshot's length and hashes, where it gives them.
        info.verify(data, name)
        # 5.6.3, arbitrary software attack
        targets = yield from self._load_steps(Targets, data, name, delegator)
        # 5.6.4, rollback and mix-and-match attack
        if targets.version != info.version:
            raise RepositoryError("%s %d is not %d" % (name, targets.version, info.version))
        # 5.6.5, freeze attack
        self._verify_not_expired(targets, name)
        return targets

    def snapshot_info(self, role: str):
        """What the snapshot says of a role's metadata file, a MetaFile."""
        info = self.snapshot.meta.get(role + ".json")
        if info is None:
            raise RepositoryError("snapshot does not name " + role)
        return info

    def signed_at(self) -> str:
        """The newest time at which any trusted metadata says that it was signed, or "".

        A time past root's expiry is disbelieved: whoever stole an online key would otherwise push
        a board's clock so far that no later root could recover it.
        """
        newest = ""
        for role in (self.timestamp, self.snapshot, self.targets):
            if role is not None and newest < role.signed_at < self.root.expires:
                newest = role.signed_at
        return newest

    def _load_steps(self, kind, data: bytes, name: str, delegator):
        """Parse the role `name` of a delegator, verify its signatures, check its types."""
        metadata = Metadata(data, kind.TYPE)
        yield from self._verify_signatures_steps(metadata, name, delegator)
        return metadata.as_role(kind)

    def _verify_signatures_steps(self, metadata, name: str, delegator):
        """Verify `metadata` as the role `name` of a delegator, unless these bytes were before."""
        proof = delegator.digest + metadata.digest
        if self._verified.get(name) != proof:
            role = delegator.role(name)
            yield from verify_threshold_steps(metadata, role, delegator.keys, name)
            self._verified[name] = proof

    def _verify_snapshot_is_final(self) -> None:
        # 5.5.6, freeze attack
        self._verify_not_expired(self.snapshot, "snapshot")
        # 5.5.4, mix-and-match attack
        expected = self.timestamp.snapshot.version
        if self.snapshot.version != expected:
            raise RepositoryError("snapshot %d is not %d" % (self.snapshot.version, expected))

    def _verify_not_expired(self, role, name: str) -> None:
        if role.is_expired(self._now):
            raise ExpiredError("%s expired at %s" % (name, role.expires))


def verify_threshold_steps(metadata, role, keys, name: str):
    """Raise RepositoryError unless `role.threshold` different keys signed `metadata`.

    `keys` are the delegator's, by keyid. A signature that is malformed, wrong, or by a key of an
    unknown type does not count, and does no harm; one key under two keyids counts once.
    """
    signed_by = set()
    for keyid in role.keyids:
        key = keys.get(keyid)
        signature = metadata.signatures.get(keyid)
        if key is None or signature is None:
            continue
        yield None
        signer = yield from signing_key_steps(key, signature, metadata.write_signed)
        if signer is not None:
            signed_by.add(signer)
            if len(signed_by) >= role.threshold:
                return
    raise RepositoryError("%s is signed by %d of %d keys" % (name, len(signed_by), role.threshold))


def _verify_no_rollback(meta, trusted_meta) -> None:
    """5.5.5: no file's version is lower than it was, and none disappears."""
    for name in trusted_meta:
        if name not in meta:
            raise RepositoryError("snapshot no longer names " + name)
        _verify_not_lower(name, meta[name], trusted_meta[name])


def _verify_not_lower(name: str, new, trusted) -> None:
    if new.version < trusted.version:
        raise RepositoryError("%s went from %d to %d" % (name, trusted.version, new.version))


def _verify_order(is_in_order: bool) -> None:
    if not is_in_order:
        raise ValueError("metadata is loaded in the order root, timestamp, snapshot, targets")
