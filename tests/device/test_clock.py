"""The floor under a board's clock."""

from slotcast.clock import Clock, iso
from slotcast.elapsed import seconds_between


class Rtc:
    """A clock that a network may set."""

    def __init__(self, fields, network=None):
        self.fields = fields
        self.network = network

    def gmtime(self):
        return self.fields + (0, 1)

    def set_utc(self, fields):
        self.fields = tuple(fields)

    def ask(self):
        if self.network is None:
            raise OSError(116)
        self.fields = self.network


def clock(rtc, floor="2026-03-01T10:20:30Z"):
    return Clock(floor, rtc.gmtime, rtc.set_utc, rtc.ask)


_POWER_ON = (2000, 1, 1, 0, 0, 4)


def test_iso_is_what_metadata_has():
    assert iso((2026, 3, 1, 9, 5, 7, 0, 0)) == "2026-03-01T09:05:07Z"


def test_before_any_network_it_is_the_floor():
    assert clock(Rtc(_POWER_ON)).now() == "2026-03-01T10:20:30Z"


def test_the_network_moves_it_forward():
    rtc = Rtc(_POWER_ON, network=(2026, 7, 8, 9, 10, 11))
    one = clock(rtc)
    assert one.synchronise()
    assert one.now() == "2026-07-08T09:10:11Z"


def test_without_network_the_real_time_clock_is_lifted_to_the_floor_for_tls():
    rtc = Rtc(_POWER_ON)
    assert not clock(rtc).synchronise()
    assert rtc.fields == (2026, 3, 1, 10, 20, 30)


def test_without_network_the_newest_signing_time_is_what_tls_judges_by():
    rtc = Rtc((2026, 5, 1, 0, 0, 0))
    one = clock(rtc)
    one.set_floor("2026-09-08T07:06:05Z")
    assert not one.synchronise()
    assert rtc.fields == (2026, 9, 8, 7, 6, 5)


def test_a_network_that_says_a_time_before_provisioning_is_not_believed():
    rtc = Rtc(_POWER_ON, network=(2020, 1, 1, 0, 0, 0))
    one = clock(rtc)
    one.synchronise()
    assert one.now() == "2026-03-01T10:20:30Z" and rtc.fields[0] == 2026


def test_a_forged_future_is_forgotten_when_the_network_tells_the_truth_again():
    rtc = Rtc(_POWER_ON, network=(2090, 1, 1, 0, 0, 0))
    one = clock(rtc)
    one.synchronise()
    assert one.floor == "2026-03-01T10:20:30Z"
    rtc.network = (2026, 7, 8, 9, 10, 11)
    one.synchronise()
    assert one.now() == "2026-07-08T09:10:11Z"


def test_a_verified_signing_time_is_a_floor_but_never_below_provisioning():
    one = clock(Rtc(_POWER_ON))
    one.set_floor("2026-05-05T00:00:00Z")
    assert one.now() == "2026-05-05T00:00:00Z"
    one.set_floor("")
    assert one.now() == "2026-03-01T10:20:30Z"


def test_a_signing_time_that_lies_ahead_does_not_move_the_clock_that_tls_reads():
    rtc = Rtc(_POWER_ON, network=(2026, 7, 8, 9, 10, 11))
    one = clock(rtc)
    one.set_floor("2027-05-05T00:00:00Z")
    assert one.synchronise()
    assert rtc.fields == (2026, 7, 8, 9, 10, 11)
    assert one.now() == "2027-05-05T00:00:00Z"


def test_whatever_goes_wrong_in_sntp_is_no_answer():
    rtc = Rtc(_POWER_ON)

    def short_datagram():
        raise ValueError("buffer too small")

    one = Clock("2026-03-01T10:20:30Z", rtc.gmtime, rtc.set_utc, short_datagram)
    assert not one.synchronise()
    assert rtc.fields[0] == 2026


def test_seconds_between_two_times():
    assert seconds_between("2026-03-01T10:20:30Z", "2026-03-01T10:20:30Z") == 0
    assert seconds_between("2026-03-01T23:59:59Z", "2026-03-02T00:00:00Z") == 1
    assert seconds_between("2026-02-28T00:00:00Z", "2026-03-01T00:00:00Z") == 86400
    assert seconds_between("2028-02-28T00:00:00Z", "2028-03-01T00:00:00Z") == 2 * 86400
    assert seconds_between("2099-12-31T00:00:00Z", "2100-03-01T00:00:00Z") == 60 * 86400
    assert seconds_between("1970-01-01T00:00:00Z", "2000-01-01T00:00:00Z") == 946684800
    assert seconds_between("2026-03-02T00:00:00Z", "2026-03-01T23:59:58Z") == -2


def test_every_day_of_a_leap_cycle_follows_the_one_before():
    days = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    before = "2026-12-31T00:00:00Z"
    for year in (2027, 2028):
        for month, length in enumerate(days):
            for day in range(1, length + (year == 2028 and month == 1) + 1):
                now = iso((year, month + 1, day, 0, 0, 0))
                assert seconds_between(before, now) == 86400
                before = now
