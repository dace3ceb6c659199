"""Timers and hangs of the virtual board: what goes off when nobody is there to feed or confirm."""

import pytest

from device.virtual.board import Board
from device.virtual.boot import Boot, Outcome
from device.virtual.images import build_app

APP = build_app(size=4096)
TIMER = """
import machine, time
def tell(timer):
    print("timer", (time.ticks_diff(time.ticks_ms(), began) + 500) // 1000)
began = time.ticks_ms()
timer = machine.Timer(0)
timer.init(mode=machine.Timer.%s, period=60000, callback=tell)
"""


@pytest.fixture(scope="module")
def one_board(tmp_path_factory: pytest.TempPathFactory) -> Board:
    """A board whose waiting passes quickly."""
    board = Board.create(tmp_path_factory.mktemp("virtual") / "board")
    board.flash_serial(APP)
    board.world["speed"] = 100000
    return board


@pytest.fixture
def board(one_board: Board) -> Board:
    """The board, powered off and well."""
    one_board.power_cycle()
    one_board.world.sicken(APP[-32:].hex())
    return one_board


# A board that its watchdog has reset would do the same again, and again.
ONCE = """
import machine
if machine.reset_cause() == machine.WDT_RESET:
    machine.deepsleep()
"""


def run(board: Board, main: str, boot: str = "") -> Boot:
    """One boot, and what it printed itself."""
    board.copy_in({"/boot.py": (ONCE + boot).encode(), "/main.py": main.encode()})
    boots = board.run(timeout_s=20)
    assert boots[-1].outcome != Outcome.TIMEOUT
    return boots[0]


def test_a_timer_goes_off_once_while_the_board_sleeps(board: Board) -> None:
    boot = run(board, TIMER % "ONE_SHOT" + "time.sleep(300)\nprint('awake')")
    assert boot.lines[-2:] == ["timer 60", "awake"]


def test_a_periodic_timer_goes_off_until_it_is_stopped(board: Board) -> None:
    boot = run(board, TIMER % "PERIODIC" + "time.sleep(150)\ntimer.deinit()\ntime.sleep(300)")
    assert boot.lines[-2:] == ["timer 60", "timer 120"]


def test_a_timer_runs_on_at_the_repl_and_what_it_raises_is_printed(board: Board) -> None:
    boot = run(board, TIMER % "ONE_SHOT" + "del began\nraise ValueError")
    assert boot.lines[-1].startswith("NameError")
    assert boot.outcome == Outcome.REPL


def test_a_timer_can_reset_the_board_that_sits_at_the_repl(board: Board) -> None:
    reset = "import machine\nif machine.reset_cause() == 1:\n machine.Timer(0, period=90000, "
    assert run(board, reset + "callback=lambda timer: machine.reset())").outcome == Outcome.RESET


def test_the_sooner_of_timer_and_watchdog_goes_off_first(board: Board) -> None:
    boot = run(board, TIMER % "PERIODIC" + "machine.WDT(timeout=150000)\nraise ValueError")
    assert [line for line in boot.lines if line.startswith("timer")] == ["timer 60", "timer 120"]
    assert boot.outcome == Outcome.WDT


def test_no_timer_goes_off_in_a_hang_of_c(board: Board) -> None:
    board.world.sicken(APP[-32:].hex(), hang_in_c=True)
    watched = TIMER % "PERIODIC" + "machine.WDT(timeout=150000)"
    boot = run(board, "print('never')", watched)
    assert boot.outcome == Outcome.WDT
    assert not [line for line in boot.lines if line.startswith(("timer", "never"))]


def test_firmware_that_cannot_import_main_sits_at_the_repl(board: Board) -> None:
    board.world.sicken(APP[-32:].hex(), crash=True)
    boot = run(board, "print('never')", "print('boot.py')")
    assert boot.lines[-1] == "ImportError: no module named 'missing'"
    assert "boot.py" in boot.lines
    assert boot.outcome == Outcome.REPL
