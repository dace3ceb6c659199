"""The TUF roles of one product in memory: opened from what is published, edited, and signed.

Nothing is written here: what an edit has signed stands in `edited`, for plan.py to order and for a
store to take. A role is signed only on top of a state that was verified from the root down.

Versions may have gaps. A run that was cut short leaves files behind that no snapshot names, and
versioned files are never overwritten; so the next edit takes the next version whose name is free.
TUF asks only that versions grow. The timestamp is the one pointer: its versions have no gaps.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from securesystemslib.signer import Signer
from tuf.api.exceptions import RepositoryError, UnsignedMetadataError
from tuf.api.metadata import (
    Metadata,
    MetaFile,
    Root,
    Signed,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)
from tuf.api.serialization.json import JSONSerializer
from tuf.repository import Repository as TufRepository

from publisher.board_limits import verify_limits
from publisher.errors import KeyAccessError, VerificationError
from publisher.iso_time import SIGNED_AT, iso, signed_at
from publisher.layout import (
    PINS,
    hashed_path,
    metadata_path,
    parse_offer,
    stone_name,
    target_name,
)
from publisher.lineage import FOLLOWS, NAMED_BY, named_by
from publisher.metadata_rules import KMS_MAX_BYTES, MAX_INTEGER, verify_rules
from publisher.plan import File, Kind
from publisher.published import Read, read_published
from publisher.settings import ExpirySettings
from publisher.versions import Version

# What the clocks of two publishers may differ by, without harm.
_APART = timedelta(minutes=5)
ONLINE_ROLES = ("targets", "snapshot", "timestamp")

_KINDS: dict[str, type[Any]] = {
    "root": Root,
    "targets": Targets,
    "snapshot": Snapshot,
    "timestamp": Timestamp,
}

_AHEAD = (
    "set this clock right; if it is right, the last signature was made with one that ran ahead: "
    "`slotcast release --redate` signs with the present time"
)

_FORWARDED = (
    "only somebody with a stolen key signs that: replace the online keys, `slotcast root propose`"
)

Signers = Callable[[str], Sequence[Signer]]


class Offering(NamedTuple):
    """What is offered to a board on a channel; `stones` are manifests by version."""

    channel: str
    board: str
    manifest: bytes
    stones: Mapping[str, bytes]


class RoleState(NamedTuple):
    """What a role's newest metadata says of itself; `signed_at` is "" in root."""

    role: str
    version: int
    expires: datetime
    signed_at: str


