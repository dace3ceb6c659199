"""Boards whose memory fails them: a record that is lost, a file system that is full, a sleep."""

from collections.abc import Iterator

import pytest
from small_fleet import APPLICATION, CURRENT, KEPT, OLD, Fleet, fleet_in, lines, release

from device.virtual.images import build_app

LOSES_ITS_RECORD = """
if not is_new:
    from esp32 import NVS
    NVS("slotcast").set_blob("record", b"")
updater = Updater.open()
"""
IS_FULL = """
import os
def fill(size):
    for number in range(1000):
        with open("/fill%d-%d" % (size, number), "wb") as file:
            file.write(bytes(size))
if not is_new:
    for size in (4096, 512, 64):
        try:
            fill(size)
        except OSError:
            pass
"""
SLEEPS = """
if is_new:
    print("sleeps")
    machine.deepsleep(600000)
"""
PUTS_OFF_ONCE = """
from slotcast.hooks import Hooks
class Once(Hooks):
    asked = 0
    def may_update(self, manifest):
        Once.asked += 1
        return Once.asked > 1
updater = Updater.open(hooks=Once())
"""

LOST = """
if machine.reset_cause() == machine.PWRON_RESET:
    from esp32 import NVS
    NVS("slotcast").set_blob("record", b"")
    updater = Updater.open(hooks=Once())
"""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """A board that all tests of this file share."""
    with fleet_in(tmp_path_factory.mktemp("luck")) as fleet:
        yield fleet


@pytest.fixture
def fleet(shared: Fleet) -> Fleet:
    """The board as it was before any test."""
    shared.reset()
    return shared


def test_a_bad_release_is_not_tried_for_ever_by_a_board_that_loses_its_record_at_every_boot(
    fleet: Fleet,
) -> None:
    fleet.install(LOSES_ITS_RECORD)
    fleet.sicken(crash=True)
    printed = lines(fleet.run("slotcast failed: ImageError: 1.1.0 was tried 3 times"))
    assert sum(line.startswith("slotcast arm: 1.1.0") for line in printed) == 3
    assert fleet.board.slot_bytes(0)[: len(OLD)] == OLD


def test_a_full_file_system_does_not_keep_its_cure_away(fleet: Fleet) -> None:
    fleet.install(IS_FULL)
    printed = lines(fleet.run(KEPT))
    assert any("timestamp.json is not kept: " in line for line in printed)


def test_firmware_that_sleeps_before_it_is_confirmed_is_rolled_back(fleet: Fleet) -> None:
    fleet.install(SLEEPS)
    printed = lines(fleet.run("slotcast decide: refuse: 1.1.0 was rolled back here"))
    assert printed.count("sleeps") == 3
    slept = "slotcast trial: the new firmware slept before it was confirmed: resetting"
    assert printed.count(slept) == 3


def test_a_board_that_loses_its_record_knows_for_good_what_runs_from_its_manifest(
    fleet: Fleet,
) -> None:
    fleet.install()
    fleet.run(CURRENT)
    release(fleet.product, "1.2.0", build_app(seed=3), "--min-version", "1.0.0")
    fleet.board.copy_in({"/main.py": (APPLICATION % (PUTS_OFF_ONCE + LOST)).encode()})
    printed = lines(fleet.run("slotcast decide: current: runs 1.2.0 already"))
    assert "slotcast decide: wait: the application puts it off" in printed
    assert "slotcast decide: install: 1.1.0 -> 1.2.0" in printed
