"""The maintenance window."""

from check import raises

from slotcast.window import Window


def at(time):
    return "2026-03-01T%sZ" % time


def test_a_window_begins_with_its_first_minute_and_ends_before_its_last():
    window = Window("01:00-05:00")
    inside = [at(t) for t in ("01:00:00", "03:30:30", "04:59:59")]
    outside = [at(t) for t in ("00:59:59", "05:00:00", "13:00:00", "23:59:59", "00:00:00")]
    assert all(window.is_open(now) for now in inside)
    assert not any(window.is_open(now) for now in outside)


def test_a_window_may_cross_midnight():
    window = Window("22:30-04:00")
    assert window.length_s == 19800
    inside = [at(t) for t in ("22:30:00", "23:59:59", "00:00:00", "03:59:59")]
    outside = [at(t) for t in ("22:29:59", "04:00:00", "12:00:00")]
    assert all(window.is_open(now) for now in inside)
    assert not any(window.is_open(now) for now in outside)


def test_a_window_may_end_or_begin_at_midnight():
    assert Window("22:00-00:00").is_open(at("23:59:59"))
    assert not Window("22:00-00:00").is_open(at("00:00:00"))
    assert Window("00:00-00:01").is_open(at("00:00:59"))
    assert not Window("00:00-00:01").is_open(at("00:01:00"))


def test_the_time_left_leads_to_the_next_moment_in_it_and_never_to_this_one():
    window = Window("22:30-04:00")
    assert window.left_s(at("22:29:59")) == 1
    assert window.left_s(at("22:30:00")) == 86400
    assert window.left_s(at("23:00:00")) == 84600
    assert window.left_s(at("23:00:00"), 7200) == 5400
    assert window.left_s(at("22:00:00"), 7200) == 9000


def test_what_is_no_window_is_refused():
    wrong = [
        "",
        "01:00",
        "1:00-5:00",
        "01:000-05:00",
        "01:00-05:0",
        "01:00-05:00 UTC",
        "01:00-05:00-07:00",
        "24:00-05:00",
        "01:60-05:00",
        "01.00-05.00",
        "-1:00-05:00",
        "ab:cd-05:00",
        "01:00-01:00",
    ]
    for text in wrong:
        raises(ValueError, Window, text, says="window")
