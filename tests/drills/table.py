"""Plays every drill and prints the table: `python tests/drills/table.py`.

`--write` puts it into docs/drills.md, between the marks.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from drills.drills import Loss, Measured, Stage

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "drills.md"
MARKS = ("<!-- drills -->\n", "<!-- end of drills -->\n")
HEADER = (
    "what is stolen or lost",
    "what a board does for it",
    "what it refuses",
    "how it recovers",
)


def row(measured: Measured) -> str:
    """A theft's row."""
    refusals: dict[str, list[str]] = {}
    for name, said in measured.refusals:
        refusals.setdefault(said.rpartition("Error: ")[2], []).append(name)
    refused = "<br>".join(f"{', '.join(names)}: *{said}*" for said, names in refusals.items())
    cells = (measured.theft.name, "<br>".join(measured.harms), refused, measured.recovery)
    return line(cells)


def loss_row(loss: Loss) -> str:
    """A loss's row; what is refused is refused by `slotcast`."""
    return line((loss.name, loss.harm, f"`slotcast`: *{loss.refused}*", loss.recovery))


def line(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cells) + " |\n"


def rows(stage: Stage) -> Iterator[str]:
    """Play all drills, and yield their rows."""
    from drills.drills import THEFTS, lost_online_keys, lost_root_keys

    for theft in THEFTS:
        yield row(stage.measure(theft))
    for lose in (lost_online_keys, lost_root_keys):
        yield loss_row(lose(stage))


def written_rows() -> list[str]:
    """The rows that stand in the page."""
    _, _, rest = PAGE.read_text().partition(MARKS[0])
    table, _, _ = rest.partition(MARKS[1])
    return table.splitlines(keepends=True)[2:]


def main() -> None:
    from drills.drills import Stage

    os.environ["SLOTCAST_PASSPHRASE"] = "of new keys in these drills"
    with tempfile.TemporaryDirectory() as scratch:
        text = line(HEADER) + line(("---",) * len(HEADER)) + "".join(rows(Stage(Path(scratch))))
    print(text, end="")
    if "--write" in sys.argv:
        from marked import write_between

        write_between(PAGE, MARKS, text)


if __name__ == "__main__":
    parts = (".", "device", "tests", "tests/unit", "tests/device")
    sys.path[:1] = [str(ROOT / part) for part in parts]  # in place of this folder
    main()
