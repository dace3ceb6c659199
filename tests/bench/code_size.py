"""Bytes of Slotcast on the board: compiled for both kinds of CPU that it has, and in the heap."""

import ast
import json
import subprocess
import tempfile
from graphlib import TopologicalSorter
from pathlib import Path

from tables import render

import device
from device.virtual.programs import compile_mpy, find_micropython

ARCHITECTURES = ("xtensawin", "rv32imc")
HEADER = ("How large is Slotcast on the board?", "source", *ARCHITECTURES, "in the heap")
NOTES = """\
Bytes of .py and .mpy files. xtensawin: ESP32, S2, S3; rv32imc: C3, C5, C6. Only SHA-512 in viper
is native code; the rest is bytecode, the same for all. In the heap: what importing the .mpy file
takes after the modules that it imports, with objects of 64 bits. MicroPython's table of names grows
in steps, and who makes it grow pays. Frozen code stays in flash. Never are all loaded at once."""
# Runs on the board.
IMPORTS = """
import gc, json
taken = {}
for name in %r:
    gc.collect()
    before = gc.mem_alloc()
    try:
        __import__("slotcast." + name)
    except ImportError:
        continue
    gc.collect()
    taken[name] = gc.mem_alloc() - before
print(json.dumps(taken))
"""


def table() -> str:
    """The figures of a run, for people."""
    folder = Path(device.__file__).parent / "slotcast"
    with tempfile.TemporaryDirectory() as scratch:
        columns = [sizes(folder, "*.py")]
        for architecture in ARCHITECTURES:
            target = Path(scratch) / architecture
            compile_mpy(folder, target, [f"-march={architecture}"])
            columns.append(sizes(target, "*.mpy"))
        compile_mpy(folder, Path(scratch) / "heap" / "slotcast")
        heap = in_heap(Path(scratch) / "heap", in_order(folder))
    names = sorted(columns[0], key=lambda name: -columns[1][name])
    columns.append({name: heap.get(name, 0) for name in names})
    rows = [(name, *(f"{column[name]:,}" for column in columns)) for name in names]
    total = (f"all {len(names)}", *(f"{sum(column.values()):,}" for column in columns))
    return render(HEADER, [*rows, total], NOTES)


def sizes(folder: Path, pattern: str) -> dict[str, int]:
    """Bytes of files by module."""
    return {path.stem: path.stat().st_size for path in folder.glob(pattern)}


def in_order(folder: Path) -> list[str]:
    """The modules, each after those that it imports when it is loaded."""
    graph = {}
    for path in folder.glob("*.py"):
        body = ast.parse(path.read_text()).body
        found = [node.module or "" for node in body if isinstance(node, ast.ImportFrom)]
        graph[path.stem] = {name.partition(".")[2] for name in found if "slotcast." in name}
    return [name for name in TopologicalSorter(graph).static_order() if name != "__init__"]


def in_heap(path: Path, names: list[str]) -> dict[str, int]:
    """Bytes of heap that each module adds to those before it, but for those that need a chip."""
    program = path / "imports.py"
    program.write_text(IMPORTS % names)
    done = subprocess.run(
        [find_micropython(), "-X", "heapsize=4m", str(program)],
        env={"MICROPYPATH": str(path)},
        capture_output=True,
        text=True,
        check=True,
    )
    taken: dict[str, int] = json.loads(done.stdout)
    return taken


if __name__ == "__main__":
    print(table())
