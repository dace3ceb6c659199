"""The trial of a new image: from its first boot until it is kept or given up.

An image whose health checks fail is given up at once. One that resets before it is kept, by a
crash, a watchdog or a power cut, is rolled back by the bootloader and tried again, three times in
all.
"""

from slotcast import boot
from slotcast.errors import BoardError, ImageError
from slotcast.hooks import is_yes
from slotcast.image import image_digest, running_digest
from slotcast.steps import finish, sleep_steps

_MAX_ARMED = 3
_DEFAULT_DEADLINE_S = 300
_NO_TRIAL = "this firmware arms without a trial: it was built without the bootloader's rollback"


class Trial:
    """Accounts for the image that was armed last. The record is a hint: losing it does no harm.

    Args:
        board: the hardware, a board.Board.
        record: what the board remembers, a record.Record.
        tries: a tries.Tries.
        log: callable (step, message).
        feed: callable that feeds a watchdog.
        began: board.ticks() when the trial began, if there is one; None: now.
    """

    def __init__(self, board, record, tries, log, feed, began=None):
        self._board = board
        self._record = record
        self._counts = tries
        self._log = log
        self._feed = feed
        self._began = board.ticks() if began is None else began

    def begin(self) -> None:
        """Find out, once a boot, what became of the image that was armed."""
        state = self._board.state()
        if state == boot.PENDING and self._board.woke_from_sleep():
            self._log("trial", "it slept before it was confirmed: resetting")
            self._board.reset()
        if self._board.boots_itself() and state != boot.PENDING:
            self._remember(self._record.forget_unsettled)
        trial = self._record.trial
        if not trial:
            return
        if trial["digest"] != running_digest(self._board):
            self._is_not_running(trial)
        elif state == boot.VALID:
            # Kept, and the power went before that was recorded.
            self._remember(self._record.confirm)
            self._log("trial", "%s is kept" % trial["version"])
        elif state is None:  # it runs because the bootloader has nothing else to start
            self._give_up(trial)
        else:
            self._log("trial", "%s is on trial, try %d of %d" % self._tries(trial))

    def _is_not_running(self, trial):
        if trial["condemned"] or trial["armed"] >= _MAX_ARMED:
            self._give_up(trial)
        elif trial["armed"]:  # else it was being written when that boot ended
            text = "%s did not stay after try %d of %d: it may be tried again"
            self._log("trial", text % self._tries(trial))

    def _tries(self, trial):
        return trial["version"], trial["armed"], _MAX_ARMED

    def _give_up(self, trial):
        self._remember(self._record.fail)
        self._log("trial", "%s was rolled back, it is not tried again" % trial["version"])

    def prepare(self, manifest) -> None:
        """Remember the image that is about to be written to the other slot; see Record.prepare.

        Where the record was lost, a file may know how often the image was tried, or otadata of one
        try: it stands in the other slot, and was aborted there. That may have been a power cut, so
        it is no verdict. Raises ImageError when the image has had all its tries.
        """
        self._record.prepare(manifest, self._known_tries(manifest))
        if self._record.trial["armed"] >= _MAX_ARMED:
            self._give_up(self._record.trial)
            raise ImageError("%s was tried %d times" % (manifest.version, _MAX_ARMED))

    def _known_tries(self, manifest):
        digest = manifest.image_digest
        is_new = self._record.failed_release(digest) is None
        return max(self._counts.of(manifest), int(is_new and self._was_aborted(digest)))

    def _was_aborted(self, digest):
        other = self._board.other_slot()
        try:
            return self._board.was_aborted(other.address) and image_digest(other) == digest
        except ImageError:
            return False

    def confirm(self, checks=()) -> bool:
        """Run the health checks until all pass, then keep the image; else reset, and so roll back.

        Args:
            checks: (name, callable) pairs; a check passes when it returns something true, which
                a coroutine is not: checks are not awaited.

        They have the seconds that the image's manifest gives them (confirm_within_s), 300 where the
        record does not know the image, from when the trial began; each is tried once at least.

        Returns False, at once, when the running image is not on trial; True when it is kept now.
        When it is not kept, the board is reset.
        """
        return finish(self.confirm_steps(checks), self._feed)

    def confirm_steps(self, checks=()):
        """Confirm as `confirm` does, in steps: after each check, and while it waits for them."""
        if not self.is_on():
            return False
        failing = yield from self._wait_steps(list(checks))
        if not self.is_on():  # another task has confirmed it meanwhile
            return self._board.state() == boot.VALID
        trial = self._of_running_image()
        if failing:
            self._roll_back(trial, failing)
            return False
        if self._board.state() == boot.PENDING and not self._board.confirm():
            return False
        if trial:
            self._remember(self._record.confirm)
        self._remember(self._record.forget_unsettled)
        self._log("confirm", "%s is kept" % (trial["version"] if trial else "the running image"))
        return True

    def is_on(self) -> bool:
        """Whether the running image is to be confirmed.

        Without a rollback in the bootloader or the firmware that armed it (it is NEW or UNDEFINED
        then), the record alone knows.
        """
        state = self._board.state()
        unaided = state in (boot.NEW, boot.UNDEFINED)
        return state == boot.PENDING or unaided and self._of_running_image() is not None

    def end_if_overdue(self) -> None:
        """Roll back the image on trial when its time has passed and nobody has confirmed it."""
        trial = self._of_running_image()
        if self._left_s(trial) <= 0:
            self._roll_back(trial, "the application")

    def _left_s(self, trial):
        deadline_s = trial["confirm_within_s"] if trial else _DEFAULT_DEADLINE_S
        return deadline_s - self._board.seconds_since(self._began)

    def reason_to_wait(self):
        """Why the other slot must not be touched now, or None; a reset may follow that settles it.

        Raises BoardError where the running firmware is known to arm without a trial.
        """
        if not self._board.boots_itself():
            return self._settle_boot_choice()
        if self.is_on():
            # An install would overwrite the image that a rollback goes back to: ESP-IDF's own
            # esp_ota_begin refuses here, raw partition writes do not.
            self.end_if_overdue()
            return "the running image is not confirmed"
        if self._record.starts_no_trial(running_digest(self._board)):
            raise BoardError(_NO_TRIAL)
        return None

    def _settle_boot_choice(self):
        """Another slot is to boot than runs: a reset settles that, or the choice changes.

        Armed and not reset, or started instead of an image that does not verify: the first reset
        tells, as a bootloader with rollback ends every trial then. If the running image comes back,
        its slot is made the boot slot, by the 2nd, 4th, 8th .. poll that finds it so: it has not
        failed for ever where its health checks fail then, and no board resets in a circle.
        """
        polls = self._count_polls()
        if polls == 1:
            self._log("guard", "another slot boots next: resetting")
            self._board.reset()
        elif polls & (polls - 1) == 0 and self._board.boot_state() not in (boot.NEW, boot.PENDING):
            self._boot_what_runs()
        return "another slot boots next"

    def _count_polls(self):
        """Polls in a row that found another slot to boot next; 3 where that cannot be recorded."""
        try:
            return self._record.count_unsettled()
        except OSError:
            return 3  # no power of two: nothing is done that could be done again and again

    def _boot_what_runs(self):
        # set_boot on the running slot takes the entry that a rollback needs, where that slot is the
        # boot slot. Here it is not: the active entry, the boot slot's, stays, and what goes is the
        # running slot's own old one. A cut in between changes nothing: the bootloader still comes
        # here, as it did. Then the image is on trial, and if it fails, what boots is as before.
        try:
            self._board.running_slot().set_boot()
        except OSError as error:
            self._log("guard", "what runs cannot be made to boot next: %s" % error)
            return
        self._log("guard", "what boots next does not start: this slot is to, resetting")
        self._board.reset()

    def arm(self, slot) -> None:
        """Make the image in `slot` boot next, for a trial, and reset into it.

        Raises OSError when the record cannot be written, or ESP-IDF refuses the image; BoardError
        when it would not be a trial: the boot choice is as it was then.
        """
        self._record.arm()
        self._counts.note(self._record.trial)
        slot.set_boot()
        if self._board.boot_state() == boot.UNDEFINED:
            # esp_ota_ops.c of a build without rollback: the new image would stay, come what may.
            self._board.disarm()
            self._record.note_no_trial(running_digest(self._board))
            raise BoardError(_NO_TRIAL)
        self._board.reset()

    def _of_running_image(self):
        trial = self._record.trial
        return trial if trial and trial["digest"] == running_digest(self._board) else None

    def adopt(self, manifest) -> None:
        """The running image is the manifest's, however it came here."""
        self._remember(lambda: self._record.adopt(manifest))

    def _roll_back(self, trial, failing):
        if trial:
            self._remember(self._record.condemn)
        self._log("health", "%s did not pass in time: rolling back" % failing)
        if self._board.state() == boot.PENDING or self._go_back():
            self._board.reset()

    def _go_back(self):
        """Do what the bootloader does not; False where there is nothing to go back to."""
        try:
            self._board.other_slot().set_boot()
        except (OSError, BoardError) as error:
            self._log("health", "there is no way back: %s" % error)
            return False
        return True

    def _remember(self, write):
        try:
            write()
        except OSError as error:  # NVS is full or worn: the firmware must live with that
            self._log("trial", "the record cannot be written: %s" % error)

    def _wait_steps(self, checks):
        """Return the name of a check that failed until the deadline, or None when all passed."""
        trial = self._of_running_image()
        while True:
            failing = yield from self._first_failing_steps(checks)
            if failing is None or self._left_s(trial) <= 0:
                return failing
            yield from sleep_steps(self._board, 1)

    def _first_failing_steps(self, checks):
        for name, check in checks:
            self._feed()  # a check may be slow
            try:
                passed = is_yes(check())
            except Exception as error:  # whatever the application's check raises, it did not pass
                self._log("health", "%s raised %r" % (name, error))
                passed = False
            yield
            if not passed:
                return name
        return None
