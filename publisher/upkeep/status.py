"""What a product offers to whom, and what will need a signature next; from what is published."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from tuf.api.metadata import Metadata, TargetFile, Targets
from tuf.api.serialization import DeserializationError

from publisher.errors import VerificationError
from publisher.iso_time import iso, signed_at
from publisher.layout import hashed_path, metadata_path, parse_offer
from publisher.manifest import Manifest
from publisher.published import Read
from publisher.repository import Repository, RoleState


@dataclass(frozen=True)
class Offer:
    """What a channel offers a board, and of 10000 boards to how many now.

    `since` is when this release was first offered there, `changed_at` when something about it was
    changed last, such as its share (ISO times). `stones` are the versions that older boards take
    first, the oldest first.
    """

    manifest: Manifest
    since: str
    changed_at: str
    basis_points_now: int
    stones: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Return what a program reads."""
        manifest = self.manifest
        return {
            "channel": manifest.channel,
            "board": manifest.board,
            "version": manifest.version,
            "release": manifest.release,
            "since": self.since,
            "changed_at": self.changed_at,
            "mandatory": manifest.mandatory,
            "paused": manifest.paused,
            "basis_points": manifest.rollout.basis_points,
            "basis_points_now": self.basis_points_now,
            "groups": list(manifest.rollout.groups),
            "ramp": manifest.rollout.ramp.to_fields() if manifest.rollout.ramp else None,
            "size_bytes": manifest.size,
            "sha256": manifest.sha256,
            "security_version": manifest.security_version,
            "withdrawn": list(manifest.withdrawn),
            "stones": list(self.stones),
        }


@dataclass(frozen=True)
class Expiry:
    """A role's state, and the whole days until it expires: below 0 when it has."""

    state: RoleState
    days: int

    def to_dict(self) -> dict[str, object]:
        """Return what a program reads."""
        return {
            "role": self.state.role,
            "version": self.state.version,
            "signed_at": self.state.signed_at or None,
            "expires": iso(self.state.expires),
            "expires_in_days": self.days,
        }


@dataclass(frozen=True)
class Status:
    """All offers by channel and board, and all roles."""

    offers: tuple[Offer, ...]
    roles: tuple[Expiry, ...]

    @property
    def next_signature(self) -> Expiry:
        """The role that expires first."""
        return min(self.roles, key=lambda role: role.state.expires)


def read_status(repository: Repository, read: Read, now: datetime) -> Status:
    """Return the state of a product.

    Raises:
        VerificationError: a manifest is missing or does not verify.
    """
    roles = tuple(Expiry(state, (state.expires - now).days) for state in repository.states())
    return Status(tuple(_offers(repository, read, now)), roles)


def _offers(repository: Repository, read: Read, now: datetime) -> Iterable[Offer]:
    newest = repository.targets()
    for name, target in repository.offered().items():
        channel, board, _ = parse_offer(name)
        data = repository.read_manifest(channel, board)
        if data is not None:
            stones = repository.stone_versions(channel, board)
            manifest = Manifest.from_bytes(data)
            since = _since(newest, partial(_has_release, name, manifest.release, read), read)
            changed = _since(newest, partial(_has_manifest, name, target), read)
            yield Offer(manifest, since, changed, manifest.share_at(now), tuple(stones))


def _since(newest: Targets, holds: Callable[[Targets], bool], read: Read) -> str:
    """Return since when something holds: found by bisection, as releases only grow.

    It is told to a person; old metadata is not verified for it.
    """
    low, high = 0, newest.version  # not offered at `low`, offered at `high`
    since = signed_at(newest)
    while high - low > 1:
        middle = (low + high) // 2
        version, targets = _at_or_below(middle, low, read)
        if targets is not None and holds(targets):
            high = version
            since = signed_at(targets)
        else:
            low = middle
    return since


def _at_or_below(version: int, low: int, read: Read) -> tuple[int, Targets | None]:
    """Return the newest targets from `version` down to above `low`: versions may have gaps."""
    for candidate in range(version, low, -1):
        data = read(metadata_path("targets", candidate))
        with suppress(DeserializationError):
            if data is not None:
                return candidate, Metadata[Targets].from_bytes(data).signed
    return low, None


def _has_manifest(name: str, target: TargetFile, targets: Targets) -> bool:
    return targets.targets.get(name) == target


def _has_release(name: str, release: int, read: Read, targets: Targets) -> bool:
    """Tell whether targets offer this release, perhaps paused or to another share."""
    target = targets.targets.get(name)
    data = None if target is None else read(hashed_path(name, target.hashes["sha256"]))
    with suppress(VerificationError):
        return data is not None and Manifest.from_bytes(data).release == release
    return False
