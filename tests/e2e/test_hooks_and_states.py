"""What the application and the hour have to say in an update, and what they are told."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from small_fleet import JOIN, NEW, NEW_DIGEST, Fleet, fleet_in, lines, release

from device.slotcast.states import RESETS, SETTLE, TRIAL
from device.slotcast.states import transitions as allowed
from device.virtual.boot import Boot, Outcome

START = f"""
import json
from slotcast.hooks import Hooks
from slotcast.status import Status
from slotcast.updater import Updater
{JOIN}
"""
TIME = "slotcast time: "
# Hours of waiting pass in a moment.
SPEED = 20000.0
OTA = "/etc/slotcast/ota.json"
WAITS = "slotcast decide: wait: the application puts it off"
RUNS = "slotcast decide: current: runs 1.1.0 already"


@pytest.fixture(scope="module")
def shared(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Fleet]:
    """A fleet of one that all tests of this file share."""
    with fleet_in(tmp_path_factory.mktemp("manners")) as fleet:
        yield fleet


@pytest.fixture
def fleet(shared: Fleet) -> Fleet:
    """The board as it was before any test."""
    shared.reset()
    return shared


def program(fleet: Fleet, text: str) -> None:
    """Give the board this application."""
    fleet.board.copy_in({"/main.py": (START + text).encode()})


def told(fleet: Fleet, **fields: object) -> None:
    """Change what the board was told at the factory."""
    ota = json.loads(fleet.board.copy_out(OTA))
    fleet.board.copy_in({OTA: json.dumps({**ota, **fields}).encode()})


HOOKS = """
class Application(Hooks):
    def may_update(self, manifest):
        print("asked", manifest.version, manifest.mandatory)
        return %s
    def power_is_good(self):
        return %s
    def before_install(self, manifest):
        print("suspended for", manifest.version)
    def after_install(self, succeeded):
        print("resumed", succeeded)
updater = Updater.open(hooks=Application())
updater.confirm()
updater.run()
"""


def test_the_application_puts_a_release_off_and_nothing_of_it_is_fetched(fleet: Fleet) -> None:
    program(fleet, HOOKS % ("False", "True"))
    asked = len(fleet.rig.edge.requests)
    printed = lines(fleet.run(WAITS))
    assert "asked 1.1.0 False" in printed
    assert not any("payloads/" in one.path for one in fleet.rig.edge.requests[asked:])
    assert not any(line.startswith("suspended") for line in printed)


def test_the_hooks_around_an_install_come_before_and_after_it(fleet: Fleet) -> None:
    program(fleet, HOOKS % ("True", "True"))
    printed = lines(fleet.run(RUNS))
    order = ["suspended for 1.1.0", "resumed True", "slotcast arm: 1.1.0 boots next, from app1"]
    assert [line for line in printed if line in order] == order


def test_tasks_are_resumed_when_an_install_fails(fleet: Fleet) -> None:
    program(fleet, HOOKS % ("True", "True"))
    for payload in (fleet.product.folder / "published").rglob("*.slc"):
        payload.unlink()
    printed = lines(fleet.run(lambda line: line.startswith("slotcast failed: ")))
    assert printed[-1].startswith("slotcast failed: NotFoundError")
    assert printed.index("suspended for 1.1.0") < printed.index("resumed False")


def test_a_battery_that_is_low_is_not_overridden_by_a_mandatory_release(fleet: Fleet) -> None:
    release(fleet.product, "1.2.0", NEW, "--mandatory")
    told(fleet, mandatory_after_s=0)
    program(fleet, HOOKS % ("False", "False"))
    fleet.run("slotcast decide: wait: the power is not good enough")


def test_a_mandatory_release_goes_ahead_after_its_deadline(fleet: Fleet) -> None:
    fleet.board.world["speed"] = SPEED
    release(fleet.product, "1.2.0", NEW, "--mandatory")
    told(fleet, mandatory_after_s=7200, poll_every_s=3600)
    program(fleet, HOOKS % ("False", "True"))
    printed = lines(fleet.run("slotcast decide: current: runs 1.2.0 already"))
    assert 1 <= printed.count(WAITS) <= 4
    assert any(line.startswith("slotcast decide: mandatory, and put off for") for line in printed)


def test_a_hook_that_raises_is_no_and_no_harm(fleet: Fleet) -> None:
    program(fleet, HOOKS % ("1 // 0", "True"))
    printed = lines(fleet.run(WAITS))
    assert any("ZeroDivisionError" in line for line in printed)


def test_a_window_holds_an_install_up_until_its_hour_comes(fleet: Fleet) -> None:
    fleet.board.world["speed"] = SPEED
    opens = datetime.now(UTC) + timedelta(hours=1)
    window = f"{opens:%H:%M}-{opens + timedelta(minutes=40):%H:%M}"
    program(fleet, HOOKS % ("True", "True"))
    told(fleet, window=window, poll_every_s=86400)
    printed = lines(fleet.run(RUNS))
    assert f"slotcast decide: wait: outside the window {window} UTC" in printed
    polls = [datetime.fromisoformat(line[15:35]) for line in printed if line.startswith(TIME)]
    # Put off, in the window, and after the reset: the one that its period asks for is a day away.
    assert len(polls) == 3
    opens = opens.replace(second=0, microsecond=0)
    assert polls[0] < opens <= polls[1] < opens + timedelta(minutes=40)


WATCHED = """
import slotcast.application
class Watched(Status):
    def enter(self, state):
        if state != self.state:
            print("state", self.state, state)
        super().enter(state)
