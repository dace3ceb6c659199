"""What `slotcast release` takes with deltas: one image, from no base to three."""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from delta_pairs import FIRMWARE, VERSIONS, custom, stock
from tables import render
from workshop import SLOTCAST, Cost, Workshop, release_arguments, timed

NEW = VERSIONS[-1]
# The two releases before, and the stock firmware of another MicroPython.
BASES = (custom("esp32", "3.2.5"), custom("esp32", "3.1.1"), stock("esp32", "20251209-v1.27.0"))
RUNS = 2
HEADER = ("What does a release cost with deltas?", "wall", "CPU", "CPU / wall", "deltas, bytes")
NOTES = f"""\
slotcast release {NEW} of esp32 with so many --base, whole processes, the faster of {RUNS}. The full
payload is encoded in each. The third base is of another MicroPython: ten times as much differs."""


def table() -> str:
    """The figures of a run, for people."""
    return render(HEADER, [row(count) for count in range(len(BASES) + 1)], NOTES)


def row(count: int) -> Sequence[str]:
    """A release with so many bases."""
    answer, cost = min((release(count) for _ in range(RUNS)), key=lambda run: run[1].wall_s)
    lengths = [
        entry["length"] for entry in answer["manifest"]["payloads"] if entry["kind"] == "delta"
    ]
    return (
        f"{count} bases",
        f"{cost.wall_s:.1f} s",
        f"{cost.cpu_s:.1f} s",
        f"{cost.cpu_s / cost.wall_s:.2f}",
        ", ".join(f"{length:,}" for length in lengths),
    )


def release(count: int) -> tuple[dict[str, Any], Cost]:
    """Publish the image for the first time: what the command answers, and what it costs."""
    bases = [part for name in BASES[:count] for part in ("--base", str(FIRMWARE / name))]
    with tempfile.TemporaryDirectory() as folder:
        workshop = Workshop(Path(folder))
        command = (SLOTCAST, *release_arguments(NEW), *bases)
        done, cost = timed(lambda: workshop.run(*command))
    return json.loads(done.stdout), cost


if __name__ == "__main__":
    print(table())
