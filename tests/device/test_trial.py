"""A new image's trial: kept, given up, tried again; and what the record keeps of it."""

import json

import flash
from check import raises

from slotcast import boot
from slotcast.errors import BoardError, ImageError
from slotcast.record import Record
from slotcast.slot import Slot
from slotcast.steps import finish
from slotcast.trial import Trial
from slotcast.tries import Tries

HEAP_KIB = 512


class Board:
    """A board whose running image, otadata state and time a test sets."""

    def __init__(self, image):
        self.partition = flash.board()
        self.image = image
        self.running_state = boot.VALID
        self.aborted = self.slept = False
        self.boots_next = boot.VALID  # what otadata says where another slot boots next
        self.resets = self.kept = self.seconds = self.disarmed = 0

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

    def boot_state(self):
        return self.boots_next

    def disarm(self):
        self.disarmed += 1

    def was_aborted(self, address):
        return self.aborted

    def woke_from_sleep(self):
        return self.slept

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

    def __init__(self, image, release=7):
        self.image_digest = image[-32:].hex()
        self.release = release


class FullNvs(flash.Nvs):
    """NVS that takes no more."""

    def set_blob(self, key, value):
        raise OSError(-4357)


OLD = flash.app_image(body=b"old firmware")
NEW = flash.app_image(body=b"new firmware")
DIGEST = NEW[-32:].hex()


class Kept:
    """Files in memory."""

    def __init__(self, **files):
        self.files = files

    def read(self, name):
        return self.files.get(name)

    def write(self, name, data):
        self.files[name] = data


def trial_of(board, record, log=None, kept=None):
    log = [] if log is None else log
    tries = Tries(kept or Kept())
    return Trial(board, record, tries, lambda step, text: log.append(text), lambda: None)


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
    assert record.trial is None and record.failed_release(DIGEST) == 7
    assert "rolled back" in log[-1]


def test_a_check_that_needs_time_passes_before_the_deadline():
    board, _, trial, _ = armed(NEW)
    assert trial.confirm([("wifi", lambda: board.seconds > 5)]) and not board.resets