class Repository(TufRepository):
    """One product's roles; `edit_targets` and its like are python-tuf's.

    Args:
        files: each role's verified bytes, by role; none for a product that is being founded.
        read: returns the bytes at a path below BASE, or None; asked for free version names.
        signers: returns a role's signers; called only when that role is signed.
        expiry: days that each role lasts.
        now: the time of signing, in UTC.
        redate: sign with `now` although a role's last signing time lies ahead of it.
    """

    def __init__(
        self,
        files: Mapping[str, bytes],
        read: Read,
        signers: Signers,
        expiry: ExpirySettings,
        now: datetime,
        redate: bool = False,
    ) -> None:
        self._files = dict(files)
        self._read = read
        self._signers = signers
        self._expiry = expiry
        self._now = now.astimezone(UTC).replace(microsecond=0)
        self._redate = redate
        self._edited: dict[str, File] = {}
        self._above: Mapping[str, int] = {}
        self._left_out = 0
        self.warnings: list[str] = []

    def open(self, role: str) -> Metadata[Any]:
        """Return a fresh copy of a role's newest metadata; a new role has version 0."""
        if role in self._files:
            return Metadata[Any].from_bytes(self._files[role])
        metadata = Metadata[Any](_KINDS[role]())
        metadata.signed.version = 0
        return metadata

    @property
    def now(self) -> datetime:
        """The time of signing, in UTC."""
        return self._now

    def unlock(self) -> None:
        """Reach the keys that sign a release, before work that would be in vain without them.

        Raises:
            KeyAccessError: one cannot be read.
        """
        for role in ("targets", "snapshot", "timestamp"):
            self._signers(role)

    def close(self, role: str, md: Metadata[Any]) -> None:
        """Give metadata its version, dates and signatures, and keep its bytes.

        Raises:
            KeyAccessError: the signers do not reach the role's threshold.
            VerificationError: boards have no room for it (board_limits.py).
            ValueError: the metadata breaks a rule of metadata_rules.py.
        """
        self._date(role, md.signed)
        if role == "targets":
            md.signed.unrecognized_fields[FOLLOWS] = md.signed.version
        md.signed.version = self._next_version(role, md.signed.version)
        md.signatures.clear()
        for signer in self._signers(role):
            sign(md, signer)
        self._verify_signatures(role, md)
        data = md.to_bytes(JSONSerializer(compact=True, validate=True))
        verify_limits(role, data)
        verify_rules(data)
        if len(md.signed_bytes) > KMS_MAX_BYTES and role != "root":
            self.warnings.append(f"{role} has more than {KMS_MAX_BYTES} bytes to sign (AWS KMS)")
        self._files[role] = data
        path = metadata_path(role, md.signed.version)
        self._edited[path] = File(Kind[role.upper()], path, data)

    def offer_all(self, offerings: Iterable[Offering]) -> None:
        """Point channels and boards at release manifests, in targets, snapshot and timestamp.

        What is named already is not signed again; stones that an offering leaves out are dropped.
        """
        named: dict[str, bytes] = {}
        gone: list[str] = []
        for one in offerings:
            named[target_name(one.channel, one.board)] = one.manifest
            for version, data in one.stones.items():
                named[stone_name(one.channel, one.board, version)] = data
            gone += self._stone_names(one.channel, one.board)
        self._name_targets(named, gone)

    def publish_pins(self, pins: bytes) -> None:
        """Name the bytes of pins.json, as `offer_all` does."""
        self._name_targets({PINS: pins})

    def step_over(self, versions: Mapping[str, int]) -> None:
        """Give what is signed from now on versions above these, by role."""
        self._above = versions

    def leave_out(self, numbers: Iterable[int]) -> None:
        """Give the snapshots that are signed from now on numbers above those of others."""
        self._left_out = max([self._left_out, *numbers])

    def renew(self, role: str) -> None:
        """Sign a role anew, as it is, and those that name it: targets, snapshot or timestamp."""
        if role == "timestamp":
            with self.edit_timestamp():
                return
        if role == "targets":
            with self.edit_targets():
                pass
        self.renew_pointers()

    def renew_pointers(self) -> None:
        """Sign a snapshot of the targets, and a timestamp of that snapshot."""
        with self.edit_snapshot() as snapshot:
            snapshot.meta["targets.json"] = self._meta("targets")
            snapshot.unrecognized_fields[NAMED_BY] = self._next_number(snapshot)
        with self.edit_timestamp() as timestamp:
            timestamp.snapshot_meta = self._meta("snapshot")

    def offered(self) -> dict[str, TargetFile]:
        """Return what is offered: release manifests by target name, `CHANNEL/BOARD.json`."""
        targets = sorted(self.targets().targets.items())
        return {name: target for name, target in targets if name.count("/") == 1}

    def boards(self, channel: str) -> list[str]:
        """Return the boards that a channel offers something, in order."""
        return [offer[1] for offer in map(parse_offer, self.offered()) if offer[0] == channel]

    def read_manifest(self, channel: str, board: str) -> bytes | None:
        """Return the manifest that a channel offers a board, verified; None if it offers none.

        Raises:
            VerificationError: it is missing from the store, or is not what was signed.
        """
        return self._read_named(target_name(channel, board))

    def read_stone(self, channel: str, board: str, version: str) -> bytes | None:
        """Return the manifest of a stepping stone, verified; None if there is no such stone.

        Raises:
            VerificationError: it is missing from the store, or is not what was signed.
        """
        return self._read_named(stone_name(channel, board, version))

    def read_stones(self, channel: str, board: str) -> dict[str, bytes]:
        """Return the manifests of all stepping stones, verified, by version.

        Raises:
            VerificationError: one is missing from the store, or is not what was signed.
        """
        stones = {}
        for version in self.stone_versions(channel, board):
            data = self.read_stone(channel, board, version)
            if data is not None:
                stones[version] = data
        return stones

    def stone_versions(self, channel: str, board: str) -> list[str]:
        """Return the versions that older boards take first, the oldest first."""
        found = (parse_offer(name)[2] for name in self._stone_names(channel, board))
        return sorted((version for version in found if version), key=Version.parse)

    def read_pins(self) -> bytes | None:
        """Return pins.json, verified; None where no pin sets are published.

        Raises:
            VerificationError: it is missing from the store, or is not what was signed.
        """
        return self._read_named(PINS)

    @property
    def edited(self) -> list[File]:
        """The files that this run has signed."""
        return list(self._edited.values())

    def root_bytes(self) -> bytes:
        """Return the newest root's file."""
        return self._files["root"]

    def states(self) -> Iterable[RoleState]:
        """Yield what each role says of itself, root first."""
        for role in ("root", *ONLINE_ROLES):
            signed = self.open(role).signed
            yield RoleState(role, signed.version, signed.expires, signed_at(signed))

    def _stone_names(self, channel: str, board: str) -> list[str]:
        return [name for name in self.targets().targets if name.startswith(f"{channel}/{board}/")]

    def _name_targets(self, named: Mapping[str, bytes], gone: Collection[str] = ()) -> None:
        before = self.targets().targets
        after = {name: target for name, target in before.items() if name not in gone}
        after |= {name: TargetFile.from_data(name, named[name], ["sha256"]) for name in named}
        if after == before:
            return
        with self.edit_targets() as targets:
            targets.targets = after
        self.renew_pointers()

    def _read_named(self, name: str) -> bytes | None:
        target = self.targets().targets.get(name)
        if target is None:
            return None
        path = hashed_path(name, target.hashes["sha256"])
        data = self._read(path)
        if data is None:
            raise VerificationError(f"{path} is missing")
        try:
            target.verify_length_and_hashes(data)
        except RepositoryError as error:
            raise VerificationError(f"{path} does not verify: {error}") from error
        return data

    def _date(self, role: str, signed: Signed) -> None:
        """Set expiry and signing time; refuse a clock that is behind what was signed before."""
        signed.expires = self._now + timedelta(days=self._expiry.of(role))
        if role == "root":
            return
        before, now = signed_at(signed), iso(self._now)
        if not self._redate and now < before <= iso(self._now + _APART):
            now = before  # somebody else has just signed, by a clock that is a little ahead
        self._verify_follows(role, now, before)
        signed.unrecognized_fields[SIGNED_AT] = now

    def _verify_follows(self, role: str, signed_at: str, before: str) -> None:
        if signed_at >= before:
            return
        if not self._redate:
            message = f"the clock here says {signed_at}, but {role} was signed at {before}"
            raise VerificationError(message, _AHEAD)
        self.warnings.append(
            f"--redate: {role} was signed at {before}, which lies ahead, and is dated {signed_at} "
            f"now; a board that has verified the former takes it for the time, and what expires "
            f"before it for expired"
        )

    def _next_version(self, role: str, version: int) -> int:
        version = max(version, self._above.get(role, 0)) + 1
        if role in ("targets", "snapshot"):
            while self._read(metadata_path(role, version)) is not None:
                version += 1
        if version > MAX_INTEGER:
            message = f"{role} has version {version - 1}, and there is none above it"
            raise VerificationError(message, _FORWARDED)
        return version

    def _next_number(self, snapshot: Snapshot) -> int:
        above = max(named_by(snapshot), self._left_out) + 1
        version = self._next_version("timestamp", self.timestamp().version)
        return max(version, min(above, MAX_INTEGER))  # a thief may have taken the highest

    def _verify_signatures(self, role: str, md: Metadata[Any]) -> None:
        root = md.signed if isinstance(md.signed, Root) else self.root()
        if role != "root" and root.is_expired(self._now):
            hint = "boards refuse whatever is signed under it: `slotcast root propose --renew`"
            raise VerificationError(f"root expired on {root.expires:%Y-%m-%d}", hint)
        try:
            root.verify_delegate(role, md.signed_bytes, md.signatures)
        except UnsignedMetadataError as error:
            hint = f"[keys] {role} of slotcast.toml must name keys that root lists for {role}"
            raise KeyAccessError(f"not enough signatures: {error}", hint) from error

    def _meta(self, role: str) -> MetaFile:
        return MetaFile.from_data(self.open(role).signed.version, self._files[role], ["sha256"])


