"""version.json after the timestamp has moved: the last of several publishers leaves it right.

It is a pointer of its own, and cannot move together with the timestamp. So whoever has moved the
timestamp looks, after all of its own writes, whether version.json says what the timestamp of that
moment offers, and corrects it until it does. The tag is read before the timestamp: then whoever
moves the timestamp in between also looks at version.json later than we write it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from tuf.api.metadata import Metadata, Targets

from publisher.backoff import more_or_less
from publisher.errors import ConflictError, StoreError
from publisher.layout import hashed_path, key, metadata_path, target_name
from publisher.manifest import Manifest, version_json
from publisher.published import Read, read_published
from publisher.stores.base import Object, Store

_TRIES = 10
_WAIT_S = 0.05


class VersionFiles:
    """The version.json files that one run has to leave right.

    Args:
        store: where the product is published.
        product: the prefix of its keys.
        root_sha256: the product's fingerprint.
        sleep: waits the given seconds; replaced in tests.
    """

    def __init__(
        self, store: Store, product: str, root_sha256: str, sleep: Callable[[float], None]
    ) -> None:
        self._store = store
        self._product = product
        self._root_sha256 = root_sha256
        self._sleep = sleep

    def settle(self, ours: Object, timestamp: bytes | None) -> None:
        """Leave a version.json as what is offered now has it.

        Args:
            ours: what it says by the timestamp that this run has published.
            timestamp: that timestamp; None where this run had none to publish.

        Raises:
            StoreError: others keep changing it, or the store refused.
            VerificationError: what is published by now does not verify.
        """
        for number in range(_TRIES):
            there = self._store.read(ours.key)
            wanted = self._wanted(ours, timestamp)
            if wanted is None or (there is not None and there.data == wanted):
                return
            with suppress(ConflictError):
                etag = None if there is None else there.etag
                self._store.replace(replace(ours, data=wanted), etag)
                continue
            self._sleep(more_or_less(_WAIT_S * number))
        raise StoreError(f"{ours.key} is being changed by others all the time")

    def _wanted(self, ours: Object, timestamp: bytes | None) -> bytes | None:
        """Return what a file has to say by the timestamp of this moment; None if nothing does."""
        if self._read(metadata_path("timestamp", 0)) == timestamp:
            return ours.data
        channel, board, _ = ours.key.removeprefix(f"{self._product}/").split("/")
        return offered_version(self._read, self._root_sha256, channel, board)

    def _read(self, path: str) -> bytes | None:
        stored = self._store.read(key(self._product, path))
        return None if stored is None else stored.data


def offered_version(read: Read, root_sha256: str, channel: str, board: str) -> bytes | None:
    """Return the version.json of what is offered now; None where nothing is.

    Raises:
        VerificationError: what is published does not verify.
    """
    files = read_published(read, root_sha256)
    name = target_name(channel, board)
    target = Metadata[Targets].from_bytes(files["targets"]).signed.targets.get(name)
    if target is None:
        return None
    data = read(hashed_path(name, target.hashes["sha256"]))
    return None if data is None else version_json(Manifest.from_bytes(data))
