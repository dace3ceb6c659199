"""The world around a virtual board: what its radio, its clock and its images meet."""

import json
import os
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

DEFAULTS: dict[str, Any] = {
    # Whether there is Wi-Fi.
    "wifi": True,
    # Whether an NTP server answers.
    "ntp": True,
    # "host:port", or "host" for any port, -> [address, port]: where its connections go.
    "hosts": {},
    # What NTP says, in seconds ahead of virtual time.
    "clock_offset_s": 0,
    # How much faster than real time sleeping passes; read when a boot begins.
    "speed": 1.0,
    # The same for waiting for the network in which nothing comes.
    "network_speed": 1.0,
    # Image digest (hex) -> how it is sick: {"wifi": False}; before any code {"panic": True} and
    # {"hang": True}; between boot.py and main.py {"crash": True}, {"hang_in_python": True} and
    # {"hang_in_c": True}, where no timer's callback runs.
    "images": {},
    # Whether the bootloader and the firmware were built with CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE.
    "bootloader_rollback": True,
    "app_rollback": True,
    # The board's MAC address.
    "unique_id": "240ac4000001",
    # Whether to collect garbage and note the live heap at each flash write, sleep and connection.
    "measure_heap": False,
    # Nanoseconds of virtual time that erasing a sector, erasing a block and programming a page take
    # (FlashTimes.to_ns); None: no virtual time. Read when a boot begins.
    "flash_times_ns": None,
    # File of the host to which each operation that changes flash is appended; "" for none.
    "journal": "",
}


class World(MutableMapping[str, Any]):
    """Settings in a file that the running board reads anew whenever it asks.

    Assigning writes the file; to change something inside a value, assign the whole value.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._values = dict(DEFAULTS)
        if path.exists():
            self._values.update(json.loads(path.read_text()))
        self._write()

    def __getitem__(self, key: str) -> Any:
        """The value of a setting."""
        return self._values[key]

    def __setitem__(self, key: str, value: Any) -> None:
        """Change a setting; KeyError if there is none of that name."""
        if key not in DEFAULTS:
            raise KeyError(key)
        self._values[key] = value
        self._write()

    def __delitem__(self, key: str) -> None:
        """Put a setting back to its default."""
        self[key] = DEFAULTS[key]

    def __iter__(self) -> Iterator[str]:
        """The names of all settings."""
        return iter(self._values)

    def __len__(self) -> int:
        """How many settings there are."""
        return len(self._values)

    def sicken(self, image_digest: str, **sickness: bool) -> None:
        """Make one image sick; with no sickness it is well again."""
        images = {key: value for key, value in self["images"].items() if key != image_digest}
        self["images"] = {**images, image_digest: sickness} if sickness else images

    def _write(self) -> None:
        draft = self._path.with_suffix(".draft")
        draft.write_text(json.dumps(self._values))
        os.replace(draft, self._path)
