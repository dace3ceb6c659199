"""When a board polls: after a start, from then on, and when it is asked late."""

from test_decide import config

from slotcast.schedule import Schedule, Uptime

_HOUR_S = 3600
_PERIOD_S = 6 * _HOUR_S
_ID = "a4cf12aabb01"
_OTHER_IDS = ["a4cf12%06x" % number for number in range(200)]


def schedule(device_id=_ID, powered_on=True, **settings):
    return Schedule(device_id, config(**settings), powered_on)


def polls(one, until_s, lasting_s=0):
    """The times at which a board polls that asks each moment and is done after `lasting_s`."""
    now_s, times = 0, []
    while now_s + one.left_s(now_s) < until_s:
        now_s += one.left_s(now_s)
        assert one.is_due(now_s) and (now_s == 0 or not one.is_due(now_s - 1))
        assert not times or now_s > times[-1]
        times.append(now_s)
        now_s += lasting_s
        one.polled(now_s)
    return times


def gaps(times):
    return [times[at] - times[at - 1] for at in range(1, len(times))]


def test_after_power_on_a_board_settles_and_then_takes_its_share_of_the_spread():
    firsts = [schedule(one).left_s(0) for one in _OTHER_IDS]
    assert all(30 <= first <= 330 for first in firsts)
    assert len(set(firsts)) > 100 and min(firsts) < 60 and max(firsts) > 300


def test_without_a_spread_the_first_poll_follows_the_settling():
    assert schedule(spread_s=0).left_s(0) == 30
    assert schedule(settle_s=0, spread_s=0).is_due(0)


def test_after_any_other_reset_a_board_polls_at_once():
    one = schedule(powered_on=False)
    assert one.is_due(0) and one.left_s(0) == 0


def test_a_board_polls_at_its_own_phase_of_the_period():
    for powered_on in (True, False):
        for device_id in _OTHER_IDS[:20]:
            times = polls(schedule(device_id, powered_on), 50 * _HOUR_S)
            assert len(times) >= 8
            assert {time % _PERIOD_S for time in times[1:]} == {times[1] % _PERIOD_S}
            assert set(gaps(times[1:])) == {_PERIOD_S}


def test_the_second_poll_is_never_closer_than_half_a_period():
    seconds = []
    for device_id in _OTHER_IDS:
        times = polls(schedule(device_id), 10 * _HOUR_S)
        seconds.append(times[1] - times[0])
    assert min(seconds) >= _PERIOD_S // 2 and max(seconds) < _PERIOD_S // 2 + _PERIOD_S
    assert min(seconds) < 0.6 * _PERIOD_S and max(seconds) > 1.4 * _PERIOD_S


def test_the_times_are_the_same_after_each_start():
    assert polls(schedule(), 50 * _HOUR_S) == polls(schedule(), 50 * _HOUR_S)
    assert polls(schedule(), 50 * _HOUR_S) != polls(schedule("a4cf12aabb02"), 50 * _HOUR_S)


def test_the_time_that_polls_take_does_not_move_the_phase():
    times = polls(schedule(), 300 * _HOUR_S, lasting_s=600)
    assert set(gaps(times[1:])) == {_PERIOD_S}


def test_a_poll_longer_than_the_period_is_followed_by_a_rest():
    times = polls(schedule(), 300 * _HOUR_S, lasting_s=_PERIOD_S + 60)
    assert set(gaps(times[1:])) == {2 * _PERIOD_S}


def test_a_board_that_was_asked_late_polls_once_and_not_for_each_time_missed():
    one = schedule()
    late_s = 10 * 86400
    assert one.is_due(late_s) and one.left_s(late_s) == 0
    one.polled(late_s)
    assert not one.is_due(late_s) and one.left_s(late_s) >= _PERIOD_S // 2


def test_a_poll_out_of_turn_puts_the_next_off():
    one = schedule()
    one.polled(0)
    assert one.left_s(0) >= _PERIOD_S // 2


def test_the_shortest_and_the_longest_periods():
    assert set(gaps(polls(schedule(poll_every_s=1, powered_on=False), 60)[1:])) == {1}
    assert set(gaps(polls(schedule(poll_every_s=60), 3600)[1:])) == {60}
    month_s = 30 * 86400
    assert set(gaps(polls(schedule(poll_every_s=month_s), 5 * month_s)[1:])) == {month_s}


def test_a_period_of_nothing_is_a_second():
    assert set(gaps(polls(schedule(poll_every_s=0, powered_on=False), 60)[1:])) == {1}


