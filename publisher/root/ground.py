"""What a new root is applied to: the product as it is, verified, or targets that a person chose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from tuf.api.metadata import Metadata, Root, Targets

from publisher.errors import VerificationError
from publisher.iso_time import signed_at
from publisher.layout import metadata_path
from publisher.newer import listed_versions
from publisher.published import Read, find_signed, read_online
from publisher.root.proposal import Proposal

_MOST_CHOICES = 5
_TAKEN = "propose the change anew on top of what is published: `slotcast root propose`"
_PUT_BACK = (
    "this machine has seen root {version} in force: somebody who has a key that it dropped put a "
    "timestamp.json there. Put the newest one back, or name what to offer: --targets N"
)


@dataclass(frozen=True)
class Ground:
    """What a root is applied to.

    Attributes:
        files: bytes of targets, snapshot and timestamp that are taken over.
        is_applied: the root itself is published already.
        is_chosen: a person has said whose offers these are: there may be no more than targets.
        left_out: numbers (repository.py) of newer snapshots that a person leaves out.
    """

    files: Mapping[str, bytes]
    is_applied: bool
    is_chosen: bool = False
    left_out: tuple[int, ...] = ()


def is_applied(proposal: Proposal, published: Sequence[bytes]) -> bool:
    """Say whether the proposed root is published; `published` are the files of all roots.

    Raises:
        VerificationError: the proposal follows another chain of roots than this one, or another
            root has taken its place, or has come after it.
    """
    length, version = len(proposal.chain), proposal.root.version
    if tuple(published[:length]) != proposal.chain:
        raise VerificationError("the roots in the store are not those that the proposal follows")
    later = [Metadata[Root].from_bytes(data) for data in published[length:]]
    if later and later[0].signed_bytes != proposal.metadata.signed_bytes:
        raise VerificationError(f"another root {version} is published already", _TAKEN)
    if len(later) > 1:
        newest = later[-1].signed.version
        raise VerificationError(f"root {version} is published, and root {newest} after it", _TAKEN)
    return bool(later)


def read_ground(read: Read, proposal: Proposal, applied: bool, seen_root: int) -> Ground:
    """Return what is published, verified by the keys of the root that it was signed under.

    Args:
        read: returns the bytes at a path below BASE, or None where there is nothing.
        proposal: verified.
        applied: the proposed root is published.
        seen_root: the newest root that this machine has seen in force.

    Raises:
        VerificationError: it does not verify, or was put back by somebody with a former key.
    """
    if not applied:
        return Ground(read_online(read, proposal.former), False)
    with suppress(VerificationError):
        return Ground(read_online(read, proposal.root), True)
    files = read_online(read, proposal.former)
    if seen_root >= proposal.root.version:
        message = f"metadata/timestamp.json is signed by keys that root {seen_root} dropped"
        raise VerificationError(message, _PUT_BACK.format(version=seen_root))
    return Ground(files, True)


def choose_ground(read: Read, proposal: Proposal, applied: bool, version: int) -> Ground:
    """Return targets that a person has named, verified by the keys of some root of the chain.

    Raises:
        VerificationError: they are missing, or no root's keys have signed them.
    """
    path = metadata_path("targets", version)
    data = read(path)
    if data is None:
        raise VerificationError(f"{path} is missing")
    if _signed_targets(proposal, path, data, version) is None:
        raise VerificationError(f"{path} is signed by the keys of no root")
    return Ground({"targets": data}, applied, is_chosen=True)


def choices(read: Read, paths: Iterable[str], proposal: Proposal) -> list[str]:
    """Return the newest targets that may be chosen, the newest first, for a person."""
    found = []
    for version in reversed(listed_versions(paths, "targets")):
        path = metadata_path("targets", version)
        data = read(path)
        targets = None if data is None else _signed_targets(proposal, path, data, version)
        if targets is not None:
            found.append(f"{version} (of {signed_at(targets) or '?'})")
    return found[:_MOST_CHOICES]


def _signed_targets(proposal: Proposal, path: str, data: bytes, version: int) -> Targets | None:
    """Return targets that the keys of some root of the chain have signed."""
    return find_signed(Targets, proposal.roots, path, data, version)
