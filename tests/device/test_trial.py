"""A new image's trial: kept, given up, tried again; and what the record keeps of it."""

import flash

from slotcast import boot
from slotcast.record import Record
from slotcast.slot import Slot
from slotcast.trial import Trial

HEAP_KIB = 512


class Board:
    """A board whose running image, otadata state and time a test sets."""

    def __init__(self, image):
        self.partition = flash.board()
        self.image = image
        self.running_state = boot.VALID
        self.aborted = False
        self.resets = self.kept = self.seconds = 0

    def running_slot(self):
        return self._slot(self.partition(self.partition.RUNNING), self.image)

    def other_slot(self):
        other = self.partition(self.partition.RUNNING).get_next_update()
        return self._slot(other, NEW)

    def _slot(self, partition, image):
        slot = Slot(partition)
        self.partition.flash[slot.address : slot.address + len(image)] = image
        return slot

    def state(self):
        return self.running_state

    def boots_itself(self):
        return self.running_state is not None

    def confirm(self):
        self.kept += 1
        self.running_state = boot.VALID
        return True

    def was_aborted(self, address):
        return self.aborted

    def reset(self):
        self.resets += 1

    def sleep_s(self, seconds):
        self.seconds += seconds

    def ticks(self):
        return self.seconds

    def seconds_since(self, ticks):
        return self.seconds - ticks


class Armed:
    """The fields of a manifest that a record keeps."""

    version, security_version, confirm_within_s = "1.4.3", 3, 20

    def __init__(self, image):
        self.image_digest = image[-32:].hex()


class FullNvs(flash.Nvs):
    """NVS that takes no more."""

    def set_blob(self, key, value):
        raise OSError(-4357)


OLD = flash.app_image(body=b"old firmware")
NEW = flash.app_image(body=b"new firmware")
DIGEST = NEW[-32:].hex()


def trial_of(board, record, log=None):
    log = [] if log is None else log
    return Trial(board, record, lambda step, text: log.append(text), lambda: None)


def armed(running, times=1):
    """(board that runs `running` after NEW was armed, its record, its trial, its log)."""
    nvs = flash.Nvs()
    for _ in range(times):
        record = Record(nvs)
        record.prepare(Armed(NEW))
        record.arm()
    board, record, log = Board(running), Record(nvs), []
    board.running_state = boot.PENDING if running == NEW else boot.VALID
    return board, record, trial_of(board, record, log), log


def test_nothing_armed_nothing_done():
    record = Record(flash.Nvs())
    trial_of(Board(OLD), record).begin()
    assert record.trial is None and record.installed is None


def test_a_healthy_image_is_kept_and_recorded():
    board, record, trial, _ = armed(NEW)
    trial.begin()
    assert trial.confirm([("wifi", lambda: True)]) and board.kept == 1
    assert record.installed == {"digest": DIGEST, "version": "1.4.3"}
    assert record.security_version == 3 and record.trial is None


def test_an_unhealthy_image_is_reset_after_its_deadline_and_not_kept():
    board, _, trial, log = armed(NEW)
    trial.begin()
    assert not trial.confirm([("wifi", lambda: True), ("mqtt", lambda: False)])
    assert (board.kept, board.resets, board.seconds) == (0, 1, 20)
    assert "mqtt" in log[-1]


def test_an_unhealthy_image_is_given_up_at_once():
    board, record, trial, log = armed(NEW)
    trial.confirm([("mqtt", lambda: False)])
    board.image, board.running_state = OLD, boot.VALID
    trial.begin()
    assert record.trial is None and trial.has_failed(DIGEST)
    assert "rolled back" in log[-1]


def test_a_check_that_needs_time_passes_before_the_deadline():
    board, _, trial, _ = armed(NEW)
    assert trial.confirm([("wifi", lambda: board.seconds > 5)]) and not board.resets


