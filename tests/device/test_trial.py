"""A new image's trial: confirmed, rolled back, never come up; and what the record keeps."""

import flash

from slotcast.record import Record
from slotcast.slot import Slot
from slotcast.trial import Trial


class Board:
    """A board whose running image, otadata state and time a test sets."""

    def __init__(self, image):
        self.partition = flash.board()
        self.image = image
        self.pending = False
        self.aborted = False
        self.resets = self.kept = self.seconds = 0

    def running_slot(self):
        slot = Slot(self.partition(self.partition.RUNNING))
        at = slot.address
        self.partition.flash[at : at + len(self.image)] = self.image
        return slot

    def is_pending(self):
        return self.pending

    def confirm(self):
        self.kept += 1
        self.pending = False

    def was_aborted(self, address):
        return self.aborted

    def reset(self):
        self.resets += 1

    def sleep_s(self, seconds):
        self.seconds += seconds

    def ticks_s(self):
        return self.seconds


class Armed:
    """The fields of a manifest that a record keeps."""

    version, security_version, confirm_within_s = "1.4.3", 3, 20

    def __init__(self, image):
        self.image_digest = image[-32:].hex()


OLD = flash.app_image(body=b"old firmware")
NEW = flash.app_image(body=b"new firmware")


def armed(running):
    """(board that runs `running` after NEW was armed, its record, its trial, its log)."""
    nvs = flash.Nvs()
    Record(nvs).arm(Armed(NEW), 0)
    board, record, log = Board(running), Record(nvs), []
    return board, record, Trial(board, record, lambda step, text: log.append(text)), log


def test_nothing_armed_nothing_done():
    record = Record(flash.Nvs())
    Trial(Board(OLD), record, None).begin()
    assert record.trial is None and record.installed is None


def test_a_healthy_image_is_kept_and_recorded():
    board, record, trial, _ = armed(NEW)
    board.pending = True
    trial.begin()
    assert record.trial["started"] == 1
    assert trial.confirm([("wifi", lambda: True)]) and board.kept == 1
    assert record.installed["version"] == "1.4.3" and record.trial is None


def test_an_unhealthy_image_is_reset_after_its_deadline_and_not_confirmed():
    board, _, trial, log = armed(NEW)
    board.pending = True
    trial.begin()
    assert not trial.confirm([("wifi", lambda: True), ("mqtt", lambda: False)])
    assert (board.kept, board.resets, board.seconds) == (0, 1, 20)
    assert "mqtt" in log[-1]


def test_a_check_that_needs_time_passes_before_the_deadline():
    board, _, trial, _ = armed(NEW)
    board.pending = True
    assert trial.confirm([("wifi", lambda: board.seconds > 5)]) and not board.resets


def test_a_check_that_raises_has_not_passed():
    board, _, trial, log = armed(NEW)
    board.pending = True
    assert not trial.confirm([("mqtt", lambda: 1 // 0)])
    assert board.resets == 1 and any("ZeroDivisionError" in line for line in log)


def test_an_image_that_is_not_on_trial_is_left_alone():
    board, _, trial, _ = armed(OLD)
    assert not trial.confirm([("never", lambda: 1 // 0)])
    assert not board.kept and not board.resets


def test_a_rolled_back_image_is_remembered_as_failed():
    board, record, trial, log = armed(NEW)
    board.pending = True
    trial.begin()
    board.image, board.pending = OLD, False
    trial.begin()
    assert record.trial is None and record.has_failed(Armed(NEW).image_digest)
    assert "rolled back" in log[-1]


def test_an_aborted_entry_alone_is_proof_of_a_rollback():
    board, record, trial, _ = armed(OLD)
    board.aborted = True
    trial.begin()
    assert record.has_failed(Armed(NEW).image_digest)


def test_an_image_that_never_came_up_may_be_tried_three_times():
    board, record, trial, _ = armed(OLD)
    for times in (1, 2):
        trial.begin()
        assert not record.has_failed(Armed(NEW).image_digest), times
        record.arm(Armed(NEW), 0)
    trial.begin()
    assert record.has_failed(Armed(NEW).image_digest)


def test_a_cut_between_confirming_and_recording_it_is_made_up_for():
    board, record, trial, _ = armed(NEW)
    trial.begin()
    assert record.installed["version"] == "1.4.3" and not board.resets


def test_a_pending_image_without_a_record_can_still_be_kept():
    board = Board(NEW)
    board.pending = True
    assert Trial(board, Record(flash.Nvs()), lambda step, text: None).confirm([])
    assert board.kept == 1


def test_a_damaged_record_is_an_empty_one():
    for blob in (b"", b"{", b"[1]", b"\xff\xfe"):
        nvs = flash.Nvs()
        nvs.set_blob("record", blob)
        assert Record(nvs).trial is None


def test_the_record_survives_and_keeps_the_last_eight_failures():
    nvs = flash.Nvs()
    digests = []
    for number in range(10):
        image = bytes([number]) * 32
        digests.append(Armed(image).image_digest)
        record = Record(nvs)
        record.arm(Armed(image), 0)
        record.fail()
    kept = [Record(nvs).has_failed(digest) for digest in digests]
    assert kept == [False] * 2 + [True] * 8
