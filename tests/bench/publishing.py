"""What `slotcast release` takes, where the time goes, and what a plain copy takes."""

import json
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from delta_pairs import VERSIONS
from tables import render
from workshop import Cost, Workshop, image, release_arguments, timed

PASSPHRASE = "bench"
SHOWN_PACKAGES = 10
STEPS = Path(__file__).with_name("release_in_steps.py")
NOTES = """\
Whole processes, the best of three releases each. cp copies the files that a release wrote; it
neither syncs them nor reads them back."""
STEP_NOTES = """\
The faster of two releases; the clock itself adds a little. Keys have a passphrase: that of targets,
of snapshot and of timestamp are each unlocked through scrypt."""
IMPORT_NOTES = """\
As python -X importtime has it, which slows imports down. What a package brings is what it is the
first to import, itself included."""
_IMPORT = re.compile(r"import time: +(\d+) \| +\d+ \| ( *)(\w+)")


def table() -> str:
    """The figures of a run, for people."""
    with tempfile.TemporaryDirectory() as name:
        opened, locked, parted = (Path(name) / part for part in ("open", "locked", "parted"))
        tables = [
            costs(Workshop(locked, PASSPHRASE), Workshop(opened)),
            *anatomy(Workshop(parted, PASSPHRASE)),
        ]
    return "\n\n".join(tables)


def anatomy(workshop: Workshop) -> tuple[str, str]:
    """Releases, taken apart."""
    first, *others = VERSIONS
    loaded = imports(workshop, first)
    return steps([timed_steps(workshop, version) for version in others]), loaded


def costs(behind_passphrase: Workshop, with_open_keys: Workshop) -> str:
    """Whole processes."""
    locked, _ = releases(behind_passphrase)
    opened, copied = releases(with_open_keys)
    size = len(image(VERSIONS[-1]).data)
    rows = [
        row("slotcast release, keys behind a passphrase", locked, copied),
        row("slotcast release, open keys", opened, copied),
        row("cp of the same files", copied, copied),
    ]
    header = f"What does it take to publish {size:,} bytes?", "wall", "CPU", "wall, cp = 1"
    return render(header, rows, NOTES)


def row(title: str, cost: Cost, peer: Cost) -> tuple[str, ...]:
    ratio = f"{cost.wall_s / peer.wall_s:.0f}"
    return title, f"{cost.wall_s * 1000:.0f} ms", f"{cost.cpu_s * 1000:.0f} ms", ratio


def releases(workshop: Workshop) -> tuple[Cost, Cost]:
    """Publish all versions, and copy what each has written: the best of both."""
    published, copied = [], []
    for version in VERSIONS:
        answer, cost = workshop.release(version)
        published.append(cost)
        copied.append(copy(workshop, answer["written"]))
    return best(published), best(copied)


def copy(workshop: Workshop, keys: Sequence[str]) -> Cost:
    """Copy published files, one process for all."""
    files = [workshop.published / key for key in keys]
    with tempfile.TemporaryDirectory(dir=workshop.published.parent) as target:
        return timed(lambda: workshop.run("cp", *files, target))[1]


def best(costs: Sequence[Cost]) -> Cost:
    """The shortest times, each by itself."""
    return Cost(min(cost.wall_s for cost in costs), min(cost.cpu_s for cost in costs))


def timed_steps(workshop: Workshop, version: str) -> dict[str, float]:
    """Publish a version: seconds by what the process does."""
    with tempfile.NamedTemporaryFile() as report:
        began = time.monotonic()
        command = (sys.executable, STEPS, str(began), report.name, *release_arguments(version))
        workshop.run(*command)
        wall_s = time.monotonic() - began
        spent: dict[str, float] = json.loads(Path(report.name).read_text())
    return {**spent, "Python ends": wall_s - sum(spent.values())}


def steps(runs: Sequence[dict[str, float]]) -> str:
    """What the fastest run did."""
    spent = min(runs, key=lambda run: sum(run.values()))
    wall_s = sum(spent.values())
    rows = [
        (step, f"{seconds * 1000:.0f} ms", f"{seconds / wall_s:.0%}")
        for step, seconds in sorted(spent.items(), key=lambda item: -item[1])
    ]
    total = ("all", f"{wall_s * 1000:.0f} ms", "")
    return render(("Where does a release's time go?", "wall", "share"), [*rows, total], STEP_NOTES)


def imports(workshop: Workshop, version: str) -> str:
    """What loading modules takes, by package."""
    command = (sys.executable, "-X", "importtime", "-m", "publisher", *release_arguments(version))
    found = _IMPORT.findall(workshop.run(*command).stderr)
    own, brought = by_package(found)
    rows = [
        (package, f"{spent / 1000:.0f} ms", f"{own[package] / 1000:.0f} ms")
        for package, spent in brought.most_common(SHOWN_PACKAGES)
    ]
    total = (f"all {len(found)} modules", "", f"{own.total() / 1000:.0f} ms")
    header = ("Which packages are loaded for it?", "with what it brings", "itself")
    return render(header, [*rows, total], IMPORT_NOTES)


def by_package(found: Sequence[tuple[str, str, str]]) -> tuple[Counter[str], Counter[str]]:
    """Microseconds of each package: of its own modules, and of all that they were first to import.

    Args:
        found: own microseconds, indent and package of modules; what they import precedes them.
    """
    own: Counter[str] = Counter()
    brought: Counter[str] = Counter()
    importers: list[str] = []
    for spent, indent, package in reversed(found):
        importers[len(indent) // 2 :] = [package]
        own[package] += int(spent)
        for importer in set(importers):
            brought[importer] += int(spent)
    return own, brought


if __name__ == "__main__":
    print(table())
