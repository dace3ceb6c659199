"""The mutation run ends mutants that would not end by themselves."""

import os
import time
from pathlib import Path

from mutants import tree
from mutants.tree import Tree

ENDLESS = """
import subprocess, sys
from pathlib import Path

def test_it_never_ends():
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    Path(__file__).with_name("child").write_text(str(child.pid))
    child.wait()
"""


def is_running(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().split()[2] != "Z"


def test_a_test_that_takes_too_long_is_stopped_with_what_it_started(tmp_path, monkeypatch):
    monkeypatch.setattr(tree, "_PYTEST_TIMEOUT_S", 6)
    source, copy = tmp_path / "source", tmp_path / "copy"
    for part in ("device", "manifests", "publisher", "tests"):
        (source / part).mkdir(parents=True)
    (source / "pyproject.toml").touch()
    (source / "tests" / "test_endless.py").write_text(ENDLESS)
    file = copy / "tests" / "test_endless.py"
    assert Tree(copy, source).first_failing_slow([str(file)]) == "test_endless:: (timeout)"
    child = int(file.with_name("child").read_text())
    for _ in range(50):
        if not is_running(child):
            return
        time.sleep(0.1)
    os.kill(child, 9)
    raise AssertionError("what the test started is still running")
