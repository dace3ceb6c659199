"""A copy of the tree in which one module of the device at a time is a mutant, and its tests."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_PARTS = ("device", "manifests", "publisher", "tests", "pyproject.toml")
_DROP = shutil.ignore_patterns("__pycache__", ".hypothesis")
# Python finds a module's bytecode by its time in whole seconds and its size: mutants have both
# alike, so that none may be kept.
_PYTHON = (sys.executable, "-B")
_PYTEST = ("-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--tb=no", "-rfE")
_PYTEST_TIMEOUT_S = 120
# How much longer than without a mutant a test may take: machines are busy.
_SLOWER = 10
_AT_LEAST_S = 5


@dataclass(frozen=True)
class Test:
    """A test of tests/device, as it runs without a mutant.

    Attributes: name ("file::test"), calls ("module:function" of the device's code), seconds,
    fails (why, or "").
    """

    name: str
    calls: frozenset[str]
    seconds: float
    fails: str

    def belongs_to(self, module: str) -> bool:
        """Whether the test's file is the module's own."""
        return self.name.startswith((f"test_{module}::", f"test_{module}_"))


class Tree:
    """A copy of the tree.

    Args:
        folder: where it is made; must not be there.
    """

    def __init__(self, folder: Path, source: Path = ROOT):
        self._root = folder
        folder.mkdir(parents=True)
        for part in _PARTS:
            if (source / part).is_dir():
                shutil.copytree(source / part, folder / part, ignore=_DROP)
            else:
                shutil.copy(source / part, folder)
        if (source / ".cache").is_dir():  # the firmware, which some tests want
            (folder / ".cache").symlink_to(source / ".cache")

    def path_of(self, module: str) -> Path:
        """The file of a device module."""
        return self._root / "device" / "slotcast" / f"{module}.py"

    def device_files(self) -> list[str]:
        """Names of the test files that run in process."""
        return sorted(path.stem for path in (self._root / "tests/device").glob("test_*.py"))

    def slow_files(self, module: str) -> list[str]:
        """The files of tests that need pytest: the module's own, and others that name it.

        Its own are there once more for MicroPython, which takes what CPython does not.
        """
        names = re.compile(rf"slotcast\.{module}\b|slotcast import [\w, ]*\b{module}\b")
        own = [f"tests/device/test_{module}.py", f"tests/device/test_{module}_*.py"]
        others = ["tests/device/mptest_*.py", "tests/unit/test_*.py"]
        files = [path for place in own for path in self._root.glob(place)]
        found = [path for place in others for path in sorted(self._root.glob(place))]
        files += [path for path in found if names.search(path.read_text())]
        return [str(path) for path in files]

    def calls(self, files: Iterable[str]) -> list[Test]:
        """Run the tests of these device files, and see what each calls."""
        command = [*_PYTHON, str(Path(__file__).parent / "in_process.py"), str(self._root)]
        done = subprocess.run(
            [*command, "calls", *files], capture_output=True, text=True, cwd=self._root
        )
        if done.returncode:
            raise RuntimeError(done.stderr)
        found = json.loads(done.stdout.splitlines()[-1])
        return [
            Test(name, frozenset(t["calls"]), t["seconds"], t["fails"]) for name, t in found.items()
        ]

    @contextmanager
    def holding(self, module: str, source: str):
        """Have another source of the module for a while."""
        path = self.path_of(module)
        genuine = path.read_text()
        path.write_text(source)
        try:
            yield
        finally:
            path.write_text(genuine)

    def first_failing(self, tests: list[Test]) -> str:
        """Run tests in process until one fails; its name, or "" if none does."""
        if not tests:
            return ""
        command = [*_PYTHON, str(Path(__file__).parent / "in_process.py"), str(self._root), "kill"]
        limited = [f"{test.name}@{_AT_LEAST_S + round(_SLOWER * test.seconds)}" for test in tests]
        done = subprocess.run([*command, *limited], capture_output=True, text=True, cwd=self._root)
        if not done.returncode:
            return ""
        is_late = done.returncode == -signal.SIGALRM
        return done.stdout.rstrip().rpartition("\n")[2] + (" (timeout)" if is_late else "")

    def first_failing_slow(self, files: list[str]) -> str:
        """Run test files under pytest until a test fails; its name, or "" if none does."""
        if not files:
            return ""
        process = subprocess.Popen(
            [*_PYTHON, *_PYTEST, *files],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=self._root,
            start_new_session=True,
        )
        try:
            said = process.communicate(timeout=_PYTEST_TIMEOUT_S)[0]
        except subprocess.TimeoutExpired:
            # With all that it started: a mutant that never ends may be under MicroPython.
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            return f"{Path(files[0]).stem}:: (timeout)"
        failed = re.search(r"^(?:FAILED|ERROR) \S*?(\w+)\.py\S*::(\w+)", said, re.MULTILINE)
        if process.returncode and not failed:
            raise RuntimeError(said)
        return f"{failed[1]}::{failed[2]}" if failed else ""
