"""Updates of real firmware that deltas are measured on: pairs of an old image and a new one."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from publisher.image import read_image

FIRMWARE = Path(__file__).parents[2] / ".cache" / "firmware"
CHIPS = ("esp32", "esp32c3", "esp32c6", "esp32s3")
VERSIONS = ("3.1.1", "3.2.5", "3.3.0")  # consecutive releases of micrOS


@dataclass(frozen=True)
class Pair:
    """An update from one image to another.

    Attributes:
        title: what tables call it.
        old_name, new_name: files in the firmware folder.
        small: they are consecutive releases of one firmware; else whole versions lie between them.
    """

    title: str
    old_name: str
    new_name: str
    small: bool

    @property
    def old(self) -> bytes:
        """The application image that runs."""
        return application(self.old_name)

    @property
    def new(self) -> bytes:
        """The application image that replaces it."""
        return application(self.new_name)


def application(name: str) -> bytes:
    """The application image in a file of the firmware folder."""
    return read_image((FIRMWARE / name).read_bytes(), name).data


def small_pairs() -> list[Pair]:
    """Consecutive releases of one firmware, for four chips."""
    steps = list(pairwise(VERSIONS))
    return [
        Pair(f"{chip} {old} -> {new}", custom(chip, old), custom(chip, new), small=True)
        for chip in CHIPS
        for old, new in steps
    ]


def cross_version_pairs() -> list[Pair]:
    """Stock MicroPython against a custom build of another version, and against a newer one."""
    pairs = []
    for chip in CHIPS:
        board = "esp32s3-8MBflash" if chip == "esp32s3" else chip
        new = custom(chip, VERSIONS[-1])
        title = f"{chip} stock 1.27.0 -> {VERSIONS[-1]}"
        pairs.append(Pair(title, stock(board, "20251209-v1.27.0"), new, small=False))
    names = stock("esp32s3-4MBflash", "20241129-v1.24.1"), stock(board, "20251209-v1.27.0")
    return [*pairs, Pair("esp32s3 stock 1.24.1 -> 1.27.0", *names, small=False)]


def custom(chip: str, version: str) -> str:
    """The file of a micrOS release."""
    return f"micrOS-{chip}-1.28.0-{version}-0.bin"


def stock(board: str, version: str) -> str:
    """The file of MicroPython's own build."""
    return f"{board}-{version}.bin"
