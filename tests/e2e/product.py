"""A product on disk or in a bucket, published with the command itself, and boards for it."""

import re
from functools import cache
from pathlib import Path

from publisher import cli
from publisher.image import Image, read_image
from publisher.settings import Settings, load_settings
from publisher.simulate import Order, Rig
from publisher.stores import open_store
from publisher.stores.base import Store

BOARD = "sensor-r2"
CHANNEL = "stable"
INIT = (
    *("init", "sensor", "--insecure-no-passphrase", "--base-url", "https://updates.test/"),
    *("--board", BOARD, "--chip", "esp32", "--slot-size", "0x1E0000"),
)
FILES = {
    "3.1.1": "micrOS-esp32-1.28.0-3.1.1-0.bin",
    "3.2.5": "micrOS-esp32-1.28.0-3.2.5-0.bin",
    "3.3.0": "micrOS-esp32-1.28.0-3.3.0-0.bin",
}


# With the code in flash; `make bench` finds how little will do.
HEAP_KIB = 128


class BuiltRig(Rig):
    """A rig whose board has its code in flash, as a real build has, and the heap that this takes.

    All that code need not be looked through then, whenever the heap is collected.
    """

    def __enter__(self) -> "BuiltRig":
        """The rig, with such a board."""
        super().__enter__()
        self.board.code_in_flash = True
        self.board.heap_kib = HEAP_KIB
        return self


class Product:
    """A product in `folder`, managed by its command line.

    Args:
        folder: where slotcast.toml is.
        firmware: the folder of real firmware files.
    """

    def __init__(self, folder: Path, firmware: Path) -> None:
        self.folder = folder
        self._firmware = firmware

    def slotcast(self, *arguments: str) -> int:
        """Run one command; its exit code."""
        return cli.main([*arguments, "--settings", str(self.folder / "slotcast.toml")])

    def set_deltas(self, count: int) -> None:
        """From how many releases the next ones have deltas."""
        path = self.folder / "slotcast.toml"
        text, changes = re.subn(r"(?m)^deltas = \d$", f"deltas = {count}", path.read_text())
        assert changes == 1
        path.write_text(text)

    def image(self, version: str) -> Image:
        """The application image of a release."""
        return _read(self._firmware / FILES[version], version)

    def release(self, version: str, *options: str) -> Image:
        """Publish real firmware, with more options of the command; its image."""
        file = str(self._firmware / FILES[version])
        where = ("--channel", CHANNEL, "--board", BOARD)
        assert self.slotcast("release", file, "--version", version, *where, *options) == 0
        return self.image(version)

    @property
    def settings(self) -> Settings:
        """slotcast.toml, read."""
        return load_settings(self.folder / "slotcast.toml")

    @property
    def store(self) -> Store:
        """Where it is published."""
        return open_store(self.settings)

    def rig(self, factory: str = "3.1.1", channel: str = CHANNEL, group: str | None = None) -> Rig:
        """A board that left the factory with this version, in this group, and an edge."""
        order = Order(channel, BOARD, self.image(factory), group=group)
        return BuiltRig(self.settings, self.store, order)


@cache
def _read(file: Path, version: str) -> Image:
    """Real firmware, which stays as it is."""
    return read_image(file.read_bytes(), version)
