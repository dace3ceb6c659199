"""Asking a store whether it keeps the promise that all of publishing rests on.

Some servers that speak S3 take If-None-Match and If-Match without a word, and overwrite all the
same: two publishers at once would undo each other's work, and neither would know.
"""

from __future__ import annotations

from publisher.errors import ConflictError, StoreError
from publisher.layout import JSON, SHORT, key
from publisher.stores.base import Object, Store

PROBE = "conditional-writes.probe"
_HINT = (
    "two publishers at once would undo each other's work there: use a store that honours "
    "If-None-Match and If-Match, as AWS S3 does"
)
# No object of ours has it: the MD5 of none of what is written here.
_NO_ETAG = '"00000000000000000000000000000000"'


def verify_conditional_writes(store: Store, product: str) -> bool:
    """Write a probe on conditions that do not hold; return whether it could be removed after it.

    Raises:
        StoreError: it was written all the same, or the store refused for another reason.
    """
    name = key(product, PROBE)
    try:
        _is_written(store, name, b"1")  # or is left from a run that could not remove it
        if _is_written(store, name, b"2"):
            raise StoreError(f"{store.location} overwrites what is to be created only once", _HINT)
        if _is_written(store, name, b"3", _NO_ETAG):
            message = f"{store.location} replaces what has changed since it was read"
            raise StoreError(message, _HINT)
    finally:
        removed = _remove(store, name)
    return removed


def _is_written(store: Store, name: str, data: bytes, etag: str = "") -> bool:
    item = Object(name, data, JSON, SHORT)
    try:
        if not etag:
            return store.create(item)
        store.replace(item, etag)
    except ConflictError:
        return False
    return True


def _remove(store: Store, name: str) -> bool:
    try:
        store.delete(name)
    except StoreError:
        return False
    return True
