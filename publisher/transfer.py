"""Writing the objects of a plan and reading them back, several at once where order allows it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import groupby
from typing import TypeVar

from publisher.errors import ConflictError, StoreError
from publisher.plan import Write
from publisher.progress import Progress
from publisher.stores.base import Store

_AT_ONCE = 8
AGAIN = "run the same command again: it starts from what is published now"
T = TypeVar("T")


def create_all(writes: Sequence[Write], store: Store, progress: Progress) -> list[str]:
    """Create objects that have versions or hashes for names; return the keys that were not there.

    What is named by its hash goes first, all at once; then metadata, one after the other: so no
    reader finds a name in it before what it names (manifests/repository.md).

    Raises:
        ConflictError: another publisher has taken a version.
        StoreError: the store refused, or what it holds is damaged.
    """
    fresh = []
    with _Crew("upload", writes, progress) as crew:
        for is_content, group in groupby(writes, lambda write: write.kind.is_content_addressed):
            members = list(group)
            for batch in [members] if is_content else [[write] for write in members]:
                created = crew.run(lambda write: _create(write, store), batch)
                fresh += [write.item.key for write in batch if created[write.item.key]]
    return fresh


def read_back_all(writes: Sequence[Write], store: Store, progress: Progress) -> dict[str, bytes]:
    """Read what was written from the store itself, and compare; return all of it by key.

    Raises:
        StoreError: the store returns other bytes than were written.
    """
    with _Crew("read back", writes, progress) as crew:
        return crew.run(lambda write: _read_back(write, store), writes)


def _create(write: Write, store: Store) -> bool:
    try:
        return store.create(write.item)
    except ConflictError as error:
        there = store.read(write.item.key)
        differs = there is not None and there.data != write.item.data
        if write.kind.is_content_addressed and differs:
            message = f"{write.item.key} is damaged: its SHA-256 is not its name"
            hint = "remove it from the store, and run the same command again"
            raise StoreError(message, hint) from error
        raise ConflictError(f"{error}: somebody else is publishing", AGAIN) from error


def _read_back(write: Write, store: Store) -> bytes:
    stored = store.read(write.item.key)
    if stored is None or stored.data != write.item.data:
        raise StoreError(f"{write.item.key} does not read back as it was written", AGAIN)
    return stored.data


class _Crew:
    """Does some work on several objects at once, and tells how far it is in bytes.

    After an error nothing more is begun, and what has begun is waited for when the block ends.
    """

    def __init__(self, title: str, writes: Sequence[Write], progress: Progress) -> None:
        self._title = title
        self._total = sum(len(write.item.data) for write in writes)
        self._done = 0
        self._progress = progress
        self._pool = ThreadPoolExecutor(_AT_ONCE)

    def __enter__(self) -> _Crew:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def run(self, work: Callable[[Write], T], batch: Sequence[Write]) -> dict[str, T]:
        """Return what the work gives, by key; raises the first error of any."""
        futures = {self._pool.submit(work, write): write.item for write in batch}
        found = {}
        for future in as_completed(futures):
            item = futures[future]
            found[item.key] = future.result()
            self._done += len(item.data)
            self._progress(self._title, self._done, self._total)
        return found
