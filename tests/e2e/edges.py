"""Stores as a hostile or broken edge shows them."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from publisher.errors import StoreError
from publisher.stores.base import Object, Store, Stored


class ReadOnly(Store):
    """What an edge sees of a store: reads pass through `change`, writes are refused.

    Args:
        origin: the true store.
        change: takes a key and its object, returns the object that the edge gives.
    """

    def __init__(self, origin: Store, change: Callable[[str, Stored], Stored | None]) -> None:
        self._origin = origin
        self._change = change

    def read(self, key: str) -> Stored | None:
        stored = self._origin.read(key)
        return None if stored is None else self._change(key, stored)

    def list(self, prefix: str = "") -> Iterator[str]:
        return self._origin.list(prefix)

    def create(self, item: Object) -> bool:
        raise StoreError("read only")

    def replace(self, item: Object, etag: str | None) -> None:
        raise StoreError("read only")


def flip(origin: Store, part: str, at: int) -> ReadOnly:
    """An edge that changes one bit of each object whose key has `part` in it."""

    def change(key: str, stored: Stored) -> Stored:
        if part not in key:
            return stored
        data = bytearray(stored.data)
        data[at] ^= 1
        return replace(stored, data=bytes(data))

    return ReadOnly(origin, change)


def without(origin: Store, part: str) -> ReadOnly:
    """An edge that has lost each object whose key has `part` in it."""
    return ReadOnly(origin, lambda key, stored: None if part in key else stored)


def frozen(origin: Store) -> ReadOnly:
    """An edge that keeps answering what is published at this moment."""
    kept = {key: origin.read(key) for key in origin.list()}
    return ReadOnly(origin, lambda key, stored: kept.get(key))
