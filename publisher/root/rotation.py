"""Putting a signed root in force: what has to be signed anew by its keys, and in which order.

Where a former key is at hand, it signs beside the new one, and all that goes out before the root:
then the product opens at each moment, and no poll fails. Where it is stolen or lost, the root goes
first. Boards that poll before the new timestamp reaches them take the root and fail for this once;
a run that is cut short there is completed by the same command.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from securesystemslib.signer import Signer
from tuf.api.metadata import Metadata, Root, Snapshot, Targets, Timestamp

from publisher.errors import VerificationError
from publisher.layout import metadata_path, root_path
from publisher.metadata_rules import MAX_INTEGER
from publisher.newer import listed_versions
from publisher.plan import File, Kind
from publisher.published import Read, find_signed, read_published
from publisher.repository import ONLINE_ROLES, Repository, Signers
from publisher.root.ground import Ground
from publisher.root.proposal import Proposal
from publisher.verification.metadata import T

# No product gets there by publishing. Who steals a key may; so much room is left above it that
# publishing never uses it up.
_NO_ROOM = MAX_INTEGER - 2**32
_REPLACE_TOO = (
    "somebody signed the highest version with the key of timestamp, and boards take no lower one "
    "until that key is replaced too"
)
_NOT_BOTH = (
    "keys of both roots have to be at hand where --also-sign is given: [keys] names the new ones"
)


@dataclass(frozen=True)
class Rotation:
    """What is written to put a root in force.

    Attributes:
        repository: all roles, as they will be.
        before: files that go out first, as one transaction of their own.
        then: files that follow, as another.
    """

    repository: Repository
    before: tuple[File, ...]
    then: tuple[File, ...]

    @property
    def signed(self) -> tuple[str, ...]:
        """The roles that are signed anew, the first first."""
        files = sorted((*self.before, *self.then), key=lambda file: file.kind)
        return tuple(file.kind.word for file in files if file.kind is not Kind.ROOT)

    def verify(self, read: Read, root_sha256: str) -> None:
        """Raise VerificationError unless readers can follow after each transaction."""
        for part in (self.before, (*self.before, *self.then)):
            if part:
                _verify_with({file.path: file.data for file in part}, read, root_sha256)


def _verify_with(files: Mapping[str, bytes], read: Read, root_sha256: str) -> None:
    """Verify what readers will find when these files are there."""
    try:
        read_published(lambda path: files.get(path) or read(path), root_sha256)
    except VerificationError as error:
        raise VerificationError(f"this cannot be applied: {error}", _NOT_BOTH) from error


def stale_role(root: Root, ground: Ground) -> str:
    """Return the first role that the root's keys have not signed, "" where they have signed all."""
    for role in ONLINE_ROLES:
        if role not in ground.files or not _has_signed(root, role, ground.files[role]):
            return role
    return "targets" if ground.is_chosen else ""


def floors(
    read: Read, paths: Iterable[str], proposal: Proposal, ground: Ground, seen: Mapping[str, int]
) -> dict[str, int]:
    """Return the versions, by role, above which the new keys begin: nothing then looks newer.

    Only what keys of some root have signed counts: anybody who can write to the store may give a
    file any name.

    Args:
        read: returns the bytes at a path below BASE, or None where there is nothing.
        paths: all that lies in metadata/, below BASE.
        proposal: verified.
        ground: what it is applied to.
        seen: the newest versions that this machine has seen.

    Raises:
        VerificationError: a file has one of the highest versions that there are.
    """
    paths = list(paths)
    roots = proposal.roots
    found = {
        "targets": _newest(Targets, read, paths, roots),
        "snapshot": _newest(Snapshot, read, paths, roots),
    }
    for role, version in found.items():
        if version > _highest(ground, role):
            path = metadata_path(role, version)
            hint = "whoever stole a key wrote it: remove it from the store, then run this again"
            raise VerificationError(f"too little room is left above {path}", hint)
    known = (_timestamp_version(read, roots), seen.get("timestamp", 0))
    # Boards drop what former keys have signed (TUF 5.3.11): versions may begin anew.
    found["timestamp"] = max(version for version in (0, *known) if version < _NO_ROOM)
    return found


def _newest(kind: type[T], read: Read, paths: Sequence[str], roots: Sequence[Root]) -> int:
    """Return the highest version of a role that keys of any of the roots have signed."""
    for version in reversed(listed_versions(paths, kind.type)):
        path = metadata_path(kind.type, version)
        data = read(path)
        if data is not None and find_signed(kind, roots, path, data, version) is not None:
            return version
    return 0


def _highest(ground: Ground, role: str) -> int:
    """Return the highest version that is stepped over: that in force, where it is above others."""
    data = ground.files.get(role)
    present = 0 if data is None else Metadata[Any].from_bytes(data).signed.version
    return min(max(present, _NO_ROOM - 1), MAX_INTEGER - 1)


def rotate(
    proposal: Proposal, ground: Ground, open_under: Callable[[dict[str, bytes]], Repository]
) -> Repository:
    """Return all roles under the new root, signed anew where its keys have not signed.

    Args:
        proposal: verified, and signed by enough keys.
        ground: what it is applied to.
        open_under: returns the Repository of files by role, with the signers that sign.

    Raises:
        KeyAccessError: the signers do not reach a role's threshold.
        VerificationError: no version is left above a timestamp whose key stays.
    """
    files = {"root": proposal.file(), **ground.files}
    stale = stale_role(proposal.root, ground)
    if stale and _is_at_end(files.get("timestamp")):
        if _has_signed(proposal.root, "timestamp", files["timestamp"]):
            raise VerificationError("no higher timestamp can be signed", _REPLACE_TOO)
        del files["timestamp"]  # it begins anew, and with it what it names
        stale = "snapshot" if stale == "timestamp" else stale
    repository = open_under(files)
    if stale:
        repository.renew(stale)
    return repository


def order(proposal: Proposal, ground: Ground, repository: Repository, both: bool) -> Rotation:
    """Order what is to be written; `both`: keys of both roots have signed what was signed anew."""
    root = File(Kind.ROOT, root_path(proposal.root.version), proposal.file())
    roots = () if ground.is_applied else (root,)
    edited = tuple(repository.edited)
    if both:
        return Rotation(repository, edited, roots)
    return Rotation(repository, (), (*roots, *edited))


def with_former(signers: Signers, former: Root, others: Sequence[Signer]) -> Signers:
    """Return signers to which those of `others` are added whom the former root lists for a role."""

    def both(role: str) -> Sequence[Signer]:
        own = list(signers(role))
        keyids = {signer.public_key.keyid for signer in own}
        listed = [one for one in others if one.public_key.keyid in former.roles[role].keyids]
        return [*own, *(one for one in listed if one.public_key.keyid not in keyids)]

    return both


def _has_signed(root: Root, role: str, data: bytes) -> bool:
    metadata = Metadata[Any].from_bytes(data)
    result = root.get_verification_result(role, metadata.signed_bytes, metadata.signatures)
    return bool(result)


def _timestamp_version(read: Read, roots: Sequence[Root]) -> int:
    """Return the version of the published timestamp, if keys of any of the roots have signed it."""
    path = metadata_path("timestamp", 0)
    data = read(path)
    found = None if data is None else find_signed(Timestamp, roots, path, data)
    return 0 if found is None else found.version


def _is_at_end(data: bytes | None) -> bool:
    return data is not None and Metadata[Timestamp].from_bytes(data).signed.version >= _NO_ROOM
