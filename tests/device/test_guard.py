"""The clock over a trial, before any of the application runs."""

import json
import sys

import flash

from slotcast import boot
from slotcast.guard import guard

HEAP_KIB = 1024
DIGEST = "ab" * 32


class Module:
    """Stands for a module of the port."""


class Timer:
    """Keeps what it was set to."""

    PERIODIC = 1

    def __init__(self, number):
        self.number = number
        self.stopped = False

    def init(self, mode, period, callback):
        self.mode, self.period, self.callback = mode, period, callback

    def deinit(self):
        self.stopped = True


class Chip:
    """The modules esp32 and machine, of a board whose image has a state."""

    def __init__(self, state, record=None, cause=1):
        self.partition = flash.board()
        flash.set_entry(self.partition, 0, 1, state)
        self.resets = 0
        nvs = flash.Nvs()
        if record is not None:
            nvs.set_blob("record", json.dumps(record))
        esp32, machine = Module(), Module()
        esp32.Partition, esp32.NVS = self.partition, lambda namespace: nvs
        machine.Timer, machine.reset = Timer, self.reset
        machine.DEEPSLEEP_RESET, machine.reset_cause = 4, lambda: cause
        self.modules = {"esp32": esp32, "machine": machine}

    def reset(self):
        self.resets += 1

    def guard(self, *arguments):
        sys.modules.update(self.modules)
        try:
            return guard(*arguments)
        finally:
            for name in self.modules:
                del sys.modules[name]


def record(**fields):
    trial = {"digest": DIGEST, "version": "1.4.3", "release": 7, "security_version": 0}
    trial.update({"armed": 1, "condemned": False})
    trial.update(fields)
    return {"trial": trial}


def test_firmware_that_slept_before_it_was_confirmed_is_reset_at_once():
    for state, resets in ((boot.PENDING, 1), (boot.VALID, 0)):
        chip = Chip(state, cause=4)
        chip.guard()
        assert chip.resets == resets


def test_nothing_is_guarded_that_is_not_on_trial():
    for state in (boot.NEW, boot.VALID, boot.ABORTED, boot.UNDEFINED):
        assert Chip(state).guard() is None


def test_the_time_is_the_manifests_and_two_minutes():
    timer = Chip(boot.PENDING, record(confirm_within_s=60)).guard()
    assert (timer.number, timer.mode, timer.period) == (0, Timer.PERIODIC, 180000)


def test_the_time_is_seven_minutes_where_no_record_can_be_read():
    for known in (None, {}, [], {"trial": None}, record(confirm_within_s="9")):
        assert Chip(boot.PENDING, known).guard().period == 420000


def test_a_time_that_no_timer_could_take_is_cut_short():
    for seconds, period in ((10**9, 86520000), (0, 121000)):
        assert Chip(boot.PENDING, record(confirm_within_s=seconds)).guard().period == period


def test_when_the_time_is_up_an_image_that_is_not_confirmed_is_reset():
    chip = Chip(boot.PENDING)
    timer = chip.guard(1)
    timer.callback(timer)
    assert chip.resets == 1 and timer.number == 1


def test_when_the_time_is_up_a_confirmed_image_is_left_alone():
    chip = Chip(boot.PENDING)
    timer = chip.guard()
    flash.set_entry(chip.partition, 0, 1, boot.VALID)
    timer.callback(timer)
    assert not chip.resets and timer.stopped
