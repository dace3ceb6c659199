"""A thief who can write to the bucket, and has stolen some keys: what they publish."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from securesystemslib.signer import CryptoSigner, Signer
from tuf.api.metadata import Metadata, MetaFile, TargetFile
from tuf.api.serialization.json import JSONSerializer

LAST_VERSION = 2**53 - 1
_LONG = timedelta(days=3650)


class Thief:
    """Signs what the stolen keys let them; the rest by keys of their own.

    Args:
        base: the product's files.
        stolen: signers by role.
        whom: the channel and board whose offers they change.
    """

    def __init__(
        self, base: Path, stolen: Mapping[str, Sequence[Signer]], whom: str = "stable/b1"
    ) -> None:
        self.base = base
        self.whom = whom
        self.stolen = stolen
        self.own = CryptoSigner.generate_ed25519()

    def __contains__(self, role: str) -> bool:
        return role in self.stolen

    def offer(self, **changes: Any) -> None:
        """Offer a release of their own: the present manifest with these fields changed."""
        targets = self.leave_targets(**changes)
        self.point("snapshot", "targets", self._open("snapshot"), targets)

    def leave_targets(self, **changes: Any) -> Metadata[Any]:
        """Write targets with such an offer, which nothing names, and return them."""
        targets = self._open("targets")
        present = self._manifest(targets)
        fields = json.loads(present.read_bytes())
        fields |= {"release": fields["release"] + 1, **changes}
        data = json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()
        name = f"{self.whom}.json"
        targets.signed.targets[name] = TargetFile.from_data(name, data, ["sha256"])
        self._manifest(targets).write_bytes(data)
        self._write("targets", targets)
        return targets

    def point(
        self, role: str, named: str, metadata: Metadata[Any], to: Metadata[Any], by: int = 1
    ) -> None:
        """Sign a snapshot or timestamp that names a file, and what names that."""
        data = self._path(named, to).read_bytes()
        meta = MetaFile.from_data(to.signed.version, data, ["sha256"])
        if role == "snapshot":
            metadata.signed.meta["targets.json"] = meta
        else:
            metadata.signed.snapshot_meta = meta
        self._write(role, metadata, by)
        if role == "snapshot":
            self.point("timestamp", "snapshot", self._open("timestamp"), metadata)

    def renew(self, days: float) -> None:
        """Sign what they can of the present state anew, to last for ever."""
        if "snapshot" in self and "targets" in self:
            self._write("targets", self._open("targets"), days=days)
        if "snapshot" in self:
            self.point("snapshot", "targets", self._open("snapshot"), self._newest("targets"))
        elif "timestamp" in self:
            self._write("timestamp", self._open("timestamp"))

    def roll_back(self, before: Path) -> None:
        """Offer what was offered at the time of `before`, an older copy of the files."""
        old = Thief(before, {})
        if "snapshot" in self:
            self.point("snapshot", "targets", self._open("snapshot"), old._open("targets"))
        elif "timestamp" in self:
            self.point("timestamp", "snapshot", self._open("timestamp"), old._open("snapshot"))
        else:
            data = (before / "metadata/timestamp.json").read_bytes()
            (self.base / "metadata/timestamp.json").write_bytes(data)

    def fast_forward(self) -> None:
        """Sign the highest versions that there are."""
        if "snapshot" in self:
            snapshot = self._open("snapshot")
            snapshot.signed.version = LAST_VERSION - 1
            self.point("snapshot", "targets", snapshot, self._open("targets"))
        timestamp = self._open("timestamp")
        timestamp.signed.version = LAST_VERSION - 1
        self._write("timestamp", timestamp)

    def set_clocks_ahead(self, days: float) -> None:
        """Sign a timestamp whose signing time lies ahead."""
        timestamp = self._open("timestamp")
        timestamp.signed.expires = datetime.now(UTC) + timedelta(days=days) + _LONG
        when = datetime.now(UTC) + timedelta(days=days)
        timestamp.signed.unrecognized_fields["x-slotcast-signed-at"] = f"{when:%Y-%m-%dT%H:%M:%SZ}"
        self._write("timestamp", timestamp)

    def take_root(self) -> None:
        """Sign a next root in which each role has their own key alone."""
        root = self._newest("root")
        for name, role in root.signed.roles.items():
            for keyid in list(role.keyids):
                root.signed.revoke_key(keyid, name)
            root.signed.add_key(self.own.public_key, name)
            role.threshold = 1
        self._write("root", root)

    def swap_manifest(self) -> None:
        """Put other bytes in place of the manifest that is offered."""
        path = self._manifest(self._open("targets"))
        path.write_bytes(path.read_bytes().replace(b'"1.', b'"6.', 1))

    def take_away(self) -> None:
        """Remove all metadata."""
        for path in (self.base / "metadata").iterdir():
            path.unlink()

    def _open(self, role: str) -> Metadata[Any]:
        """What is offered now: followed from the timestamp, as far as it names files."""
        timestamp = Metadata[Any].from_bytes((self.base / "metadata/timestamp.json").read_bytes())
        if role == "timestamp":
            return timestamp
        version = timestamp.signed.snapshot_meta.version
        snapshot = self._read(f"{version}.snapshot")
        if role == "snapshot":
            return snapshot
        return self._read(f"{snapshot.signed.meta['targets.json'].version}.targets")

    def _manifest(self, targets: Metadata[Any]) -> Path:
        channel, board = self.whom.split("/")
        sha256 = targets.signed.targets[f"{self.whom}.json"].hashes["sha256"]
        return self.base / f"targets/{channel}/{sha256}.{board}.json"

    def _newest(self, role: str) -> Metadata[Any]:
        names = (path.name for path in (self.base / "metadata").glob(f"*.{role}.json"))
        return self._read(f"{max(int(name.split('.')[0]) for name in names)}.{role}")

    def _read(self, name: str) -> Metadata[Any]:
        return Metadata[Any].from_bytes((self.base / f"metadata/{name}.json").read_bytes())

    def _write(self, role: str, metadata: Metadata[Any], by: int = 1, days: float = 0) -> None:
        metadata.signed.version += by
        metadata.signed.expires = datetime.now(UTC).replace(microsecond=0) + _LONG
        metadata.signatures.clear()
        for signer in [*self.stolen.get(role, ()), self.own]:
            metadata.sign(signer, append=True)
        self._path(role, metadata).write_bytes(metadata.to_bytes(JSONSerializer(compact=True)))

    def _path(self, role: str, metadata: Metadata[Any]) -> Path:
        version = "" if role == "timestamp" else f"{metadata.signed.version}."
        return self.base / f"metadata/{version}{role}.json"
