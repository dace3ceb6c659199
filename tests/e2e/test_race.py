"""A short race of publishers on a real S3 server; `make race` runs long ones."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
RACE = ("--publishers", "3", "--readers", "2", "--seconds", "8", "--kill-every", "0.7")
NONE = (
    *("metadata without its files", "gaps in timestamps", "forks", "acknowledged, but lost"),
    *("acknowledged, but not seen", "other violations"),
)


def test_publishers_that_race_and_are_killed_lose_nothing_and_show_no_reader_half_a_release():
    command = (sys.executable, "-m", "tests.race.run", *RACE)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    figures = dict(re.findall(r"(?m)^ *(\S.*?)  +(\d+)$", done.stdout))
    assert {title: figures[title] for title in NONE} == dict.fromkeys(NONE, "0")
    assert int(figures["acknowledged"]) > 0, done.stdout
    assert int(figures["publishers killed"]) > 3, done.stdout
    assert int(figures["passes of readers"]) > 10, done.stdout
