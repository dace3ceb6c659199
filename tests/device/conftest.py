"""Run the device's tests under MicroPython, and those named test_*.py under CPython too.

A test is a plain function `test_*` in a module that imports nothing but the device's code,
MicroPython's own modules and `check`. Modules named test_*.py run on both interpreters; mptest_*.py
on MicroPython alone. A module may set HEAP_KIB, the heap that MicroPython gets (256 by default; its
objects are 64-bit ones).
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from device.virtual.programs import find_micropython

HERE = Path(__file__).parent
DEVICE = HERE.parents[1] / "device"


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if file_path.suffix == ".py" and file_path.name.startswith(("test_", "mptest_")):
        name = f"{file_path.name}@micropython"
        # Of its own: pytest-xdist runs one test of each node id, so its twin would be left out.
        nodeid = f"{parent.nodeid}/{name}"
        return MicroPythonFile.from_parent(parent, path=file_path, name=name, nodeid=nodeid)
    return None


def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> pytest.Module | None:
    if module_path.name.startswith("mptest_"):  # named on the command line
        return NotForCPython.from_parent(parent, path=module_path)
    return None


class NotForCPython(pytest.Module):
    def collect(self) -> Iterator[pytest.Item]:
        yield from ()


class MicroPythonFile(pytest.File):
    def collect(self) -> Iterator[pytest.Item]:
        tree = ast.parse(self.path.read_text())
        heap_kib = 256
        for node in tree.body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "HEAP_KIB":
                heap_kib = ast.literal_eval(node.value)
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield MicroPythonTest.from_parent(self, name=node.name, heap_kib=heap_kib)


class MicroPythonTest(pytest.Item):
    def __init__(self, *, heap_kib: int, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.heap_kib = heap_kib

    def runtest(self) -> None:
        command = [find_micropython(), "-X", f"heapsize={self.heap_kib}K", str(HERE / "run_one.py")]
        done = subprocess.run(
            [*command, str(DEVICE), str(self.path), self.name],
            capture_output=True,
            text=True,
            timeout=300,
        )
        if done.returncode != 0 or f"passed {self.name}" not in done.stdout:
            raise MicroPythonFailureError(done.stdout + done.stderr)

    def repr_failure(self, excinfo: pytest.ExceptionInfo, style: object = None) -> str:
        if isinstance(excinfo.value, MicroPythonFailureError):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, f"micropython: {self.name}"


class MicroPythonFailureError(Exception):
    """A test failed under MicroPython; the message is what it printed."""


@pytest.fixture(autouse=True)
def loaded_modules() -> Iterator[None]:
    """What a test unloads, those after it hold on to."""
    before = {name: sys.modules[name] for name in sys.modules if name.startswith("slotcast.")}
    yield
    sys.modules.update(before)
    for name, module in before.items():
        package, _, child = name.rpartition(".")
        setattr(sys.modules[package], child, module)
