"""What is made when it is asked for, and modules that are let go of."""

import sys

from check import raises

import slotcast
from slotcast.modules import load, reserve, unload, wipe
from slotcast.recall import OnDemand, Recall


class Counter:
    def __init__(self):
        self.made = []

    def make(self):
        self.made.append([])
        return self.made[-1]


class Board:
    def ticks(self):
        return 7

    def seconds_since(self, ticks):
        return 400 - ticks

    def state(self):
        return None


class Application:
    log = feed = None


def test_an_object_on_demand_is_made_once_when_it_is_first_asked_for():
    counter = Counter()
    stands_in = OnDemand(counter.make)
    assert counter.made == []
    stands_in.append(1)
    stands_in.append(2)
    assert counter.made == [[1, 2]]


def test_after_it_was_let_go_of_it_is_made_anew():
    counter = Counter()
    stands_in = OnDemand(counter.make)
    stands_in.append(1)
    stands_in.let_go()
    stands_in.append(2)
    assert counter.made == [[1], [2]]


def test_what_the_object_has_not_the_stand_in_has_not():
    raises(AttributeError, lambda: OnDemand(Counter().make).no_such_thing)


def test_a_trial_that_is_loaded_again_began_when_it_began():
    recall = Recall("/nowhere", Board(), Application())
    began = recall.trial._began
    recall.trial.let_go()
    assert began == recall.trial._began == 7


def test_what_was_let_go_of_is_not_among_the_modules():
    before = dict(sys.modules)
    try:
        recall = Recall("/nowhere", Board(), Application())
        assert recall.trial.is_on() is False
        assert "slotcast.trial" in sys.modules
        recall.let_go()
        assert "slotcast.trial" not in sys.modules
        assert recall.trial.is_on() is False
    finally:
        restore(before)


def test_a_module_that_is_wiped_is_empty_and_loads_again_whole():
    before = dict(sys.modules)
    try:
        unload("retries")
        load("retries")
        old = sys.modules["slotcast.retries"]
        wipe("retries no_such_module")
        assert not hasattr(old, "delay_s") and "slotcast.retries" not in sys.modules
        load("retries")
        assert sys.modules["slotcast.retries"].delay_s(1, lambda count: b"\0") == 1
    finally:
        restore(before)


def test_tables_of_modules_are_what_they_were_after_room_was_taken():
    before = sorted(sys.modules), sorted(slotcast.__dict__)
    reserve(20)
    assert (sorted(sys.modules), sorted(slotcast.__dict__)) == before


def restore(before):
    """Other tests hold on to the modules that they imported."""
    sys.modules.update(before)
    for name, module in before.items():
        if name.startswith("slotcast.") and name.count(".") == 1:
            setattr(sys.modules["slotcast"], name.partition(".")[2], module)
