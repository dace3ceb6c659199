"""What a product offers to whom, and what will need a signature next; from what is published."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from tuf.api.metadata import Metadata, Targets
from tuf.api.serialization import DeserializationError

from publisher.iso_time import iso, signed_at
from publisher.layout import metadata_path, parse_offer
from publisher.manifest import Manifest
from publisher.published import Read
from publisher.repository import Repository, RoleState


@dataclass(frozen=True)
class Offer:
    """What a channel offers a board, since when (an ISO time), and of 10000 boards to how many now.

    `stones` are the versions that older boards take first, the oldest first.
    """

    manifest: Manifest
    since: str
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
            since = _since(newest, name, target.hashes["sha256"], read)
            stones = repository.stone_versions(channel, board)
            manifest = Manifest.from_bytes(data)
            yield Offer(manifest, since, manifest.share_at(now), tuple(stones))


def _since(newest: Targets, name: str, sha256: str, read: Read) -> str:
    """Return when targets first offered a manifest: found by bisection, as releases only grow.

    It is told to a person; old metadata is not verified for it.
    """
    low, high = 0, newest.version  # not offered at `low`, offered at `high`
    since = signed_at(newest)
    while high - low > 1:
        middle = (low + high) // 2
        version, targets = _at_or_below(middle, low, read)
        if targets is not None and _offers_it(targets, name, sha256):
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


def _offers_it(targets: Targets, name: str, sha256: str) -> bool:
    target = targets.targets.get(name)
    return target is not None and target.hashes.get("sha256") == sha256
