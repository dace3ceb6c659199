"""Running a plan against a store, as one transaction with the timestamp as its commit.

Before the timestamp moves, everything that it will make visible is read back from the store itself,
compared byte for byte, and verified from the root's fingerprint down.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from publisher.copies import Copies
from publisher.errors import ConflictError, PublisherError, StoreError, UncertainError
from publisher.layout import key
from publisher.plan import Kind, Plan, Write
from publisher.progress import Progress
from publisher.published import read_published
from publisher.stores.base import Store, Stored
from publisher.transfer import AGAIN, create_all, read_back_all
from publisher.version_files import VersionFiles

_LOOK = "somebody else has published since: `slotcast history` tells whether this came before it"


class View:
    """What one run has seen of a product: each file is read once, and remembered with its tag.

    Args:
        store: where the product is published.
        product: the prefix of its keys.
        copies: where past files are kept from run to run, if they are.
    """

    def __init__(self, store: Store, product: str, copies: Copies | None = None) -> None:
        self._store = store
        self._product = product
        self._copies = copies
        self._seen: dict[str, Stored | None] = {}

    def stored(self, path: str) -> Stored | None:
        """Return what a path below BASE held when this run first read it."""
        if path not in self._seen:
            self._seen[path] = self._store.read(key(self._product, path))
        return self._seen[path]

    def read(self, path: str) -> bytes | None:
        """Return the bytes alone."""
        stored = self.stored(path)
        return None if stored is None else stored.data

    def read_past(self, path: str) -> bytes | None:
        """Return the bytes of a file of the past, which never changes, from a copy if there is one.

        Whoever has verified it calls `keep`.
        """
        copy = self._copies.read(path) if self._copies and path not in self._seen else None
        return self.read(path) if copy is None else copy

    def keep(self, path: str) -> None:
        """Keep a copy of a file of the past that was read from the store, and has verified."""
        data = self.read(path) if path in self._seen else None
        if self._copies and data is not None:
            self._copies.keep(path, data)

    def metadata_paths(self) -> list[str]:
        """Return the paths below BASE of all that the store now lists in metadata/."""
        base = key(self._product, "")
        return [name.removeprefix(base) for name in self._store.list(f"{base}metadata/")]


@dataclass(frozen=True)
class Outcome:
    """What a run wrote; `unchanged` were there already, from a run that was cut short."""

    written: tuple[str, ...]
    unchanged: tuple[str, ...]


def publish(
    plan: Plan,
    store: Store,
    product: str,
    root_sha256: str,
    progress: Progress,
    sleep: Callable[[float], None] = time.sleep,
) -> Outcome:
    """Run a plan; after an error no reader sees any change, unless the message says otherwise.

    Raises:
        ConflictError: somebody else published in between, and nothing of this is visible.
        StoreError: the store refused, or returned other bytes than were written.
        VerificationError: what the store holds does not verify.
    """
    fresh = create_all(plan.versioned, store, progress)
    there = read_back_all(plan.versioned, store, progress)
    _verify_relied(plan, store)
    _verify_chain(plan, store, product, root_sha256, there)
    for write in plan.pointers:
        if write.kind is Kind.TIMESTAMP:
            _move(write, store)
    _settle(plan, store, VersionFiles(store, product, root_sha256, sleep))
    written = (*fresh, *(write.item.key for write in plan.pointers))
    unchanged = tuple(w.item.key for w in plan.versioned if w.item.key not in fresh)
    return Outcome(written, unchanged)


def _verify_relied(plan: Plan, store: Store) -> None:
    """Refuse where an old object has gone since it was looked at (why now: upkeep/garbage.py)."""
    for name in plan.relies_on:
        if store.read_range(name, 0, 1) is None:
            message = f"{name} has been removed meanwhile: nothing was published"
            raise StoreError(message, "did `slotcast gc` run elsewhere? Run the same command again")


def _verify_chain(
    plan: Plan, store: Store, product: str, root_sha256: str, there: Mapping[str, bytes]
) -> None:
    """Verify the product as a reader will see it once the timestamp has moved.

    Args:
        there: what was read back just now, by key.
    """
    coming = {write.item.key: write.item.data for write in plan.pointers}

    def read(path: str) -> bytes | None:
        name = key(product, path)
        if name in coming or name in there:
            return coming.get(name) or there[name]
        stored = store.read(name)
        return None if stored is None else stored.data

    read_published(read, root_sha256)


def _move(write: Write, store: Store) -> None:
    """Replace the timestamp, which makes all the rest visible."""
    unknown = "it is not known whether this is published"
    try:
        store.replace(write.item, write.etag)
    except UncertainError as error:  # readers may have seen it: not to be done once more by itself
        raise StoreError(f"{unknown}: {error}", _LOOK) from error
    except ConflictError as error:
        raise ConflictError(f"nothing was published: {error}", AGAIN) from error
    except StoreError as error:
        raise StoreError(f"{unknown}: {error}", AGAIN) from error


def _settle(plan: Plan, store: Store, files: VersionFiles) -> None:
    """Write each version.json, and leave it right whoever else publishes at this moment."""
    timestamps = [w.item.data for w in plan.pointers if w.kind is Kind.TIMESTAMP]
    timestamp = timestamps[0] if timestamps else None
    mine = [write for write in plan.pointers if write.kind is Kind.VERSION_JSON]
    try:
        for write in mine:
            with suppress(ConflictError):
                store.replace(write.item, write.etag)
        for item in (*(write.item for write in mine), *(plan.kept if plan.pointers else ())):
            files.settle(item, timestamp)
    except PublisherError as error:
        raise StoreError(f"this is published, but {error}", AGAIN) from error
