"""The power is cut during a real update, and boards live on; `make powercut` cuts it everywhere."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.powercut.ambiguous import (
    HEALTHY,
    KEPT,
    LOST,
    PANICS,
    UNHEALTHY,
    Case,
    endings,
)
from tests.powercut.bench import Workshop, open_workshop
from tests.powercut.classes import PointClass
from tests.powercut.points import PROGRAMMED, Point, flash_before
from tests.powercut.recording import NEW, OLD, Recording, record
from tests.powercut.report import report
from tests.powercut.run import SAMPLE
from tests.powercut.sweep import CLASS, Job, Sweep, Sweeper

# What the files, the record, the slot and otadata go through; see classes.py.
PLACES = {"files", "record", "download, slot write", "otadata"}
BOARDS = 2
# The most that a cut may cost: the block that was being written, the head of the payload and the
# metadata once more.
EXTRA_BYTES = 24_000


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory, firmware: Path) -> Recording:
    return record(tmp_path_factory.mktemp("powercut") / "recording", firmware, {})


@pytest.fixture(scope="module")
def workshop(recording: Recording) -> Iterator[Workshop]:
    with open_workshop(recording, BOARDS) as workshop:
        yield workshop


def place(group: PointClass) -> str:
    return group.phase.partition(" (")[0]


def broken(folder: Path, firmware: Path, module: str, good: str, bad: str) -> Recording:
    """The same update by a Slotcast that makes a mistake."""
    return record(folder / "recording", firmware, {module: (good, bad)})


def problems(recording: Recording, found: Sweep, group: PointClass, point: Point) -> str:
    """What is wrong after one point."""
    with open_workshop(recording, 1) as workshop:
        sweeper = Sweeper(recording, workshop)
        (outcome,) = sweeper.run(found, [Job(CLASS, point, group)])
    return "; ".join(outcome.verdict.problems)


def test_the_journal_has_all_that_changed_flash(recording: Recording) -> None:
    operations = recording.operations
    assert flash_before(recording.base, operations, len(operations)) == recording.end
    assert flash_before(recording.base, operations, 0) == recording.base


def test_boards_whose_power_is_cut_anywhere_boot_and_get_there_and_keep_their_trust(
    recording: Recording, workshop: Workshop
) -> None:
    found = Sweeper(recording, workshop, seed=1).sweep(SAMPLE)
    assert found.is_good, report(recording, found)
    assert found.points > 1_700_000
    assert found.starts.points == found.points
    assert {place(outcome.job.group) for outcome in found.outcomes} >= PLACES
    assert max(outcome.extra_bytes for outcome in found.outcomes) < EXTRA_BYTES


def test_what_a_cut_leaves_in_doubt_never_stops_a_board_and_never_tries_for_ever(
    recording: Recording, workshop: Workshop
) -> None:
    wanted = {
        Case(HEALTHY, "new", KEPT): (NEW, 1),
        Case(HEALTHY, "pending", KEPT): (NEW, 1),
        Case(HEALTHY, "half an entry", KEPT): (NEW, 1),
        Case(HEALTHY, "nothing", LOST): (NEW, 1),
        # Nobody knows whether it failed or the power did: that was one try of three.
        Case(HEALTHY, "aborted", LOST): (NEW, 1),
        Case(PANICS, "pending", KEPT): (OLD, 2),
        Case(PANICS, "nothing", LOST): (OLD, 2),  # a file knows of the first
        Case(PANICS, "aborted", LOST): (OLD, 2),
        Case(UNHEALTHY, "new", KEPT): (OLD, 1),
        Case(UNHEALTHY, "nothing", LOST): (OLD, 1),
    }
    found = endings(recording, workshop, list(wanted))
    assert {ending.case: (ending.version, ending.tries) for ending in found} == wanted


def test_a_sweep_finds_a_client_that_removes_a_file_before_it_is_replaced(
    tmp_path: Path, firmware: Path
) -> None:
    rename = "os.rename(new, self._path(name))"
    bad = broken(tmp_path, firmware, "files", rename, f"self.remove(name); {rename}")
    with open_workshop(bad, 1) as workshop:
        found = Sweeper(bad, workshop).look(step=64)
    assert any("root.json went from version 1 to 0" in problem for problem in found.lost)
    root = "/etc/slotcast/metadata/root.json"
    rootless = next(number for number, tree in enumerate(found.trees.trees) if root not in tree)
    group = next(group for group in found.classes if group.tree == rootless)
    assert "no root metadata to trust" in problems(bad, found, group, group.point(0))


def test_a_sweep_finds_a_client_that_takes_torn_sectors_for_whole_ones(
    tmp_path: Path, firmware: Path
) -> None:
    every, first = "range(0, SECTOR_BYTES, _PIECE_BYTES)", "range(0, 3584, _PIECE_BYTES)"
    bad = broken(tmp_path, firmware, "slot", every, first)
    with open_workshop(bad, 1) as workshop:
        found = Sweeper(bad, workshop).look(step=64)
    slot = [group for group in found.classes if place(group) == "download, slot write"]
    group = slot[len(slot) // 2]
    torn = next(span for span in group.spans if span.kind == PROGRAMMED and len(span) > 3800)
    assert "ImageError" in problems(bad, found, group, torn.point(3800))
