"""What is said and seen in a race: a line of JSON each, on disk before whoever says it goes on."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Line = dict[str, Any]


class Ledger:
    """A file of one process, which only grows; each line has the time that all processes share."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def write(self, kind: str, **fields: object) -> None:
        """Add a line; it outlives the process once this returns."""
        line = json.dumps({"kind": kind, "at": time.monotonic(), **fields})
        os.write(self._file, line.encode() + b"\n")
        os.fsync(self._file)


def read_lines(paths: Iterator[Path]) -> list[Line]:
    """Return all lines in the order of time; one that was cut by a kill was never said."""
    lines = []
    for path in paths:
        *whole, _ = path.read_bytes().split(b"\n")
        lines += [json.loads(line) for line in whole]
    return sorted(lines, key=lambda line: line["at"])
