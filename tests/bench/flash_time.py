"""What an update costs the flash: operations and modelled seconds, by four ways of writing.

The slot that is written holds the release before the running one, as after an update or two.
"""

import subprocess
import tempfile
from pathlib import Path

from delta_pairs import CHIPS, VERSIONS, application, custom
from tables import Row, render

import device
from device.virtual.flash_time import FlashWork, read_work
from device.virtual.programs import find_micropython

HERE = Path(__file__).parent
WAYS = {
    "naive": "naive",
    "esp32_ota": "micropython-esp32-ota",
    "sectors": "Slotcast",
    "blocks": "Slotcast, block_erase",
}
HEADER = ("What does an update cost the flash?", "4 KiB", "64 KiB", "pages", "seconds", "saves")
NOTES = """\
Erases of 4 and of 64 KiB and programs of 256-byte pages, at 45, 150 and 0.7 ms, as is typical of
Winbond's W25Q; no chip was measured, and reading is free. {0} to {2}, while {1} runs.
naive: erases and programs every sector. micropython-esp32-ota: as its BlockDevWriter does.
block_erase is off unless a board is told otherwise: the way to it was read in the source of ESP-IDF
and never tried on a chip.""".format(*VERSIONS)


def table() -> str:
    """The figures of a run, for people."""
    rows = []
    for chip in CHIPS:
        old, new = (application(custom(chip, VERSIONS[at])) for at in (0, 2))
        rows += compare(chip, old, new)
    first = application(custom(CHIPS[0], VERSIONS[2]))
    return render(HEADER, [*rows, *compare(f"{CHIPS[0]}, blank slot", b"", first)], NOTES)


def compare(title: str, old: bytes, new: bytes) -> list[Row]:
    """A row for each way."""
    works = {name: measure(way, old, new) for way, name in WAYS.items()}
    rows = []
    for name, work in works.items():
        counts = (work.sector_erases, work.block_erases, work.page_programs)
        seconds, naive_s = work.seconds(), works["naive"].seconds()
        figures = (f"{seconds:.1f}", f"{naive_s / seconds:.2f}x")
        rows.append((f"{title}: {name}", *(f"{count:,}" for count in counts), *figures))
    return rows


def measure(way: str, old: bytes, new: bytes) -> FlashWork:
    """What it costs to write `new` over `old`; AssertionError if it does not stand there then."""
    with tempfile.TemporaryDirectory() as folder:
        slot, image = Path(folder) / "slot", Path(folder) / "image"
        records = Path(folder) / "records"
        blank = -max(len(old), len(new)) % 65536
        slot.write_bytes(old.ljust(max(len(old), len(new)) + blank, b"\xff"))
        image.write_bytes(new)
        fakes = f"{Path(device.__file__).parent}:{Path(device.__file__).parent / 'virtual'}"
        subprocess.run(
            [
                find_micropython(),
                "-X",
                "heapsize=16m",
                "-m",
                "flash_time_on_micropython",
                way,
                slot,
                image,
                records,
            ],
            env={"MICROPYPATH": f"{HERE}:{fakes}"},
            check=True,
            timeout=300,
        )
        assert slot.read_bytes().startswith(new)
        return read_work(records)


if __name__ == "__main__":
    print(table())
