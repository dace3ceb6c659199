"""The network's time where it is just not too early."""

from test_clock import Rtc, clock


def test_a_network_that_says_the_very_time_of_provisioning_is_believed():
    rtc = Rtc((2000, 1, 1, 0, 0, 4), network=(2026, 3, 1, 10, 20, 30))
    one = clock(rtc)
    one.set_floor("2026-05-05T00:00:00Z")
    one.synchronise()
    assert rtc.fields == (2026, 3, 1, 10, 20, 30)
