"""Whether all that is offered is there, before a job gives it more time.

A store can lose files, or somebody can take them away: then boards cannot install, whatever the
metadata says, and a job that went on signing would hide it.
"""

from __future__ import annotations

from collections.abc import Iterator

from publisher.errors import VerificationError
from publisher.layout import image_path, key, parse_offer
from publisher.manifest import Manifest
from publisher.repository import Repository
from publisher.stores.base import Store

_FOLDERS = ("payloads/", "images/")
_HINT = (
    "nothing is signed on top of it. Put it back into the store, or release the same file under "
    "the same version again; `slotcast verify` looks at all of it"
)


def verify_whole(repository: Repository, store: Store, product: str) -> list[str]:
    """Raise VerificationError unless boards can take all that is offered, as far as lengths tell.

    Manifests, stepping stones and pin sets are verified; of payloads and images, which `slotcast
    verify` reads, the store is only asked for the length. Returned are words of images that are
    missing: boards with Slotcast need none of them.

    Raises:
        StoreError: the store cannot be read, or does not list.
    """
    repository.read_pins()
    folders = [key(product, folder) for folder in _FOLDERS]
    there = {item.key: item.size_bytes for name in folders for item in store.listing(name)}
    warnings = []
    for manifest in _manifests(repository):
        where = f"{manifest.channel}/{manifest.board} offers it with {manifest.version}"
        for entry in manifest.known_payloads:
            if trouble := _trouble(there.get(key(product, entry.path)), entry.length):
                raise VerificationError(f"{entry.path} is {trouble}: {where}", _HINT)
        path = image_path(manifest.sha256)
        if trouble := _trouble(there.get(key(product, path)), manifest.size):
            warnings.append(f"{path} is {trouble}: {where}, to simple updaters")
    return warnings


def _trouble(found: int | None, length: int) -> str:
    if found is None:
        return "missing"
    return "" if found == length else f"of {found:,} bytes, not {length:,}"


def _manifests(repository: Repository) -> Iterator[Manifest]:
    for name in repository.offered():
        channel, board, _ = parse_offer(name)
        data = repository.read_manifest(channel, board)
        for one in (data, *repository.read_stones(channel, board).values()):
            if one is not None:
                yield Manifest.from_bytes(one)