def sign(md: Metadata[Any], signer: Signer) -> None:
    """Add a signer's signature to metadata.

    Raises:
        KeyAccessError: the signer cannot make it.
    """
    try:
        md.sign(signer, append=True)
    except UnsignedMetadataError as error:  # python-tuf's word for whatever a signer raises
        if isinstance(error.__cause__, KeyAccessError):
            raise error.__cause__ from None
        raise


def open_repository(
    read: Read,
    root_sha256: str,
    signers: Signers,
    expiry: ExpirySettings,
    now: datetime,
    redate: bool = False,
) -> Repository:
    """Open what is published; see Repository for the arguments.

    Raises:
        VerificationError: it does not verify, and so nothing must be signed on top of it.
    """
    files = read_published(read, root_sha256)
    return Repository(files, read, signers, expiry, now, redate)


def found_repository(
    signers: Mapping[str, Sequence[Signer]],
    root_threshold: int,
    expiry: ExpirySettings,
    now: datetime,
) -> Repository:
    """Make the first version of every role; the root's signers are its keys, k of which count."""
    repository = Repository({}, lambda path: None, signers.__getitem__, expiry, now)
    with repository.edit_root() as root:
        for role in root.roles:
            for signer in signers[role]:
                root.add_key(signer.public_key, role)
        root.roles["root"].threshold = root_threshold
        root.consistent_snapshot = True
    with repository.edit_targets():
        pass
    repository.renew_pointers()
    return repository
