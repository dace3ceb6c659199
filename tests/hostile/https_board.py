"""Runs the device's HTTPS session under MicroPython and returns what came of it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from publisher.certificates import Authority

HERE = Path(__file__).parent
DEVICE = HERE.parents[1] / "device"
HEAP_KIB = 96
# More than any timeout of these tests, on a busy machine.
SOON_MS = 2000


@dataclass(frozen=True)
class Outcome:
    """What each step returned, and the session's counters."""

    steps: list[dict]
    log: list[list[str]]
    requests: int
    connections: int
    received: int

    @property
    def last(self) -> dict:
        return self.steps[-1]


def run_session(
    url: str,
    authority: Authority,
    *steps: Sequence[object],
    pins: Sequence[str] = (),
    timeout_ms: int = 5000,
    heap_kib: int = HEAP_KIB,
) -> Outcome:
    """Run steps (see https_client.py) in one Session and one MicroPython of its own."""
    case = {"url": url, "anchors": [authority.certificate_der.hex()], "pins": list(pins)}
    case |= {"timeout_ms": timeout_ms, "steps": steps}
    micropython = shutil.which("micropython", path=str(Path(sys.executable).parent))
    assert micropython, "MicroPython's unix port is not installed beside this Python"
    command = [micropython, "-X", f"heapsize={heap_kib}K", str(HERE / "https_client.py")]
    done = subprocess.run(
        [*command, str(DEVICE)], input=json.dumps(case), capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return Outcome(**json.loads(done.stdout))


def assert_refused(outcome: Outcome, message: str) -> None:
    """Assert that the last step failed soon, as a DownloadError that says `message`."""
    assert outcome.last.get("error") == "DownloadError", outcome.last
    assert message in outcome.last["message"]
    assert outcome.last["ms"] < SOON_MS
