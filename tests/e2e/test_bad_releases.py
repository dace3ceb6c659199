"""Releases that do not work: each is kept or rolled back as it should, and nothing is stranded."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from broker import Broker
from small_fleet import (
    CURRENT,
    KEPT,
    NEW,
    NEW_DIGEST,
    OLD,
    REFUSED,
    Fleet,
    fleet_in,
    lines,
    release,
)

from device.virtual.boot import Boot, Outcome
from device.virtual.fakes import otadata
from device.virtual.images import build_app, build_flash_file
from device.virtual.table import (
    APP,
    DEFAULT_TABLE,
    FACTORY,
    TABLE_OFFSET,
    Partition,
    table_to_bytes,
)
from publisher.image import Image

NVS, OTADATA, APP0, APP1, VFS = DEFAULT_TABLE
ON_TRIAL = "slotcast trial: 1.1.0 is on trial, try %d of 3"
AGAIN = "slotcast trial: 1.1.0 did not stay after try %d of 3: it may be tried again"
GIVEN_UP = "slotcast trial: 1.1.0 was rolled back, it is not tried again"
NOT_IN_TIME = "slotcast health: %s did not pass in time: rolling back"
NO_TRIAL = (
    "slotcast failed: BoardError: "
    "this firmware arms without a trial: it was built without the bootloader's rollback"
)
NO_ROLLBACK = "slotcast failed: BoardError: the bootloader has no rollback: flash one that has"
WAITING = """
import os
while is_new and "wait" in os.listdir():
    time.sleep(1)
"""
MQTT = """
from umqtt.simple import MQTTClient
def mqtt():
    MQTTClient("node", "broker.test").connect()
    return True
checks.append(("mqtt", mqtt))
"""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """One published product, and one board."""
    with fleet_in(tmp_path_factory.mktemp("product"), confirm_within_s=30) as fleet:
        yield fleet


@pytest.fixture
def fleet(shared: Fleet) -> Fleet:
    """A board that runs 1.0.0, and a channel that offers 1.1.0."""
    shared.reset()
    return shared


def tries(boots: list[Boot]) -> list[Outcome]:
    """How each boot of 1.1.0 ended."""
    return [boot.outcome for boot in boots if boot.image_digest == NEW_DIGEST]


def verify_back(fleet: Fleet, boots: list[Boot]) -> None:
    """1.0.0 runs, as it stood."""
    assert boots[-1].slot == "app0"
    assert fleet.board.slot_bytes(0)[: len(OLD)] == OLD


def verify_kept(fleet: Fleet, boots: list[Boot]) -> None:
    """1.1.0 runs, and 1.0.0 stands beside it."""
    assert boots[-1].slot == "app1"
    assert fleet.board.slot_bytes(0)[: len(OLD)] == OLD
    assert fleet.board.slot_bytes(1)[: len(NEW)] == NEW


def states(fleet: Fleet) -> list[int]:
    return [entry.state for entry in fleet.board.otadata()]


def test_a_release_that_works_is_kept(fleet: Fleet) -> None:
    fleet.install()
    boots = fleet.run(CURRENT)
    assert lines(boots).count(KEPT) == 1
    verify_kept(fleet, boots)


# What resets, or hangs until something resets it, may have had bad luck: it has three tries.


def test_a_crash_at_import_is_ended_by_the_guard_three_times(fleet: Fleet) -> None:
    fleet.install()
    fleet.sicken(crash=True)
    boots = fleet.run(REFUSED)
    assert tries(boots) == [Outcome.RESET] * 3
    assert lines(boots).count("ImportError: no module named 'missing'") == 3
    verify_back(fleet, boots)


def test_a_crash_at_import_without_boot_py_stays_until_somebody_resets_the_board(
    fleet: Fleet,
) -> None:
    fleet.install(boot="")
    fleet.sicken(crash=True)
    fleet.board.power_cycle()
    assert fleet.board.run()[-1].outcome == Outcome.REPL
    verify_back(fleet, fleet.go_on(AGAIN % 1))


def test_a_release_with_a_broken_slotcast_is_rolled_back_by_boot_py(fleet: Fleet) -> None:
    fleet.install()
    lacks = """
