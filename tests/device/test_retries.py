"""When an attempt is repeated, after what pause, and when it is given up."""

from check import raises

from slotcast.errors import CertificateError, DownloadError, NotFoundError, PayloadError
from slotcast.retries import delay_s, with_retries_steps
from slotcast.steps import finish


class Attempts:
    """Fails with each of `errors`, then returns "done"; those in `gains` gained something.

    Attributes: made, how many attempts; pauses, the failures in a row before each pause; log.
    """

    def __init__(self, errors, gains=()):
        self._errors = errors
        self._gains = gains
        self.made = 0
        self.pauses = []
        self.log = []

    def steps(self):
        self.made += 1
        yield
        if self.made <= len(self._errors):
            raise self._errors[self.made - 1]
        return "done"

    def pause(self, failures):
        self.pauses.append(failures)
        yield

    def made_progress(self):
        return self.made in self._gains

    def run(self, *limit):
        log, made_progress = self.log.append, self.made_progress
        return finish(with_retries_steps(self.steps, self.pause, log, made_progress, *limit))


def lost(count):
    return [DownloadError("lost %d" % number) for number in range(1, count + 1)]


def test_the_bounds_of_a_pause_double_up_to_a_minute():
    least, most = [], []
    for failures in range(1, 9):
        least.append(delay_s(failures, bytes))
        most.append(delay_s(failures, lambda count: b"\xff" * count))
    assert least == [1, 2, 4, 8, 16, 30, 30, 30]
    assert most == [2, 4, 8, 16, 32, 60, 60, 60]


def test_the_jitter_reaches_every_second_of_its_half_and_about_as_often():
    found = [delay_s(4, lambda count, byte=byte: bytes([byte] * count)) for byte in range(256)]
    counts = [found.count(seconds) for seconds in range(8, 17)]
    assert sum(counts) == 256 and min(counts) == 28 and max(counts) == 29


def test_what_works_at_once_is_not_repeated():
    attempts = Attempts([])
    assert attempts.run() == "done"
    assert attempts.made == 1 and attempts.pauses == [] and attempts.log == []


def test_a_failed_transport_is_tried_again_after_longer_and_longer_pauses():
    attempts = Attempts(lost(3))
    assert attempts.run() == "done"
    assert attempts.pauses == [1, 2, 3]
    assert attempts.log[2] == "again after attempt 3, 3 in vain: lost 3"


def test_after_five_attempts_in_vain_the_last_error_is_raised():
    attempts = Attempts(lost(20))
    raises(DownloadError, attempts.run, says="lost 5")
    assert attempts.pauses == [1, 2, 3, 4] and len(attempts.log) == 4


def test_the_number_of_attempts_may_be_another():
    attempts = Attempts(lost(20))
    raises(DownloadError, attempts.run, 2, says="lost 2")
    assert attempts.pauses == [1]


def test_an_attempt_that_gained_something_counts_as_the_first():
    attempts = Attempts(lost(8), gains=(4, 5))
    assert attempts.run() == "done"
    assert attempts.pauses == [1, 2, 3, 1, 1, 2, 3, 4]


def test_where_nothing_is_kept_of_an_attempt_all_count():
    attempts = Attempts(lost(20), gains=range(20))
    steps = with_retries_steps(attempts.steps, attempts.pause, attempts.log.append)
    raises(DownloadError, finish, steps, says="lost 5")


def test_a_link_that_gains_a_little_each_time_ends_after_64_attempts():
    attempts = Attempts(lost(100), gains=range(100))
    raises(DownloadError, attempts.run, says="lost 64")
    assert attempts.made == 64 and attempts.pauses == [1] * 63


def test_answers_that_another_attempt_would_not_change_are_raised_at_once():
    for error in (CertificateError("chain"), NotFoundError("404"), PayloadError("hash")):
        attempts = Attempts([error], gains=(1,))
        raises(type(error), attempts.run)
        assert attempts.made == 1 and attempts.pauses == []


def test_one_step_is_one_step_of_the_attempt_or_of_the_pause():
    attempts = Attempts(lost(2))
    steps = with_retries_steps(attempts.steps, attempts.pause, attempts.log.append)
    assert len(list(steps)) == 3 + 2