def test_an_update_that_waits_for_the_window_finds_it_open():
    settings = {"window": "01:00-02:00"}
    for device_id in _OTHER_IDS:
        one = schedule(device_id, **settings)
        one.polled(1000)
        one.wait_for_window(1000, "2026-03-01T00:00:00Z")
        left_s = one.left_s(1000)
        assert left_s <= 5400
        before_s = polls(schedule(device_id, **settings), 3 * _PERIOD_S)[1] - 1000
        assert left_s == before_s or left_s >= 3600


def test_boards_that_wait_for_the_window_come_evenly_over_its_first_half():
    lefts = []
    for device_id in _OTHER_IDS:
        one = schedule(device_id, window="22:00-02:00", poll_every_s=30 * 86400)
        one.polled(0)
        one.wait_for_window(0, "2026-03-01T21:00:00Z")
        lefts.append(one.left_s(0))
    assert min(lefts) >= 3600 and max(lefts) <= 3600 + 7200
    early = len([left for left in lefts if left < 3600 + 3600])
    assert 70 < early < 130


def test_a_board_whose_own_moment_is_over_waits_for_the_next_days():
    one = schedule(window="22:00-02:00", poll_every_s=30 * 86400)
    one.polled(0)
    one.wait_for_window(0, "2026-03-02T01:59:59Z")
    assert one.left_s(0) >= 86400 - 4 * _HOUR_S


def test_a_poll_that_comes_before_the_window_stays():
    one = schedule(window="22:00-02:00", poll_every_s=60)
    one.polled(0)
    one.wait_for_window(0, "2026-03-01T12:00:00Z")
    assert one.left_s(0) < 90


def test_without_a_window_there_is_nothing_to_wait_for():
    one, other = schedule(), schedule()
    for each in (one, other):
        each.polled(1000)
    one.wait_for_window(1000, "2026-03-01T00:00:00Z")
    assert one.left_s(1000) == other.left_s(1000)


class Ticks:
    """A board's ticks: milliseconds that wrap at 2^30, as time.ticks_ms and ticks_diff do."""

    _PERIOD = 1 << 30

    def __init__(self, start_ms=0):
        self.now_ms = start_ms

    def pass_s(self, seconds):
        self.now_ms += int(seconds * 1000)

    def ticks(self):
        return self.now_ms % self._PERIOD

    def seconds_since(self, ticks):
        half = self._PERIOD // 2
        return ((self.ticks() - ticks + half) % self._PERIOD - half) // 1000


def test_uptime_begins_with_its_making():
    board = Ticks(123456789)
    uptime = Uptime(board)
    assert uptime.now_s() == 0
    board.pass_s(90.5)
    assert uptime.now_s() == 90


def test_asked_often_uptime_loses_no_parts_of_seconds():
    board = Ticks()
    uptime = Uptime(board)
    for _ in range(1000):
        board.pass_s(0.3)
        uptime.now_s()
    assert uptime.now_s() == 300


def test_uptime_goes_on_where_ticks_wrap():
    board = Ticks((1 << 30) - 5000)
    uptime = Uptime(board)
    for hour in range(1, 24 * 60):
        board.pass_s(_HOUR_S)
        assert 0 <= hour * _HOUR_S - uptime.now_s() <= hour // 24


def test_asked_once_in_five_days_uptime_is_right():
    board = Ticks()
    uptime = Uptime(board)
    for _ in range(20):
        board.pass_s(5 * 86400)
        uptime.now_s()
    assert uptime.now_s() == 100 * 86400


def test_asked_too_seldom_uptime_loses_time_and_never_runs_backwards():
    for days in (7, 12, 12.3, 12.5, 13, 20, 25, 40):
        board = Ticks()
        uptime = Uptime(board)
        board.pass_s(_PERIOD_S)
        before_s = uptime.now_s()
        board.pass_s(days * 86400)
        late_s = uptime.now_s()
        assert before_s <= late_s <= before_s + days * 86400
        board.pass_s(_HOUR_S)
        assert abs(uptime.now_s() - late_s - _HOUR_S) <= 1


def test_a_board_that_is_asked_once_a_week_still_polls():
    board = Ticks()
    uptime, one, due = Uptime(board), schedule(), 0
    for _ in range(10):
        board.pass_s(7 * 86400)
        if one.is_due(uptime.now_s()):
            due += 1
            one.polled(uptime.now_s())
    assert due == 10


def test_a_network_that_stops_the_clock_before_a_boards_moment_does_not_make_it_hammer():
    one = schedule(window="02:00-04:00", poll_every_s=30 * 86400)
    one.polled(0)
    one.wait_for_window(0, "2026-03-02T02:00:00Z")
    second_before = one.left_s(0) - 1
    minutes, seconds = divmod(second_before, 60)
    now = "2026-03-02T%02d:%02d:%02dZ" % (2 + minutes // 60, minutes % 60, seconds)
    one.polled(0)
    one.wait_for_window(0, now)
    assert one.left_s(0) == 600
