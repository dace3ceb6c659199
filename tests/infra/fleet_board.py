"""A simulated board: asks what device/slotcast/client.py asks, and compares files with hashes.

A poll asks for the next root until there is none, then for the timestamp; where that names another
snapshot, for snapshot, targets and manifest; and for the payload where the board is in the rollout.
Signatures are left to the readers (fleet_readers.py); which keys have signed is looked at here too.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Any

from publisher.rollout import Rollout
from tests.infra.fleet_link import Got

NO_KEY_YET = "the timestamp's key is in no root that is served yet"
STILL_OLD = "the root is new, the timestamp still of the former key"
WENT_BACK = "an older timestamp"
_MISSING = (403, 404)

Ask = Callable[[str], Awaitable[Got]]


class IncompleteError(Exception):
    """Metadata named what was not there, or was something else."""


@dataclass
class Seen:
    """What all boards saw; times are seconds of the edges' clock.

    Attributes:
        failed: polls that ended without trust, by why; the next poll tries again.
        incomplete: metadata without its files.
        first: when each edge first served a version of timestamp; last: when it last did.
        offered: when each board had the manifest of a version.
    """

    polls: int = 0
    installs: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    incomplete: list[str] = field(default_factory=list)
    first: dict[tuple[int, int], float] = field(default_factory=dict)
    last: dict[tuple[int, int], float] = field(default_factory=dict)
    offered: dict[str, list[float]] = field(default_factory=dict)

    def serve(self, edge: int, version: int, now_s: float) -> None:
        """An edge served a version of timestamp."""
        self.first.setdefault((edge, version), now_s)
        self.last[edge, version] = now_s


@dataclass
class Board:
    """What one board keeps from poll to poll, the version that it runs, and its edge."""

    device_id: str
    edge: int
    runs: str
    root: int = 1
    keys: frozenset[str] = frozenset()
    timestamp: int = 0
    snapshot: str = ""


class Fleet:
    """How boards poll one product.

    Args:
        base: the path of its BASE, with both slashes.
        channel_board: CHANNEL/BOARD of all of them.
        keys: keyids of timestamp in the first root.
        now: the edges' clock.
    """

    def __init__(
        self, base: str, channel_board: str, keys: frozenset[str], now: Callable[[], float]
    ) -> None:
        self.seen = Seen()
        self._base = base
        self._offer = f"{channel_board}.json"
        self._keys = keys
        self._now = now

    async def poll(self, board: Board, ask: Ask) -> None:
        """Poll, and refresh once more where that led to another image: the board has reset."""
        self.seen.polls += 1
        try:
            if await self._refresh(board, ask):
                await self._refresh(board, ask)
        except IncompleteError as error:
            self.seen.incomplete.append(f"{board.device_id}, {self._now():.1f}: {error}")

    async def _refresh(self, board: Board, ask: Ask) -> bool:
        """Whether the board resets into another image."""
        is_new_root = await self._take_roots(board, ask)
        report = f"?d={board.device_id}&v={board.runs}"
        got = await ask(f"{self._base}metadata/timestamp.json{report}")
        if got.status != 200:
            raise IncompleteError(f"timestamp.json: {got.status}")
        version, keys, named = read_timestamp(got.body)
        if not keys & (board.keys or self._keys):
            self.seen.failed[STILL_OLD if is_new_root else NO_KEY_YET] += 1
            return False
        if version < board.timestamp:
            self.seen.failed[WENT_BACK] += 1
            return False
        self.seen.serve(board.edge, version, self._now())
        board.timestamp = version
        if named == board.snapshot:
            return False
        manifest = await self._manifest(ask, named)
        board.snapshot = named
        return await self._decide(board, ask, manifest)

    async def _take_roots(self, board: Board, ask: Ask) -> bool:
        before = board.root
        while True:
            got = await ask(f"{self._base}metadata/{board.root + 1}.root.json")
            if got.status in _MISSING:
                return board.root > before
            if got.status != 200:
                raise IncompleteError(f"{board.root + 1}.root.json: {got.status}")
            board.root += 1
            board.keys = keys_of(got.body)

    async def _manifest(self, ask: Ask, named: str) -> dict[str, Any]:
        """Follow a timestamp to the manifest, from hash to hash."""
        number, digest = named.split(" ")
        snapshot = _signed(await self._file(ask, f"metadata/{number}.snapshot.json", digest))
        entry = snapshot["meta"]["targets.json"]
        path = f"metadata/{entry['version']}.targets.json"
        targets = _signed(await self._file(ask, path, entry["hashes"]["sha256"]))
        digest = targets["targets"][self._offer]["hashes"]["sha256"]
        folder, _, name = self._offer.rpartition("/")
        data = await self._file(ask, f"targets/{folder}/{digest}.{name}", digest)
        manifest: dict[str, Any] = json.loads(data)
        return manifest

    async def _decide(self, board: Board, ask: Ask, manifest: dict[str, Any]) -> bool:
        version = manifest["version"]
        self.seen.offered.setdefault(version, []).append(self._now())
        if version == board.runs or not _is_for(manifest, board.device_id):
            return False
        payload = manifest["payloads"][0]
        await self._file(ask, payload["path"], payload["sha256"])
        board.runs = version
        self.seen.installs += 1
        return True

    async def _file(self, ask: Ask, path: str, digest: str) -> bytes:
        got = await ask(self._base + path)
        if got.status != 200 or sha256(got.body).hexdigest() != digest:
            raise IncompleteError(f"{path}: {got.status}, {len(got.body)} bytes")
        return got.body


@lru_cache(maxsize=64)
def keys_of(root: bytes) -> frozenset[str]:
    """Return the keyids that a root names for timestamp."""
    return frozenset(_signed(root)["roles"]["timestamp"]["keyids"])


@lru_cache(maxsize=64)
def read_timestamp(data: bytes) -> tuple[int, frozenset[str], str]:
    """Return its version, who signed it, and the snapshot's version and SHA-256."""
    fields = json.loads(data)
    entry = fields["signed"]["meta"]["snapshot.json"]
    keys = frozenset(one["keyid"] for one in fields["signatures"])
    named = f"{entry['version']} {entry['hashes']['sha256']}"
    return fields["signed"]["version"], keys, named


@lru_cache(maxsize=64)
def _signed(data: bytes) -> dict[str, Any]:
    signed: dict[str, Any] = json.loads(data)["signed"]
    return signed


def _is_for(manifest: dict[str, Any], device_id: str) -> bool:
    rollout = manifest["rollout"]
    where = Rollout(rollout["salt"]).bucket(device_id)
    return bool(where < rollout["basis_points"])
