"""The tour that `make demo` gives."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_step_of_the_demo_goes_as_it_must():
    command = [sys.executable, ROOT / "demo" / "run.py", "--firmware", ROOT / ".cache/firmware"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert done.stdout.endswith("All steps went as they must.\n")