import sys
from esp32 import Partition
if Partition(Partition.RUNNING).info()[4] == "app1":
    sys.modules["slotcast.boot"] = None
"""
    fleet.board.copy_in({"/boot.py": lacks.encode() + fleet.board.copy_out("/boot.py")})
    boots = fleet.run(AGAIN % 1)
    assert tries(boots) == [Outcome.RESET]
    assert any(line.startswith("boot: ") for line in boots[-2].lines)
    verify_back(fleet, boots)


def test_a_panic_before_any_python_ends_a_try(fleet: Fleet) -> None:
    fleet.install()
    fleet.sicken(panic=True)
    boots = fleet.run(AGAIN % 1)
    assert tries(boots) == [Outcome.PANIC]
    verify_back(fleet, boots)


def test_a_hang_is_ended_by_the_watchdog(fleet: Fleet) -> None:
    fleet.install("machine.WDT(timeout=120000)\nwhile is_new:\n    time.sleep(3600)", boot="")
    boots = fleet.run(AGAIN % 1)
    assert tries(boots) == [Outcome.WDT]
    verify_back(fleet, boots)


def test_a_hang_in_python_without_a_watchdog_is_ended_by_the_guard(fleet: Fleet) -> None:
    fleet.install()
    fleet.sicken(hang_in_python=True)
    boots = fleet.run(AGAIN % 1)
    assert tries(boots) == [Outcome.RESET]
    assert boots[-2].lines[-1].startswith("slotcast trial: nobody has confirmed")
    verify_back(fleet, boots)


def test_a_hang_in_c_is_ended_by_a_watchdog_alone(fleet: Fleet) -> None:
    fleet.install()
    fleet.sicken(hang_in_c=True)
    watched = b"import machine\nmachine.WDT(timeout=500000)\n"  # longer than the guard would take
    fleet.board.copy_in({"/boot.py": watched + fleet.board.copy_out("/boot.py")})
    boots = fleet.run(AGAIN % 1)
    assert tries(boots) == [Outcome.WDT]
    verify_back(fleet, boots)


def test_an_application_that_never_confirms_is_ended_by_the_guard(fleet: Fleet) -> None:
    fleet.install("while is_new:\n    time.sleep(60)")
    boots = fleet.run(AGAIN % 1)
    assert tries(boots) == [Outcome.RESET]
    verify_back(fleet, boots)


def test_an_application_that_polls_and_never_confirms_is_given_up(fleet: Fleet) -> None:
    fleet.install("while is_new:\n    updater.poll()\n    time.sleep(60)")
    boots = fleet.run(GIVEN_UP)
    assert NOT_IN_TIME % "the application" in boots[-2].lines
    verify_back(fleet, boots)


def test_a_reset_by_the_user_costs_a_try_and_no_more(fleet: Fleet) -> None:
    fleet.install(WAITING, boot="")
    fleet.board.copy_in({"/wait": b""})
    fleet.run(ON_TRIAL % 1)
    fleet.board.remove("/wait")
    boots = fleet.go_on(KEPT)
    assert AGAIN % 1 in lines(boots)
    assert ON_TRIAL % 2 in lines(boots)
    assert "slotcast install: 0 blocks to fetch into app1" in lines(boots)
    verify_kept(fleet, boots)


def test_power_that_fails_in_each_trial_ends_a_release_with_the_third(fleet: Fleet) -> None:
    fleet.install(WAITING, boot="")
    fleet.board.copy_in({"/wait": b""})
    for number in (1, 2, 3):
        fleet.run(ON_TRIAL % number)
    verify_back(fleet, fleet.run(REFUSED))


# What fails its health checks is given up at once.


@pytest.mark.parametrize(
    ("check", "says"),
    [
        ("lambda: not is_new", NOT_IN_TIME % "sensor"),
        ("lambda: 1 // (not is_new)", "slotcast health: sensor raised ZeroDivisionError"),
    ],
)
def test_a_health_check_that_fails_ends_a_release(fleet: Fleet, check: str, says: str) -> None:
    fleet.install(f"checks.append(('sensor', {check}))")
    boots = fleet.run(GIVEN_UP)
    assert tries(boots) == [Outcome.RESET]
    assert any(line.startswith(says) for line in boots[-2].lines)
    verify_back(fleet, boots)


def test_without_wifi_a_release_goes(fleet: Fleet) -> None:
    fleet.install()
    fleet.sicken(wifi=False)
    boots = fleet.run(GIVEN_UP)
    assert tries(boots) == [Outcome.RESET]
    verify_back(fleet, boots)


def test_without_mqtt_a_release_goes_and_with_it_it_stays(fleet: Fleet) -> None:
    fleet.install(MQTT)
    umqtt = Path(__file__).with_name("umqtt_simple.py").read_bytes()
    fleet.board.copy_in({"/lib/umqtt/simple.py": umqtt})
    hosts = fleet.board.world["hosts"]
    with Broker() as gone:
        fleet.board.world["hosts"] = {**hosts, "broker.test": ["127.0.0.1", gone.port]}
    boots = fleet.run(GIVEN_UP)
    assert NOT_IN_TIME % "mqtt" in boots[-2].lines
    verify_back(fleet, boots)
    release(fleet.product, "1.2.0", build_app(seed=3))
    with Broker() as there:
        fleet.board.world["hosts"] = {**hosts, "broker.test": ["127.0.0.1", there.port]}
        fleet.run("slotcast confirm: 1.2.0 is kept")


# What failed is remembered.


def test_an_image_that_failed_is_not_taken_under_another_version_unless_it_may_be(
    fleet: Fleet,
) -> None:
    fleet.install()
    fleet.sicken(wifi=False)
    fleet.run(REFUSED)
    assert fleet.board.slot_bytes(1)[: len(NEW)] == NEW  # it stands there, ready to be armed
    release(fleet.product, "1.2.0", NEW)
    fleet.run("slotcast decide: refuse: 1.2.0 was rolled back here")
    release(fleet.product, "1.3.0", NEW, "--retry-failed")
    fleet.sicken()
    verify_kept(fleet, fleet.run("slotcast confirm: 1.3.0 is kept"))


def test_a_board_that_has_lost_its_record_tries_a_sick_image_once_more(fleet: Fleet) -> None:
    fleet.install()
    fleet.sicken(wifi=False)
    fleet.run(REFUSED)
    assert otadata.ABORTED in states(fleet)
    fleet.rewrite(NVS.offset, b"\xff" * NVS.size)
    boots = fleet.run(REFUSED)
    assert len(tries(boots)) == 1
    assert ON_TRIAL % 2 in lines(boots)  # what otadata says of it is the first


# What a board refuses though its publisher has signed it.


def careless(data: bytes, name: str) -> Image:
    """Take any file for an image."""
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    sha256 = hashlib.sha256(data).hexdigest()
    return Image(data, "esp32", "", "", 0, 0, sha256, md5, data[-32:].hex(), "app")


def test_images_that_a_board_must_not_boot_are_refused(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("publisher.release.read_image", careless)
    monkeypatch.setattr("publisher.release.verify_fits", lambda *arguments: None)
    monkeypatch.setattr("publisher.fleet.Fleet.prove", lambda *arguments: ())
    fleet.install()
    undigested = NEW[:23] + b"\0" + NEW[24:]
    failed = "slotcast failed: ImageError: image "
    for version, image, says in (
        ("1.2.0", build_app("esp32c3"), failed + "is for another chip than esp32"),
        (
            "1.3.0",
            build_flash_file("esp32", DEFAULT_TABLE, NEW),
            failed + "is no application: a bootloader or a full flash file?",
        ),
        ("1.4.0", undigested, failed + "carries no SHA-256 of its own"),
        (
            "1.5.0",
            NEW + bytes(APP1.size),
            f"slotcast decide: refuse: image of {len(NEW) + APP1.size} bytes, slot of {APP1.size}",
        ),
    ):
        release(fleet.product, version, image)
        before = fleet.board.otadata()[1].to_bytes()
        verify_back(fleet, fleet.run(says))
        assert fleet.board.otadata()[1].to_bytes() == before


# Boards on which no update could be undone.


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ((NVS, Partition("factory", APP, FACTORY, APP0.offset, APP0.size), VFS), "no OTA slots"),
        ((NVS, OTADATA, APP0, VFS), "one OTA slot only"),
        ((NVS, APP0, APP1, VFS), "no otadata"),
    ],
)
def test_a_partition_table_that_is_not_made_for_updates_is_told_before_a_request(
    fleet: Fleet, table: tuple[Partition, ...], says: str
) -> None:
    fleet.install()
    fleet.rewrite(TABLE_OFFSET, table_to_bytes(table))
    asked = len(fleet.rig.edge.requests)
    boots = fleet.run(lambda line: line.startswith("slotcast failed: "))
    assert f"BoardError: the partition table has {says}" in boots[-1].lines[-1]
    assert len(fleet.rig.edge.requests) == asked


def test_firmware_without_rollback_is_found_out_when_it_arms_and_nothing_is_lost(
    fleet: Fleet,
) -> None:
    fleet.install()
    fleet.board.world["app_rollback"] = False
    before = states(fleet)[0]
    (boot,) = fleet.run(NO_TRIAL)
    assert (states(fleet)[0], fleet.board.otadata()[1].seq) == (before, 0xFFFFFFFF)
    asked = len(fleet.rig.edge.requests)
    (boot,) = fleet.run(NO_TRIAL)
    assert boot.slot == "app0"
    assert len(fleet.rig.edge.requests) == asked


def test_firmware_without_rollback_that_lost_power_while_it_armed_is_tried_all_the_same(
    fleet: Fleet,
) -> None:
    fleet.install("checks.append(('sensor', lambda: not is_new))")
    fleet.board.world["app_rollback"] = False
    late = "from slotcast.board import Board\nBoard.disarm = lambda board: machine.reset()\n"
    program = fleet.board.copy_out("/main.py").replace(
        b"\nwlan =", b"\n" + late.encode() + b"wlan =", 1
    )
    fleet.board.copy_in({"/main.py": program})
    boots = fleet.run(REFUSED)
    assert NOT_IN_TIME % "sensor" in boots[-2].lines
    verify_back(fleet, boots)


def test_a_bootloader_without_rollback_is_found_out_by_the_first_release(fleet: Fleet) -> None:
    fleet.install()
    fleet.board.world["bootloader_rollback"] = False
    boots = fleet.run(NO_ROLLBACK)
    assert KEPT in boots[-1].lines
    verify_kept(fleet, boots)
    release(fleet.product, "1.2.0", OLD)
    asked = len(fleet.rig.edge.requests)
    verify_kept(fleet, fleet.run(NO_ROLLBACK))
    assert len(fleet.rig.edge.requests) == asked


def test_without_a_rollback_in_the_bootloader_a_sick_release_goes_back_by_itself(
    fleet: Fleet,
) -> None:
    fleet.install()
    fleet.board.world["bootloader_rollback"] = False
    fleet.sicken(wifi=False)
    boots = fleet.run(NO_ROLLBACK)
    assert GIVEN_UP in boots[-1].lines
    verify_back(fleet, boots)


# An image that rots after it was kept.


def test_a_board_whose_image_has_rotted_finds_its_way_back_to_it(fleet: Fleet) -> None:
    fleet.install()
    fleet.run(CURRENT)
    fleet.rewrite(APP1.offset + 0x1234, b"rotten")
    boots = fleet.run(CURRENT)
    assert [boot.slot for boot in boots] == ["app0", "app0", "app0", "app1"]
    assert "slotcast confirm: the running image is kept" in boots[2].lines
    assert "slotcast install: 1 blocks to fetch into app1" in boots[2].lines
    verify_kept(fleet, boots)
