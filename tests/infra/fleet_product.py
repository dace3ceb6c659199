"""The product that the fleet runs: founded, released and given new keys by the command itself."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from device.virtual.images import build_app
from tests.infra.edge_origin import Where
from tests.infra.fleet_board import keys_of
from tests.seaweedfs import READER_KEY, SECRET_KEY, Server

ROOT = Path(__file__).parents[2]
BUCKET, CHANNEL, KIND = "fleet", "stable", "sensor-r2"
OLD, NEW = "1.0.0", "1.1.0"
ROLLOUT = "10%"
_IMAGE_BYTES = 16384
_PASSPHRASE = "of the new key"


class Product:
    """A product of this name in the bucket, worked on in a folder of its own."""

    def __init__(self, name: str, folder: Path, server: Server) -> None:
        self.name = name
        self._folder = folder
        self._server = server
        self._client = server.client()

    @property
    def base(self) -> str:
        """The path of its BASE."""
        return f"/{self.name}/"

    def where(self) -> Where:
        """The bucket, read with credentials that may only read."""
        return Where(self._server.endpoint_url, BUCKET, READER_KEY, SECRET_KEY)

    def found(self) -> None:
        """Found it, release OLD to all, and prepare the release of NEW and another root."""
        self._folder.mkdir()
        store = ("--store", f"s3://{BUCKET}", "--endpoint-url", self._server.endpoint_url)
        board = ("--board", KIND, "--chip", "esp32", "--slot-size", "0x1E0000")
        base = ("--base-url", "https://updates.test/", "--insecure-no-passphrase")
        self._run("init", self.name, *store, *board, *base)
        self._rewrite(r"^deltas = \d$", "deltas = 0")
        self._finish(self._release(OLD, "100%"))
        self._propose()

    def release(self) -> subprocess.Popen[str]:
        """Begin to release NEW, to ROLLOUT of all boards."""
        return self._release(NEW, ROLLOUT)

    def replace_key(self) -> subprocess.Popen[str]:
        """Begin to publish the root with another key for timestamp: the former one is lost."""
        self._rewrite(r"^timestamp = \[.*\]$", 'timestamp = ["file:keys/new.pem"]')
        return self._start("root", "apply", "root-2.json")

    def first_root(self) -> bytes:
        """Return the root that boards leave the factory with."""
        return self._read("metadata/1.root.json")

    def first_keys(self) -> frozenset[str]:
        """Return the keyids of timestamp in it."""
        return keys_of(self.first_root())

    def present(self) -> bytes:
        """Return the timestamp that is published."""
        return self._read("metadata/timestamp.json")

    def pointer(self) -> str:
        """Return the tag of the timestamp in the bucket."""
        key = f"{self.name}/metadata/timestamp.json"
        return str(self._client.head_object(Bucket=BUCKET, Key=key)["ETag"])

    def _release(self, version: str, rollout: str) -> subprocess.Popen[str]:
        image = build_app(version=version, size=_IMAGE_BYTES, seed=len(version) + ord(version[2]))
        (self._folder / "app.bin").write_bytes(image)
        where = ("--channel", CHANNEL, "--board", KIND, "--rollout", rollout)
        return self._start("release", "app.bin", "--version", version, *where)

    def _propose(self) -> None:
        """Make a key for timestamp and a root with it, signed by two of three."""
        self._run("root", "key", "keys/new.pem")
        [former] = self.first_keys()
        change = f"timestamp={former}:keys/new.pub"
        self._run("root", "propose", "--out", "root-2.json", "--replace", change)
        for number in (1, 2):
            key = f"file:keys/root-{number}.pem"
            self._run("root", "sign", "root-2.json", "--key", key, "--yes")

    def _read(self, path: str) -> bytes:
        data: bytes = self._client.get_object(Bucket=BUCKET, Key=f"{self.name}/{path}")[
            "Body"
        ].read()
        return data

    def _rewrite(self, pattern: str, line: str) -> None:
        settings = self._folder / "slotcast.toml"
        text, count = re.subn(f"(?m){pattern}", line, settings.read_text())
        assert count == 1, pattern
        settings.write_text(text)

    def _run(self, *words: str) -> None:
        self._finish(self._start(*words))

    def _start(self, *words: str) -> subprocess.Popen[str]:
        more: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        mine = {**self._server.environment(), "SLOTCAST_PASSPHRASE": _PASSPHRASE}
        environment = {**os.environ, **mine, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "publisher", *words]
        return subprocess.Popen(command, cwd=self._folder, env=environment, text=True, **more)

    def _finish(self, process: subprocess.Popen[str]) -> None:
        said, _ = process.communicate(timeout=120)
        if process.returncode:
            raise RuntimeError(said)
