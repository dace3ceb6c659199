"""Work in steps: run to its end, with waits that are bounded, and slept through."""

from check import raises

from slotcast.steps import finish, plain, sleep_steps


class Waiter:
    """Notes how long it was waited for."""

    def __init__(self):
        self.waits = []

    def wait(self, ms):
        self.waits.append(ms)


class Board:
    """A board whose time passes only while it sleeps."""

    def __init__(self, ticks=0):
        self.now = ticks
        self.naps = []

    def ticks(self):
        return self.now

    def seconds_since(self, ticks):
        return int(self.now - ticks)

    def sleep_s(self, seconds):
        self.naps.append(seconds)
        self.now += seconds


def three(waiter):
    yield None
    yield waiter
    yield None
    return "result"


def test_what_is_finished_returns_what_its_steps_return():
    assert finish(three(Waiter())) == "result"


def test_a_wait_is_a_second_at_most():
    waiter = Waiter()
    finish(three(waiter))
    assert waiter.waits == [1000]


def test_it_breathes_after_each_step():
    waiter, breaths = Waiter(), []
    finish(three(waiter), lambda: breaths.append(len(waiter.waits)))
    assert breaths == [0, 1, 1]


def test_what_steps_raise_passes_through():
    def steps():
        yield None
        raise ValueError("as it is")

    raises(ValueError, finish, steps(), says="as it is")


def test_steps_are_closed_when_waiting_fails():
    def steps():
        try:
            yield Broken()
        finally:
            closed.append(True)

    class Broken:
        def wait(self, ms):
            raise OSError(5)

    closed = []
    raises(OSError, finish, steps())
    assert closed


def test_an_end_that_waiting_raises_is_not_taken_for_that_of_the_steps():
    class Empty:
        def wait(self, ms):
            raise StopIteration(5)

    raises(StopIteration, finish, three(Empty()))


def test_a_plain_function_is_one_step():
    add = plain(lambda a, b: a + b)
    assert list(add(1, 2)) == []
    assert finish(add(1, 2)) == 3


def test_a_plain_function_is_not_called_before_it_is_run():
    calls = []
    steps = plain(calls.append)(1)
    assert calls == []
    finish(steps)
    assert calls == [1]


def test_sleeping_lasts_as_long_as_the_board_says():
    board = Board(7)
    finish(sleep_steps(board, 3))
    assert board.naps == [1, 1, 1]


def test_sleeping_for_no_time_is_no_step():
    assert list(sleep_steps(Board(), 0)) == []


def test_a_sleeper_wakes_by_its_board_however_it_was_waited_for():
    board = Board()
    for waiter in sleep_steps(board, 1):
        waiter.wait(250)
    assert board.naps == [0.25] * 4


def test_a_nap_is_a_second_at_most():
    board = Board()
    next(sleep_steps(board, 60)).wait(60000)
    assert board.naps == [1]
