"""Removing payloads and images that nothing needs any more, beside releases that run elsewhere.

A release may find an old object in the store and rely on it, just before it is removed here. So:

1. What was written a short while ago stays, named or not: an upload may be under way.
2. A batch is read, removed, and then the timestamp and the list of metadata are looked at. Where
   either has changed, or anything else has gone wrong, the whole batch is put back.
3. A release writes its targets and snapshot, then asks for all that they name (publish.py), and
   only then moves the timestamp. If it asks after an object is removed, it is refused. If it asked
   before, its targets lie there already when the list is looked at, and the object comes back.

What remains: a removal that is killed (-9) between removing and looking, while such a release runs.
`slotcast verify` then names what is missing, and releasing the same file again brings it back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from publisher.errors import ConflictError, StoreError, VerificationError
from publisher.iso_time import iso
from publisher.layout import cache_control, content_type, key, metadata_path
from publisher.progress import Progress
from publisher.publish import View
from publisher.stores.base import Listed, Object, Store
from publisher.upkeep.needed import Needed

# What is held in memory until it is known that nobody needs it.
MAX_HELD_BYTES = 32 * 1024 * 1024

_OURS = re.compile(r"payloads/[0-9a-f]{64}\.slc|images/[0-9a-f]{64}\.bin", re.ASCII)
_FOLDERS = ("payloads/", "images/")


@dataclass(frozen=True)
class Garbage:
    """An object that nothing needs, and what it was for, in words."""

    key: str
    size_bytes: int
    modified: datetime
    reason: str

    def to_dict(self) -> dict[str, object]:
        """Return what a program reads."""
        return {
            "key": self.key,
            "size_bytes": self.size_bytes,
            "modified": iso(self.modified),
            "reason": self.reason,
        }


@dataclass(frozen=True)
class Sorted:
    """All payloads and images of a product: what may go, and how much stays."""

    garbage: tuple[Garbage, ...]
    kept: tuple[Listed, ...]

    @property
    def freed_bytes(self) -> int:
        """Bytes of what may go."""
        return sum(item.size_bytes for item in self.garbage)


class Watch:
    """Whether somebody publishes, from now on, on top of what `view` has read.

    Args:
        store: where the product is published.
        product: the prefix of its keys.
        view: what this run has read there, the timestamp among it.
    """

    def __init__(self, store: Store, product: str, view: View) -> None:
        self._store = store
        self._product = product
        self._paths = self._list()
        self._timestamp = view.read(metadata_path("timestamp", 0))

    def verify(self) -> None:
        """Raise ConflictError if the timestamp has moved, or metadata has come or gone."""
        stored = self._store.read(key(self._product, metadata_path("timestamp", 0)))
        moved = stored is None or stored.data != self._timestamp
        if moved or self._list() != self._paths:
            message = "somebody else is publishing: what was about to be removed stays"
            raise ConflictError(message, "run the same command again when that is done")

    def _list(self) -> frozenset[str]:
        return frozenset(self._store.list(key(self._product, "metadata/")))


def list_objects(store: Store, product: str) -> list[Listed]:
    """Return the payloads and images that lie in a product's store."""
    base = key(product, "")
    found = (item for folder in _FOLDERS for item in store.listing(base + folder))
    return [item for item in found if _OURS.fullmatch(item.key.removeprefix(base))]


def verify_offered(product: str, needed: Needed, listed: Iterable[Listed]) -> None:
    """Raise VerificationError if the store lacks an object that is offered now."""
    there = {item.key for item in listed}
    for path in sorted(needed.offered):
        if _OURS.fullmatch(path) and key(product, path) not in there:
            hint = "release the same file again: that brings it back; `slotcast verify` tells more"
            raise VerificationError(f"{path} is missing, and it is offered", hint)


def sort_out(product: str, needed: Needed, listed: Iterable[Listed], since: datetime) -> Sorted:
    """Tell garbage from what stays: what is needed, and what was written after `since`."""
    garbage, kept = [], []
    for item in listed:
        path = item.key.removeprefix(key(product, ""))
        if path in needed.reasons or item.modified > since:
            kept.append(item)
        else:
            reason = needed.former.get(path, "never offered")
            garbage.append(Garbage(item.key, item.size_bytes, item.modified, reason))
    return Sorted(tuple(garbage), tuple(kept))


def remove(garbage: Sequence[Garbage], store: Store, watch: Watch, progress: Progress) -> None:
    """Remove objects, or leave all of a batch where somebody may need one of it after all.

    Raises:
        ConflictError: somebody publishes; what was removed before is not missed.
        StoreError: the store refuses; see `_put_back` for what it then may lack.
    """
    watch.verify()
    done, total = 0, sum(item.size_bytes for item in garbage)
    for batch in _batches(garbage):
        _remove_batch(batch, store, watch)
        done += sum(item.size_bytes for item in batch)
        progress("remove", done, total)


def _batches(garbage: Iterable[Garbage]) -> Iterator[list[Garbage]]:
    """Yield runs of objects that fit into memory together, or one that does not fit at all."""
    batch: list[Garbage] = []
    held = 0
    for item in garbage:
        if batch and held + item.size_bytes > MAX_HELD_BYTES:
            yield batch
            batch, held = [], 0
        batch.append(item)
        held += item.size_bytes
    if batch:
        yield batch


def _remove_batch(batch: Iterable[Garbage], store: Store, watch: Watch) -> None:
    held: dict[str, bytes] = {}
    try:
        for item in batch:
            stored = store.read(item.key)
            if stored is not None:
                held[item.key] = stored.data
                store.delete(item.key)
        watch.verify()
    except BaseException:  # a person at Ctrl-C, too, shall not have removed what is needed
        _put_back(held, store)
        raise


def _put_back(held: Mapping[str, bytes], store: Store) -> None:
    """Create again what was removed; StoreError names what cannot be."""
    lost = []
    for name, data in held.items():
        try:
            store.create(Object(name, data, content_type(name), cache_control(name)))
        except StoreError:
            if not _stands(name, data, store):
                lost.append(name)
    if lost:
        message = f"removed, but not looked after, as the store fails: {', '.join(lost)}"
        hint = "run `slotcast verify`: what it misses, releasing the same file again brings back"
        raise StoreError(message, hint)


def _stands(name: str, data: bytes, store: Store) -> bool:
    """Tell whether it was never removed: the credentials may neither remove nor write."""
    try:
        stored = store.read(name)
    except StoreError:
        return False
    return stored is not None and stored.data == data