slotcast.application.Status = Watched
updater = Updater.open()
print("status", json.dumps(updater.status.as_dict()))
updater.confirm([("wifi", wlan.isconnected)])
updater.poll()
print("status", json.dumps(updater.status.as_dict()))
%s
"""


def transitions(boots: list[Boot]) -> list[tuple[str, str]]:
    """The transitions that were printed, over all boots."""
    found = [line.split()[1:] for line in lines(boots) if line.startswith("state ")]
    return [(before, after) for before, after in found]


def verify_known(taken: list[tuple[str, str]]) -> None:
    assert taken
    assert [pair for pair in taken if pair[1] not in allowed()[pair[0]]] == []


def test_an_update_goes_through_the_states_of_the_graph(fleet: Fleet) -> None:
    program(fleet, WATCHED % "print('end')")
    boots = fleet.run("end")
    verify_known(transitions(boots))
    path = ["settle", "guard", "time", "connect", "refresh", "decide", "install", "check", "arm"]
    assert [before for before, _ in transitions(boots[:1])] == path[:-1]
    ends = [line.split()[2] for line in boots[0].lines if line.startswith("state ")]
    assert boots[0].outcome == Outcome.RESET
    assert ends[-1] in RESETS
    assert transitions(boots[1:2])[:2] == [(SETTLE, TRIAL), (TRIAL, SETTLE)]


def test_a_poll_that_fails_goes_through_the_states_of_the_graph(fleet: Fleet) -> None:
    fleet.board.world["hosts"] = {}
    program(fleet, WATCHED % "print('end')")
    boots = fleet.run("end")
    verify_known(transitions(boots))
    assert transitions(boots)[-1] in (("connect", "idle"), ("refresh", "idle"))


def test_the_status_tells_version_decision_error_and_bytes(fleet: Fleet) -> None:
    program(fleet, WATCHED % "print('end')")
    boots = fleet.run("end")
    said = [json.loads(line[7:]) for line in lines(boots) if line.startswith("status ")]
    before, on_trial, after = said
    assert (before["version"], before["state"]) == ("1.0.0", "settle")
    assert (on_trial["version"], on_trial["state"]) == ("1.1.0", "trial")
    assert on_trial["digest"] == NEW_DIGEST
    assert (after["version"], after["state"]) == ("1.1.0", "idle")
    assert (after["action"], after["reason"]) == ("current", "runs 1.1.0 already")
    assert 500 < after["received_bytes"] < 20_000
    assert after["attempts"] == 1
    fleet.board.world["wifi"] = False
    failed = json.loads(lines(fleet.run("end"))[-2][7:])
    assert (failed["version"], failed["action"]) == ("1.1.0", "failed")
    assert "DownloadError" in failed["error"]


ASYNCIO = """
import asyncio
from slotcast import aio
beats = 0
longest = 0
async def heart():
    global beats, longest
    last = time.ticks_ms()
    while True:
        await asyncio.sleep_ms(0)
        beats += 1
        now = time.ticks_ms()
        longest = max(longest, time.ticks_diff(now, last))
        last = now
async def main():
    updater = Updater.open()
    print("kept", await aio.confirm(updater, [("wifi", wlan.isconnected)]))
    asyncio.create_task(heart())
    before = beats
    await asyncio.sleep_ms(0)
    decision = await aio.poll(updater)
    print("beats", beats - before, longest)
    print("decision", decision.action)
    await aio.run(updater)
asyncio.run(main())
"""


def test_beside_asyncio_an_update_arrives_and_other_tasks_go_on(fleet: Fleet) -> None:
    program(fleet, ASYNCIO)
    printed = lines(fleet.run("decision current"))
    assert "kept True" in printed
    beats, longest_ms = map(int, printed[-2].split()[1:])
    assert beats > 10
    assert longest_ms < 3000
    again = lines(fleet.run("decision current"))
    assert int(again[-2].split()[1]) > 10


def test_a_second_poll_during_a_poll_is_told_to_wait(fleet: Fleet) -> None:
    second = """
updater = Updater.open()
steps = updater.poll_steps()
next(steps)
print("second:", updater.poll().reason)
steps.close()
print("third:", updater.poll().action)
"""
    program(fleet, second)
    printed = lines(fleet.run(lambda line: line.startswith("third") or "arm: 1.1.0" in line))
    assert "second: a poll is under way" in printed
    assert printed[-1] == "slotcast arm: 1.1.0 boots next, from app1"
