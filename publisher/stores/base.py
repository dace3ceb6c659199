"""What a store is: a flat name space of small files with create-if-absent and compare-and-swap."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from publisher.errors import StoreError


@dataclass(frozen=True)
class Stored:
    """An object as it was read: its bytes, and the tag that names this state of it."""

    data: bytes = field(repr=False)
    etag: str


@dataclass(frozen=True)
class Object:
    """An object to be written: its key, its bytes, and the headers that the edge gives with it."""

    key: str
    data: bytes = field(repr=False)
    content_type: str
    cache_control: str


@dataclass(frozen=True)
class Listed:
    """An object as a listing tells of it: its bytes, and when it was last written, in UTC.

    `modified` is by the store's own clock, and a write that found the same bytes does not move it.
    """

    key: str
    size_bytes: int
    modified: datetime


class Store(ABC):
    """Where published files live; keys are relative POSIX paths that begin with the product.

    Every method raises StoreError when the store cannot be reached or refuses.
    """

    @property
    def location(self) -> str:
        """Where this store is, in words for a person."""
        return type(self).__name__

    @property
    def time(self) -> datetime | None:
        """The time that the store itself told with its last answer; None where it tells none."""
        return None

    @abstractmethod
    def read(self, key: str) -> Stored | None:
        """Return the object, or None where there is none."""

    def read_range(self, key: str, start: int, stop: int) -> bytes | None:
        """Return bytes [start, stop) of the object, fewer at its end; None where there is none."""
        stored = self.read(key)
        return None if stored is None else stored.data[start:stop]

    @abstractmethod
    def create(self, item: Object) -> bool:
        """Write a new object; True if created, False if the same bytes were already there.

        Raises:
            ConflictError: other bytes are there.
        """

    @abstractmethod
    def replace(self, item: Object, etag: str | None) -> None:
        """Replace the object whose tag is still `etag`; None means that there must be none yet.

        Raises:
            ConflictError: the object has changed, appeared or gone since it was read.
            UncertainError: so it has, but may have been replaced first: the answer was lost.
        """

    def delete(self, key: str) -> None:
        """Remove an object; nothing happens where there is none."""
        raise StoreError(f"{self.location} lets nothing be removed: {key}")

    @abstractmethod
    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield the keys that begin with `prefix`, in the store's own order."""

    def listing(self, prefix: str = "") -> Iterator[Listed]:
        """Yield the same with size and time, as far as that is still there when it is looked at."""
        raise StoreError(f"{self.location} does not tell how old an object is")
