"""The way out of the board: the supervisor's files, and dying as a chip does."""

import json
import os

import vfs
from fakes.state import OUTCOME, State


class Host:
    """The supervisor's side of one boot.

    The settings of this boot (what the bootloader chose) are read once; the world is read anew each
    time it is asked for, so that it can change while the board runs.
    """

    def __init__(self, boot_file: str) -> None:
        self._posix = vfs.VfsPosix()  # works mounted or not
        self.boot = self._load(boot_file)
        self.state = State(self.open(self.boot["state"], "r+b"))

    def open(self, path: str, mode: str) -> object:
        """Open a file of the host; raises OSError as `open` does."""
        return self._posix.open(path, mode)

    def list(self, path: str) -> list:
        """Entries of a folder of the host: (name, is_folder)."""
        return [(entry[0], entry[1] == 0x4000) for entry in self._posix.ilistdir(path)]

    def world(self) -> dict:
        """What the world around the board is like now."""
        return self._load(self.boot["world"])

    def sickness(self) -> dict:
        """How the image that runs is sick, as the world says; empty: it is not."""
        return self.world()["images"].get(self.boot["image_digest"], {})

    def end(self, outcome: int) -> None:
        """Stop at once, as a reset does: no `finally` block, no finaliser runs after this."""
        self.state.put(OUTCOME, outcome)
        while True:
            os.system("kill -9 $PPID")

    def _load(self, path: str) -> dict:
        with self.open(path, "r") as file:
            return json.load(file)
