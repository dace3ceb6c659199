"""What MicroPython's own LittleFS finds on a board after each cut of its filesystem."""

import json
import struct
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from device.virtual.programs import find_micropython
from device.virtual.table import DEFAULT_TABLE
from tests.powercut.journal import Operation
from tests.powercut.points import ERASED, PROGRAMMED, WEAK, WEAK_ERASES, Point, Span, cut, region

VFS = next(partition for partition in DEFAULT_TABLE if partition.label == "vfs")
ROLES = ("root", "timestamp", "snapshot", "targets")
_LOOK = Path(__file__).parent / "on_board" / "look.py"
_OPERATION = struct.Struct("<BBIII")

Tree = dict[str, bytes]


@dataclass(frozen=True)
class Trees:
    """The distinct trees of files that cuts leave.

    Attributes:
        trees: path -> content, of each.
        spans: the points of each operation on the filesystem, with their tree's number.
        end: number of the tree after all operations.
    """

    trees: list[Tree]
    spans: dict[int, list[tuple[Span, int]]]
    end: int


def look_at(flash: bytes) -> Tree:
    """The files of one flash."""
    trees = look_at_cuts(flash, [])
    return trees.trees[trees.end]


def look_at_cuts(base: bytes, operations: Iterable[Operation], step: int = 1) -> Trees:
    """Mount, read and write at every point of the operations on the filesystem.

    With a step above 1 bytes between are taken to leave what the one before them did.

    Raises AssertionError, with what MicroPython says, where a filesystem fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "cuts"
        file.write_bytes(_cuts(bytearray(base), operations))
        command = [find_micropython(), "-X", "heapsize=8M", str(_LOOK), str(file), str(step)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-500:] + done.stderr
    return _read(done.stdout.splitlines())


def versions(tree: Tree) -> dict[str, int]:
    """Version of each role's trusted metadata; 0 where it is not there, -1 where it is damaged."""
    return {role: _version(tree.get(f"/etc/slotcast/metadata/{role}.json")) for role in ROLES}


def _version(data: bytes | None) -> int:
    if data is None:
        return 0
    try:
        return int(json.loads(data)["signed"]["version"])
    except (ValueError, KeyError, TypeError):
        return -1


def _cuts(flash: bytearray, operations: Iterable[Operation]) -> bytes:
    """The file that look.py reads."""
    head = bytes(flash[VFS.offset : VFS.offset + VFS.size])
    records = []
    for number, operation in enumerate(operations):
        if region(operation) == VFS.label:
            records += _records(number, operation, flash)
            operation.apply(flash)
    return head + struct.pack("<I", len(records)) + b"".join(records)


def _records(number: int, operation: Operation, flash: bytearray) -> list[bytes]:
    address = operation.address - VFS.offset

    def record(kind: str, at: int, data: bytes) -> bytes:
        return _OPERATION.pack(ord(kind), at, number, address, len(data)) + data

    if operation.data is not None:
        return [record(PROGRAMMED, 0, operation.data)]
    held = bytes(flash[operation.address : operation.address + operation.size])
    weak = [cut(operation, held, Point(number, WEAK, at)) for at in range(WEAK_ERASES)]
    return [*(record(WEAK, at, data) for at, data in enumerate(weak)), record(ERASED, 0, b"")]


def _read(lines: Iterable[str]) -> Trees:
    trees: list[Tree] = []
    spans: dict[int, list[tuple[Span, int]]] = {}
    end = 0
    for line in lines:
        said = json.loads(line)
        if isinstance(said, list):
            number, kind, start, stop, tree = said
            spans.setdefault(number, []).append((Span(number, kind, start, stop), tree))
        elif "end" in said:
            end = said["end"]
        else:
            trees.append({path: bytes.fromhex(data) for path, data in said["files"].items()})
    return Trees(trees, spans, end)