def test_a_check_that_raises_has_not_passed():
    board, _, trial, log = armed(NEW)
    assert not trial.confirm([("mqtt", lambda: 1 // 0)])
    assert board.resets == 1 and any("ZeroDivisionError" in line for line in log)


def test_an_image_that_is_not_on_trial_is_left_alone():
    board, _, trial, _ = armed(OLD)
    assert not trial.confirm([("never", lambda: 1 // 0)])
    assert not board.kept and not board.resets


def test_an_image_that_reset_before_it_was_kept_is_tried_three_times():
    for times in (1, 2):
        _, record, trial, log = armed(OLD, times)
        trial.begin()
        assert not trial.has_failed(DIGEST) and "may be tried again" in log[-1]
    _, record, trial, _ = armed(OLD, 3)
    trial.begin()
    assert record.trial is None and trial.has_failed(DIGEST)


def test_an_abort_of_the_image_before_does_not_condemn_what_was_armed_since():
    board, _, trial, _ = armed(OLD)
    board.aborted = True
    trial.begin()
    assert not trial.has_failed(DIGEST)


def test_a_reset_before_it_was_armed_does_not_condemn_what_stands_in_an_aborted_slot():
    record = Record(flash.Nvs())
    record.prepare(Armed(NEW))
    board, log = Board(OLD), []
    board.aborted = True  # the image before it, in the same slot
    trial = trial_of(board, record, log)
    trial.begin()
    assert not trial.has_failed(DIGEST) and not log


def test_an_application_that_never_confirms_is_rolled_back_when_its_time_has_passed():
    board, record, trial, _ = armed(NEW)
    trial.begin()
    board.seconds = 19
    trial.end_if_overdue()
    assert not board.resets
    board.seconds = 20
    trial.end_if_overdue()
    assert board.resets == 1 and record.trial["condemned"]


def test_what_boots_next_is_settled_by_one_reset_and_no_more():
    nvs = flash.Nvs()
    board = Board(OLD)
    board.running_state = None
    trial = trial_of(board, Record(nvs))
    trial.begin()
    assert trial.may_reset() and not trial.may_reset()
    assert not trial_of(board, Record(nvs)).may_reset()
    board.running_state = boot.VALID
    trial_of(board, Record(nvs)).begin()
    assert trial_of(board, Record(nvs)).may_reset()


def test_without_a_record_no_reset_is_tried():
    assert not trial_of(Board(OLD), Record(FullNvs())).may_reset()


def test_without_a_record_an_aborted_image_in_the_other_slot_is_not_armed_again():
    board = Board(OLD)
    trial = trial_of(board, Record(flash.Nvs()))
    assert not trial.has_failed(DIGEST)
    board.aborted = True
    assert trial.has_failed(DIGEST) and not trial.has_failed("00" * 32)


def test_a_cut_between_keeping_and_recording_it_is_made_up_for():
    board, record, trial, _ = armed(NEW)
    board.running_state = boot.VALID
    trial.begin()
    assert record.installed["version"] == "1.4.3" and not board.resets


def test_an_image_that_runs_because_nothing_else_is_left_is_not_called_kept():
    board, record, trial, _ = armed(NEW)
    board.running_state = None
    trial.begin()
    assert record.installed is None and record.has_failed(DIGEST)


def test_a_pending_image_without_a_record_can_still_be_kept():
    board = Board(NEW)
    board.running_state = boot.PENDING
    record = Record(flash.Nvs())
    assert trial_of(board, record).confirm([]) and board.kept == 1
    assert record.installed is None


def test_another_images_record_is_not_confirmed_for_the_running_one():
    board, record, trial, _ = armed(OLD)
    board.running_state = boot.PENDING
    assert trial.confirm([])
    assert record.installed is None and record.trial["digest"] == DIGEST


def test_an_nvs_that_takes_no_more_stops_neither_a_good_image_nor_a_bad_one():
    board, record, trial, log = armed(NEW)
    record._nvs.set_blob = FullNvs().set_blob
    trial.begin()
    assert trial.confirm([]) and board.kept == 1
    board, record, trial, log = armed(OLD, 3)
    record._nvs.set_blob = FullNvs().set_blob
    trial.begin()
    assert any("cannot be written" in line for line in log)


def test_a_record_that_is_damaged_or_of_another_version_is_an_empty_one():
    blobs = [b"", b"{", b"[1]", b"\xff\xfe", b'{"trial": 7}', b'{"trial": {"digest": "00"}}']
    blobs += [b'{"failed": [1]}', b'{"installed": {"digest": 1}}', b'{"security_version": "9"}']
    blobs += [b'{"installed": {"digest": "00", "version": "one"}}', b'{"resets": null}']
    for blob in blobs:
        nvs = flash.Nvs()
        nvs.set_blob("record", blob)
        record = Record(nvs)
        trial_of(Board(OLD), record).begin()
        assert record.trial is None and not record.has_failed(DIGEST), blob


def test_the_record_survives_and_keeps_the_last_eight_failures():
    nvs = flash.Nvs()
    digests = []
    for number in range(10):
        image = bytes([number]) * 32
        digests.append(Armed(image).image_digest)
        record = Record(nvs)
        record.prepare(Armed(image))
        record.arm()
        record.fail()
    kept = [Record(nvs).has_failed(digest) for digest in digests]
    assert kept == [False] * 2 + [True] * 8


def test_the_security_version_never_goes_down():
    record = Record(flash.Nvs())
    high, low = Armed(NEW), Armed(OLD)
    high.security_version = 5
    record.adopt(high)
    record.adopt(low)
    assert record.security_version == 5 and record.installed["digest"] == low.image_digest


def test_a_security_version_raised_for_the_same_image_is_taken():
    record = Record(flash.Nvs())
    manifest = Armed(NEW)
    record.adopt(manifest)
    manifest.security_version = 7
    record.adopt(manifest)
    assert record.security_version == 7
