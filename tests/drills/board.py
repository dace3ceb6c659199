"""A board of the drills: the device's own client and decision over the files of a store."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

from repository_simulator import MemoryFiles

import slotcast.client
from slotcast.client import Client
from slotcast.decide import Facts, decide
from slotcast.errors import DownloadError, NotFoundError, OtaError
from slotcast.manifest import MAX_BYTES, Manifest
from slotcast.steps import plain

WHOM = {"product": "sensor", "channel": "stable", "board": "b1", "chip": "esp32", "group": ""}

# A collection takes long in a process as large as pytest's, and decides nothing.
_NO_COLLECTING = SimpleNamespace(collect=lambda: None)


class Board:
    """A board that runs 1.1.0, and was provisioned with root 1.

    Args:
        root: the bytes of root 1.
        digest: of the image that it runs, hex.
    """

    def __init__(self, root: bytes, digest: str) -> None:
        self.files = MemoryFiles()
        self.files.write("root", root)
        self.memory: dict[str, object] = {}
        self.digest = digest

    def copy(self) -> Board:
        """A board that has seen the same."""
        other = copy.copy(self)
        other.files, other.memory = copy.deepcopy(self.files), copy.deepcopy(self.memory)
        return other

    def poll(self, base: Path, days: float = 0) -> str:
        """Poll the files below BASE after so many days; its decision, or why it failed."""
        now = f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"
        client = Client(self.files, plain(_fetcher(base)), lambda: self._time(now), self.memory)
        try:
            with patch.object(slotcast.client, "gc", _NO_COLLECTING):
                client.refresh()
                manifest = Manifest(client.fetch_target("stable/b1.json", MAX_BYTES))
            found = decide(manifest, self._facts(now))
        except OtaError as error:
            return f"failed: {type(error).__name__}: {error}"
        return f"{found.action}: {found.reason}"

    def _time(self, now: str) -> str:
        """As clock.py has it: never before the newest signing time that was verified."""
        return max(now, str(self.memory.get("signed_at", "")))

    def _facts(self, now: str) -> Facts:
        config = SimpleNamespace(**WHOM)
        running = ("1.1.0", self.digest)
        return Facts(config, running, 0, 0x1E0000, "a0b1c2d3", {}.get, self._time(now))


def _fetcher(base: Path):
    def fetch(path, max_bytes):
        file = base / path
        if not file.is_file():
            raise NotFoundError("answered 404")
        data = file.read_bytes()
        if len(data) > max_bytes:
            raise DownloadError(f"{path} is longer than {max_bytes}")
        return data

    return fetch
