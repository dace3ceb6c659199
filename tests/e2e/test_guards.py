"""What the updater does not do, and where it turns when a way is closed."""

import json

from product import Product
from small_fleet import JOIN

from publisher.simulate import Rig

OPEN = """
import time
from slotcast.updater import Updater
updater = Updater.open()
"""


def run(rig: Rig, program: str, last: str) -> list[str]:
    """Let the board run a program in place of main.py; its lines until one begins with `last`."""
    rig.board.copy_in({"/main.py": (JOIN + OPEN + program).encode()})
    rig.board.power_cycle()
    boots = rig.board.run(lambda line: line.startswith(last), 60)
    return [line for boot in boots for line in boot.lines]


def test_nothing_is_asked_or_written_while_the_running_image_is_on_trial(product: Product) -> None:
    product.release("3.2.5")
    with product.rig() as rig:
        reason = "the running image is not confirmed"
        lines = run(rig, "print(updater.poll().reason)", reason)
        on_trial = lines[lines.index("slotcast trial: 3.2.5 is on trial, try 1 of 3") :]
        assert on_trial[-2:] == [f"slotcast guard: {reason}", reason]
        assert not any("connect" in line for line in on_trial)
        factory = product.image("3.1.1")
        assert rig.board.slot_bytes(0)[: factory.size] == factory.data


def test_a_log_that_fails_while_arming_does_no_harm(product: Product) -> None:
    product.release("3.2.5")
    with product.rig() as rig:
        loud = """
def log(step, message):
    print("slotcast", step, message)
    raise OSError(5)
updater = Updater.open(log=log)
updater.confirm([])
print(updater.poll().reason)
"""
        lines = run(rig, loud, "runs 3.2.5 already")
        assert "slotcast: a callback raised OSError(5,)" in lines
        assert rig.board.slot_bytes(0)[:1024] == product.image("3.1.1").data[:1024]


def test_a_board_that_is_armed_and_was_not_reset_does_not_arm_again(product: Product) -> None:
    product.release("3.2.5")
    with product.rig() as rig:
        rig.poll()  # 3.2.5 is kept, in the second slot
        product.release("3.3.0")
        stuck = """
import machine
really_reset, machine.reset = machine.reset, lambda: None
if machine.reset_cause() == machine.PWRON_RESET:
    updater.poll()
    print(updater.poll().reason)
    really_reset()
print("kept", updater.confirm([]))
"""
        lines = run(rig, stuck, "kept ")
        assert "another slot boots next" in lines, lines
        assert lines.count("slotcast arm: 3.3.0 boots next, from app0") == 1
        assert lines[-1] == "kept True"


def test_a_power_cut_before_arming_costs_nothing_after_an_earlier_rollback(
    product: Product,
) -> None:
    sick = product.release("3.2.5")
    with product.rig() as rig:
        rig.board.world.sicken(sick.image_digest, wifi=False)
        assert rig.poll().outcome == "refuse: 3.2.5 was rolled back here"
        product.release("3.3.0")
        rig.board.power_cycle()
        rig.board.run(lambda line: line.endswith(" sectors written"), 60)
        poll = rig.poll()
        assert poll.outcome == "current: runs 3.3.0 already"
        assert "slotcast install: 0 blocks to fetch into app1" in poll.lines


def test_an_application_that_never_confirms_is_rolled_back(product: Product) -> None:
    product.release("3.2.5")
    with product.rig() as rig:
        program = "while True:\n    print(updater.poll().reason)\n    time.sleep(60)"
        lines = run(rig, program, "3.2.5 was rolled back here")
        assert "slotcast health: the application did not pass in time: rolling back" in lines


def test_the_second_base_url_serves_when_the_first_is_gone(product: Product) -> None:
    product.release("3.2.5")
    with product.rig() as rig:
        ota = json.loads(rig.board.copy_out("/etc/slotcast/ota.json"))
        ota["base_urls"] = ["https://gone.test/sensor/", *ota["base_urls"]]
        rig.board.copy_in({"/etc/slotcast/ota.json": json.dumps(ota).encode()})
        poll = rig.poll()
        assert poll.outcome == "current: runs 3.2.5 already"
        assert any("connect: https://gone.test/sensor/: " in line for line in poll.lines)


def test_an_application_survives_a_board_that_is_not_provisioned_well(product: Product) -> None:
    product.release("3.2.5")
    with product.rig() as rig:
        rig.board.remove("/etc/slotcast/metadata/root.json")
        lines = run(rig, "print('reason', updater.poll().reason)\nprint('goes on')", "goes on")
        assert any("no root metadata to trust" in line for line in lines)
        assert lines[-1] == "goes on"


def test_an_application_survives_a_lack_of_memory(product: Product) -> None:
    product.release("3.2.5")
    with product.rig() as rig:
        hoard = "import gc\nhoard = [bytearray(1000) for _ in range(gc.mem_free() // 1100)]\n"
        tell = "decision = updater.poll()\nhoard = None\nprint('reason', decision.reason)"
        lines = run(rig, hoard + tell, "reason ")
        assert "MemoryError" in lines[-1] or "memory" in lines[-1]
