"""Running a plan against a store, as one transaction with the timestamp as its commit.

Before the timestamp moves, everything that it will make visible is read back from the store itself,
compared byte for byte, and verified from the root's fingerprint down.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from publisher.errors import ConflictError, StoreError
from publisher.layout import key
from publisher.plan import Kind, Plan, Write
from publisher.progress import Progress
from publisher.published import read_published
from publisher.stores.base import Store, Stored

_AGAIN = "run the same command again: it starts from what is published now"


class View:
    """What one run has seen of a product: each file is read once, and remembered with its tag.

    Args:
        store: where the product is published.
        product: the prefix of its keys.
    """

    def __init__(self, store: Store, product: str) -> None:
        self._store = store
        self._product = product
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
    plan: Plan, store: Store, product: str, root_sha256: str, progress: Progress
) -> Outcome:
    """Run a plan; after an error no reader sees any change, unless the message says otherwise.

    Raises:
        ConflictError: somebody else published in between.
        StoreError: the store refused, or returned other bytes than were written.
        VerificationError: what the store holds does not verify.
    """
    fresh = []
    for write in _steps("upload", plan.versioned, progress):
        if _create(write, store):
            fresh.append(write.item.key)
    for write in _steps("read back", plan.versioned, progress):
        verify_origin(write, store)
    _verify_chain(plan, store, product, root_sha256)
    for write in plan.pointers:
        _replace(write, store)
    written = (*fresh, *(write.item.key for write in plan.pointers))
    unchanged = tuple(w.item.key for w in plan.versioned if w.item.key not in fresh)
    return Outcome(written, unchanged)


def verify_origin(write: Write, store: Store) -> None:
    """Raise StoreError unless the store itself returns the very bytes that were written."""
    stored = store.read(write.item.key)
    if stored is None or stored.data != write.item.data:
        raise StoreError(f"{write.item.key} does not read back as it was written", _AGAIN)


def _verify_chain(plan: Plan, store: Store, product: str, root_sha256: str) -> None:
    """Verify the product as a reader will see it once the timestamp has moved."""
    coming = {write.item.key: write.item.data for write in plan.pointers}

    def read(path: str) -> bytes | None:
        name = key(product, path)
        if name in coming:
            return coming[name]
        stored = store.read(name)
        return None if stored is None else stored.data

    read_published(read, root_sha256)


def _create(write: Write, store: Store) -> bool:
    try:
        return store.create(write.item)
    except ConflictError as error:
        if write.kind.is_content_addressed:
            message = f"{write.item.key} is damaged: its SHA-256 is not its name"
            hint = "remove it from the store, and run the same command again"
            raise StoreError(message, hint) from error
        raise ConflictError(f"{error}: somebody else is publishing", _AGAIN) from error


def _replace(write: Write, store: Store) -> None:
    try:
        store.replace(write.item, write.etag)
    except ConflictError as error:
        # A write whose answer was lost is sent again, and refused because it had succeeded.
        there = store.read(write.item.key)
        if there is None or there.data != write.item.data:
            after = write.kind is not Kind.TIMESTAMP
            done = "the release is published, but " if after else "nothing was published: "
            raise ConflictError(f"{done}{error}", _AGAIN) from error


def _steps(title: str, writes: tuple[Write, ...], progress: Progress) -> Iterator[Write]:
    total = sum(len(write.item.data) for write in writes)
    done = 0
    for write in writes:
        yield write
        done += len(write.item.data)
        progress(title, done, total)
