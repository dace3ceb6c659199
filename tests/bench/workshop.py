"""A product that the command line makes and publishes, and what each command costs."""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from delta_pairs import FIRMWARE, custom

from publisher.image import Image, read_image
from publisher.settings import Settings, load_settings
from publisher.simulate import Order, Rig
from publisher.stores import open_store
from publisher.stores.base import Store

BOARD, CHANNEL = "sensor-r2", "stable"
SLOTCAST = Path(sys.executable).with_name("slotcast")
_INIT = (
    *("init", "sensor", "--root-keys", "3", "--threshold", "2"),
    *("--board", BOARD, "--chip", "esp32", "--slot-size", "0x1E0000"),
    *("--base-url", "https://updates.example.net/"),
)

Done = TypeVar("Done")


@dataclass(frozen=True)
class Cost:
    """A whole process: seconds that passed, and seconds of CPU in it and in its children."""

    wall_s: float
    cpu_s: float


class Workshop:
    """A product in `folder`; its keys have `passphrase`, or none if that is empty."""

    def __init__(self, folder: Path, passphrase: str = "") -> None:
        folder.mkdir(exist_ok=True)
        self._folder = folder
        self._environment = {**os.environ, "NO_COLOR": "1", "SLOTCAST_PASSPHRASE": passphrase}
        self.run(SLOTCAST, *_INIT, *(() if passphrase else ("--insecure-no-passphrase",)))

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a program in the product's folder; CalledProcessError if it fails."""
        return subprocess.run(
            command,
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            check=True,
            text=True,
        )

    def release(self, version: str) -> tuple[dict[str, Any], Cost]:
        """Publish a version: what the command answers, and what it costs."""
        done, cost = timed(lambda: self.run(SLOTCAST, *release_arguments(version)))
        return json.loads(done.stdout), cost

    @property
    def settings(self) -> Settings:
        """slotcast.toml, read."""
        return load_settings(self._folder / "slotcast.toml")

    @property
    def store(self) -> Store:
        """Where it is published."""
        return open_store(self.settings)

    @property
    def published(self) -> Path:
        """The folder of the store."""
        return self._folder / "published"

    def rig(self, factory: str) -> Rig:
        """A board that left the factory with this version, and an edge."""
        order = Order(CHANNEL, BOARD, image(factory))
        return Rig(self.settings, self.store, order)


def release_arguments(version: str) -> list[str]:
    """What follows `slotcast` to publish a version."""
    where = ["--channel", CHANNEL, "--board", BOARD, "--json"]
    return ["release", str(_file(version)), "--version", version, *where]


def image(version: str) -> Image:
    """The application image of a version."""
    return read_image(_file(version).read_bytes(), version)


def timed(action: Callable[[], Done]) -> tuple[Done, Cost]:
    """Call `action`, which runs child processes: what it returns, and their Cost."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    result = action()
    wall_s, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return result, Cost(wall_s, cpu_s)


def _file(version: str) -> Path:
    return FIRMWARE / custom("esp32", version)