def test_a_check_that_raises_has_not_passed():
    board, _, trial, log = armed(NEW)
    assert not trial.confirm([("mqtt", lambda: 1 // 0)])
    assert board.resets == 1 and any("ZeroDivisionError" in line for line in log)


def test_the_watchdog_is_fed_before_each_check_and_others_run_after_each():
    board = Board(NEW)
    board.running_state, events = boot.PENDING, []
    tries, record = Tries(Kept()), Record(flash.Nvs())
    trial = Trial(board, record, tries, lambda step, text: None, lambda: events.append("fed"))
    checks = [(name, lambda name=name: events.append(name) or True) for name in ("wifi", "mqtt")]
    for waiter in trial.confirm_steps(checks):
        events.append(waiter)
    assert events == ["fed", "wifi", None, "fed", "mqtt", None] and board.kept == 1


def test_the_time_of_a_trial_runs_from_the_start_and_each_check_has_one_try():
    board, _, trial, _ = armed(NEW)
    board.seconds = 60
    assert trial.confirm([("wifi", lambda: True)]) and board.seconds == 60
    board, _, trial, _ = armed(NEW)
    board.seconds = 60
    assert not trial.confirm([("wifi", lambda: False)]) and board.seconds == 60


def test_an_image_that_is_not_on_trial_is_left_alone():
    board, _, trial, _ = armed(OLD)
    assert not trial.confirm([("never", lambda: 1 // 0)])
    assert not board.kept and not board.resets


def test_an_image_that_reset_before_it_was_kept_is_tried_three_times():
    for times in (1, 2):
        _, record, trial, log = armed(OLD, times)
        trial.begin()
        assert record.failed_release(DIGEST) is None and "may be tried again" in log[-1]
    _, record, trial, _ = armed(OLD, 3)
    trial.begin()
    assert record.trial is None and record.failed_release(DIGEST) == 7


def test_an_abort_of_the_image_before_does_not_condemn_what_was_armed_since():
    board, record, trial, _ = armed(OLD)
    board.aborted = True
    trial.begin()
    assert record.failed_release(DIGEST) is None


def test_a_reset_before_it_was_armed_does_not_condemn_what_stands_in_an_aborted_slot():
    record = Record(flash.Nvs())
    record.prepare(Armed(NEW))
    board, log = Board(OLD), []
    board.aborted = True  # the image before it, in the same slot
    trial = trial_of(board, record, log)
    trial.begin()
    assert record.failed_release(DIGEST) is None and not log


def test_an_application_that_never_confirms_is_rolled_back_when_its_time_has_passed():
    board, record, trial, _ = armed(NEW)
    trial.begin()
    board.seconds = 19
    trial.end_if_overdue()
    assert not board.resets
    board.seconds = 20
    trial.end_if_overdue()
    assert board.resets == 1 and record.trial["condemned"]


def polls(board, nvs, count):
    """What each of so many polls did to settle what boots next: resets, and boot choices."""
    done = []
    for _ in range(count):
        board.resets, board.partition.boot = 0, "app1"
        trial = trial_of(board, Record(nvs))
        trial.begin()
        assert trial.reason_to_wait() == "another slot boots next"
        done.append((board.resets, board.partition.boot))
    return done


def test_a_boot_slot_that_does_not_start_is_left_after_one_reset():
    board = Board(OLD)
    board.running_state = None
    settled = polls(board, flash.Nvs(), 9)
    chosen = (1, "app0")
    assert settled[0] == (1, "app1") and settled[1] == chosen
    assert [number for number, did in enumerate(settled, 1) if did == chosen] == [2, 4, 8]
    assert settled[2] == (0, "app1")


def test_what_is_armed_or_on_trial_elsewhere_is_settled_by_one_reset_alone():
    for state in (boot.NEW, boot.PENDING):
        board = Board(OLD)
        board.running_state, board.boots_next = None, state
        assert polls(board, flash.Nvs(), 4) == [(1, "app1")] + [(0, "app1")] * 3


def test_a_boot_choice_on_trial_is_not_yet_settled():
    nvs, board = flash.Nvs(), Board(OLD)
    board.running_state = None
    polls(board, nvs, 2)
    for state, after in ((boot.PENDING, (0, "app1")), (boot.VALID, (1, "app1"))):
        board.running_state = state
        trial_of(board, Record(nvs)).begin()
        board.running_state = None
        assert polls(board, nvs, 1) == [after]


def test_without_a_record_no_reset_is_tried():
    board = Board(OLD)
    board.running_state = None
    assert polls(board, FullNvs(), 4) == [(0, "app1")] * 4


def test_a_rotten_image_that_runs_cannot_be_made_to_boot():
    nvs, board, log = flash.Nvs(), Board(OLD), []
    board.running_state = None
    polls(board, nvs, 1)
    board.resets = 0
    board.running_slot = lambda: other_slot_that_refuses(-5379)
    trial_of(board, Record(nvs), log).reason_to_wait()
    assert not board.resets and "cannot be made to boot next" in log[-1]


def other_slot_that_refuses(code):
    class Refuses:
        address = 0

        def set_boot(self):
            raise OSError(code)

    return Refuses()


def test_an_armed_image_is_counted_and_reset_into():
    board, record, trial, _ = armed(OLD)
    board.boots_next = boot.NEW
    trial.arm(board.other_slot())
    assert (board.partition.boot, board.resets, record.trial["armed"]) == ("app1", 1, 2)


def test_firmware_that_arms_without_a_trial_is_found_out_before_the_reset():
    board, record, trial, _ = armed(OLD)
    board.boots_next = boot.UNDEFINED
    raises(BoardError, trial.arm, board.other_slot(), says="without a trial")
    assert board.disarmed == 1 and not board.resets
    raises(BoardError, trial_of(board, Record(record._nvs)).reason_to_wait, says="without a trial")
    board.image = flash.app_image(body=b"flashed by serial since")
    assert trial_of(board, Record(record._nvs)).reason_to_wait() is None


def test_an_image_that_no_bootloader_watches_is_kept_when_it_is_healthy():
    for state in (boot.NEW, boot.UNDEFINED):
        board, record, trial, _ = armed(NEW)
        board.running_state = state
        trial.begin()
        assert trial.reason_to_wait() == "the running image is not confirmed"
        assert trial.confirm([("wifi", lambda: True)])
        assert not board.kept and record.installed["version"] == "1.4.3"
        assert trial.reason_to_wait() is None


def test_an_image_that_no_bootloader_watches_goes_back_by_itself():
    board, record, trial, _ = armed(NEW)
    board.running_state, board.partition.boot = boot.NEW, "app0"
    trial.begin()
    assert not trial.confirm([("wifi", lambda: False)])
    assert (board.partition.boot, board.resets) == ("app1", 1) and record.trial["condemned"]


def test_an_image_with_no_way_back_stays():
    board, _, trial, log = armed(NEW)
    board.running_state = boot.NEW
    board.other_slot = lambda: other_slot_that_refuses(-5379)
    assert not trial.confirm([("wifi", lambda: False)])
    assert not board.resets and "no way back" in log[-1]


def test_without_a_record_an_aborted_image_in_the_other_slot_has_had_one_try():
    for aborted, tries in ((False, 0), (True, 1)):
        board, record = Board(OLD), Record(flash.Nvs())
        board.aborted = aborted
        trial = trial_of(board, record)
        assert record.failed_release(DIGEST) is None
        trial.prepare(Armed(NEW))
        assert record.trial["armed"] == tries


def test_an_abort_is_no_try_of_another_image_nor_of_one_that_may_be_tried_anew():
    board, record = Board(OLD), Record(flash.Nvs())
    board.aborted = True
    trial_of(board, record).prepare(Armed(OLD))  # that is not what stands in the other slot
    assert record.trial["armed"] == 0
    record.prepare(Armed(NEW))
    record.fail()
    trial_of(board, record).prepare(Armed(NEW))
    assert record.trial["armed"] == 0


def test_a_cut_between_keeping_and_recording_it_is_made_up_for():
    board, record, trial, _ = armed(NEW)
    board.running_state = boot.VALID
    trial.begin()
    assert record.installed["version"] == "1.4.3" and not board.resets


def test_an_image_that_runs_because_nothing_else_is_left_is_not_called_kept():
    board, record, trial, _ = armed(NEW)
    board.running_state = None
    trial.begin()
    assert record.installed is None and record.failed_release(DIGEST) == 7


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
        assert record.trial is None and record.failed_release(DIGEST) is None, blob


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
    kept = [Record(nvs).failed_release(digest) for digest in digests]
    assert kept == [None] * 2 + [7] * 8


def test_a_failure_is_known_by_the_release_that_failed_last():
    record = Record(flash.Nvs())
    for release in (3, 9):
        record.prepare(Armed(NEW, release))
        record.fail()
    assert Record(record._nvs).failed_release(DIGEST) == 9


def test_an_image_that_is_kept_after_all_has_not_failed():
    record = Record(flash.Nvs())
    for end in (record.fail, record.confirm):
        record.prepare(Armed(NEW))
        end()
    assert Record(record._nvs).failed_release(DIGEST) is None


def test_a_newer_release_of_the_image_on_trial_keeps_its_count():
    record = Record(flash.Nvs())
    for release in (3, 3, 9):
        record.prepare(Armed(NEW, release))
        record.arm()
    assert (record.trial["release"], record.trial["armed"]) == (9, 3)


def test_a_record_of_before_releases_were_kept_is_read():
    nvs = flash.Nvs()
    trial = {"digest": DIGEST, "version": "1.4.3", "security_version": 3, "confirm_within_s": 9}
    trial.update({"armed": 1, "condemned": False})
    nvs.set_blob("record", json.dumps({"trial": trial, "failed": ["00" * 16]}))
    record = Record(nvs)
    assert record.failed_release("00" * 32) == 0
    record.fail()
    assert Record(nvs).failed_release(DIGEST) == 0
    assert json.loads(nvs.blobs["record"])["failed"] == ["00" * 16, DIGEST[:32]]


def test_what_is_damaged_in_a_record_does_not_take_the_security_version_with_it():
    nvs = flash.Nvs()
    nvs.set_blob("record", b'{"security_version": 5, "failed": 7, "trial": {}, "offer": []}')
    assert Record(nvs).security_version == 5 and Record(nvs).trial is None


def test_the_largest_record_fits_and_a_larger_one_is_not_written():
    record, far = Record(flash.Nvs()), 2**53 - 1
    for number in range(20):
        manifest = Armed(bytes([number]) * 32, far)
        manifest.version = "1." + "0" * 27 + ".1"
        manifest.security_version = manifest.confirm_within_s = far
        record.offer(manifest, "2026-01-01T00:00:00Z")
        record.prepare(manifest)
        record.arm()
        if number % 2:
            record.confirm()
        else:
            record.count_unsettled()
            record.fail()
            record.note_no_trial(manifest.image_digest)
            record.prepare(manifest)
    assert Record(record._nvs).security_version == far
    assert len(record._nvs.blobs["record"]) <= 1400
    manifest.version = "1.2." + "3" * 1500
    manifest.image_digest = "f" * 64
    raises(OSError, record.prepare, manifest)
    assert Record(record._nvs).security_version == far


def test_an_offer_counts_from_when_it_was_seen_first():
    nvs = flash.Nvs()
    record, first, later = Record(nvs), Armed(NEW), Armed(OLD)
    assert record.offer(first, "2026-01-01T00:00:00Z") == "2026-01-01T00:00:00Z"
    assert Record(nvs).offer(first, "2026-01-02T00:00:00Z") == "2026-01-01T00:00:00Z"
    assert Record(nvs).offer(later, "2026-01-03T00:00:00Z") == "2026-01-03T00:00:00Z"


def test_an_offer_that_lies_in_the_future_begins_now():
    record = Record(flash.Nvs())
    record.offer(Armed(NEW), "2046-01-01T00:00:00Z")
    assert record.offer(Armed(NEW), "2026-01-01T00:00:00Z") == "2026-01-01T00:00:00Z"


def test_an_offer_that_cannot_be_written_is_new_each_time():
    record = Record(FullNvs())
    for now in ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"):
        assert record.offer(Armed(NEW), now) == now


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


def test_a_slot_without_an_image_was_not_tried():
    board, record = Board(OLD), Record(flash.Nvs())
    board.aborted = True
    board.other_slot = lambda: board._slot(board.partition("app1").get_next_update(), b"\xff" * 64)
    trial_of(board, record).prepare(Armed(NEW))
    assert record.trial["armed"] == 0


def test_an_image_that_otadata_does_not_keep_is_not_recorded_as_kept():
    board, record, trial, log = armed(NEW)
    board.confirm = lambda: False
    assert trial.confirm() is False
    assert record.trial and not record.installed and not log


def test_what_is_kept_is_told_by_its_version_where_it_is_known():
    board, _, trial, log = armed(NEW)
    assert trial.confirm() and log[-1] == "1.4.3 is kept"
    board.running_state, log = boot.PENDING, []
    assert trial_of(board, Record(flash.Nvs()), log).confirm()
    assert log == ["the running image is kept"]


def test_an_image_that_is_kept_already_is_on_no_trial():
    board, _, trial, _ = armed(NEW)
    board.running_state = boot.VALID
    assert not trial.is_on() and trial.confirm() is False


def test_a_trial_that_the_record_does_not_know_is_rolled_back_after_five_minutes():
    board, log = Board(NEW), []
    board.running_state = boot.PENDING
    trial = trial_of(board, Record(flash.Nvs()), log)
    board.seconds = 299
    trial.end_if_overdue()
    assert not board.resets
    board.seconds = 300
    trial.end_if_overdue()
    assert board.resets == 1 and "rolling back" in log[-1]


def test_where_the_bootloader_rolls_back_the_boot_choice_is_left_to_it():
    board, _, trial, _ = armed(NEW)
    board.other_slot = lambda: other_slot_that_refuses(-5379)
    trial.confirm([("wifi", lambda: False)])
    assert board.resets == 1


def test_a_check_that_is_a_coroutine_or_was_not_called_has_not_passed():
    def nobody_awaits():
        yield
        return True

    for check in (nobody_awaits, lambda: nobody_awaits):
        board, _, trial, log = armed(NEW)
        assert not trial.confirm([("mqtt", check)])
        assert board.resets == 1 and "mqtt did not pass" in log[-1]


def test_checks_that_can_be_gone_through_once_are_asked_again_all_the_same():
    board, _, trial, _ = armed(NEW)
    assert not trial.confirm(iter([("mqtt", lambda: False)]))
    assert not board.kept and board.resets == 1


def test_who_still_waits_when_another_has_confirmed_does_not_roll_back():
    board, record, trial, _ = armed(NEW)
    waiting = trial.confirm_steps([("slow", lambda: False)])
    next(waiting)
    assert trial.confirm()
    board.seconds = 1000
    assert finish(waiting) is True
    assert not board.resets and record.installed["version"] == "1.4.3"


def test_an_image_that_slept_before_it_was_confirmed_is_reset_and_so_rolled_back():
    board, _, trial, log = armed(NEW)
    board.slept = True
    trial.begin()
    assert board.resets == 1 and "slept" in log[0]


def test_a_record_that_is_lost_again_and_again_does_not_try_an_image_for_ever():
    kept, tries = Kept(), 0
    for _ in range(5):
        board, record = Board(OLD), Record(flash.Nvs())  # of which nothing is left
        board.aborted, board.boots_next = tries > 0, boot.NEW
        trial = trial_of(board, record, kept=kept)
        try:
            trial.prepare(Armed(NEW))
        except ImageError:
            assert record.failed_release(DIGEST) == 7
            continue
        trial.arm(board.other_slot())
        tries += 1
    assert tries == 3


def test_a_newer_release_of_an_image_begins_its_tries_anew():
    kept = Kept(tries=json.dumps([DIGEST, 7, 3]).encode())
    record = Record(flash.Nvs())
    trial_of(Board(OLD), record, kept=kept).prepare(Armed(NEW, release=8))
    assert record.trial["armed"] == 0
    for noise in (b"", b"[", b"[1]", b'{"a": 1}', b'["x", 7, "3"]'):
        record = Record(flash.Nvs())
        trial_of(Board(OLD), record, kept=Kept(tries=noise)).prepare(Armed(NEW))
        assert record.trial["armed"] == 0


def test_what_nvs_did_not_take_is_not_in_memory_either():
    nvs = flash.Nvs()
    record = Record(nvs)
    record.prepare(Armed(NEW))
    stored = nvs.set_blob
    nvs.set_blob = FullNvs().set_blob
    for _ in range(4):
        raises(OSError, record.arm)
    raises(OSError, record.prepare, Armed(OLD))
    nvs.set_blob = stored
    record.arm()
    assert (record.trial["digest"], record.trial["armed"]) == (DIGEST, 1)


def test_a_board_that_sleeps_between_polls_is_not_reset_for_it_when_nothing_is_on_trial():
    board, _, trial, _ = armed(OLD)
    board.slept = True
    trial.begin()
    assert not board.resets


def test_who_still_waits_when_the_trial_has_ended_otherwise_has_kept_nothing():
    board, record, trial, _ = armed(NEW)
    waiting = trial.confirm_steps([("slow", lambda: True)])
    next(waiting)
    board.running_state = None  # another slot was armed meanwhile
    assert finish(waiting) is False
    assert not record.installed
