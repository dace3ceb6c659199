"""The trial of a new image: from its first boot until it is kept or given up.

An image whose health checks fail is given up at once. One that resets before it is kept, by a
crash, a watchdog or a power cut, is rolled back by the bootloader and tried again, three times in
all.
"""

from slotcast import boot
from slotcast.errors import ImageError
from slotcast.image import image_digest

_MAX_ARMED = 3
_DEFAULT_DEADLINE_S = 300


class Trial:
    """Accounts for the image that was armed last. The record is a hint: losing it does no harm.

    Args:
        board: the hardware, a board.Board.
        record: what the board remembers, a record.Record.
        log: callable (step, message).
        feed: callable that feeds a watchdog.
    """

    def __init__(self, board, record, log, feed):
        self._board = board
        self._record = record
        self._log = log
        self._feed = feed
        self._began = board.ticks()

    def begin(self) -> None:
        """Find out, once a boot, what became of the image that was armed."""
        if self._board.boots_itself():
            self._remember(self._record.forget_resets)
        trial = self._record.trial
        if not trial:
            return
        if trial["digest"] != running_digest(self._board):
            self._is_not_running(trial)
            return
        state = self._board.state()
        if state == boot.PENDING:
            self._log("trial", "%s is on trial, try %d of %d" % self._tries(trial))
        elif state in (boot.VALID, boot.UNDEFINED):
            # Kept, and the power went before that was recorded.
            self._remember(self._record.confirm)
            self._log("trial", "%s is kept" % trial["version"])
        else:  # it runs because the bootloader has nothing else to start
            self._give_up(trial)

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

    def has_failed(self, digest: str) -> bool:
        """Whether the image with this digest was given up on this board.

        Where the record knows nothing of it, otadata may: an image that stands in the other slot
        and was aborted there is not armed again, or a board that loses its record would do so for
        ever.
        """
        trial = self._record.trial
        if trial and trial["digest"] == digest:
            return False
        return self._record.has_failed(digest) or self._was_aborted(digest)

    def _was_aborted(self, digest):
        other = self._board.other_slot()
        try:
            return self._board.was_aborted(other.address) and image_digest(other) == digest
        except ImageError:
            return False

    def confirm(self, checks=()) -> bool:
        """Run the health checks until all pass, then keep the image; else reset, and so roll back.

        Args:
            checks: (name, callable) pairs; a check passes when it returns something true.

        They have the seconds that the image's manifest gives them (confirm_within_s), 300 where the
        record does not know the image.

        Returns False, at once, when the running image is not on trial; True when it is kept now.
        When it is not kept, the board is reset.
        """
        if self._board.state() != boot.PENDING:
            return False
        trial = self._of_running_image()
        failing = self._wait(checks, _deadline_s(trial))
        if failing:
            self._roll_back(trial, failing)
            return False
        if not self._board.confirm():
            return False
        if trial:
            self._remember(self._record.confirm)
        self._log("confirm", "%s is kept" % (trial["version"] if trial else "the running image"))
        return True

    def end_if_overdue(self) -> None:
        """Roll back the image on trial when its time has passed and nobody has confirmed it."""
        trial = self._of_running_image()
        if self._board.seconds_since(self._began) >= _deadline_s(trial):
            self._roll_back(trial, "the application")

    def may_reset(self) -> bool:
        """Whether a reset may be tried to settle what boots next: once, until it is settled."""
        try:
            return self._record.count_reset() == 1
        except OSError:
            return False

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
        self._board.reset()

    def _remember(self, write):
        try:
            write()
        except OSError as error:  # NVS is full or worn: the firmware must live with that
            self._log("trial", "the record cannot be written: %s" % error)

    def _wait(self, checks, deadline_s):
        """Return the name of a check that failed until the deadline, or None when all passed."""
        began = self._board.ticks()
        while True:
            failing = self._first_failing(checks)
            if failing is None or self._board.seconds_since(began) >= deadline_s:
                return failing
            self._board.sleep_s(1)

    def _first_failing(self, checks):
        for name, check in checks:
            self._feed()
            try:
                passed = check()
            except Exception as error:  # whatever the application's check raises, it did not pass
                self._log("health", "%s raised %r" % (name, error))
                passed = False
            if not passed:
                return name
        return None


def _deadline_s(trial):
    return trial["confirm_within_s"] if trial else _DEFAULT_DEADLINE_S


def running_digest(board) -> str:
    """Digest of the running image, "" where it carries none."""
    try:
        return image_digest(board.running_slot())
    except ImageError:
        return ""
