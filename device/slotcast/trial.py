"""The trial of a new image: from its first boot until it is confirmed or rolled back."""

from slotcast.errors import ImageError
from slotcast.image import image_digest

_MAX_ARMED = 3  # an image that never comes up is given up after so many tries
_DEFAULT_DEADLINE_S = 300


class Trial:
    """Accounts for the image that was armed last.

    Args:
        board: the hardware, a board.Board.
        record: what the board remembers, a record.Record.
        log: callable (step, message).
        feed: callable that feeds a watchdog, or None.
    """

    def __init__(self, board, record, log, feed=None):
        self._board = board
        self._record = record
        self._log = log
        self._feed = feed

    def begin(self) -> None:
        """Find out, once a boot, what became of the image that was armed."""
        trial = self._record.trial
        if not trial:
            return
        if trial["digest"] == running_digest(self._board):
            self._came_up(trial)
        else:
            self._is_not_running(trial)

    def _came_up(self, trial):
        if self._board.is_pending():
            self._record.start()
            self._log("trial", "%s is on trial, start %d" % (trial["version"], trial["started"]))
        else:  # confirmed, and the power went before that was recorded
            self._record.confirm()
            self._log("trial", "%s is confirmed" % trial["version"])

    def _is_not_running(self, trial):
        # A power cut can leave no ABORTED entry, so our own counts decide as well.
        ran = trial["started"] or self._board.was_aborted(trial["address"])
        if ran or trial["armed"] >= _MAX_ARMED:
            self._record.fail()
            self._log("trial", "%s was rolled back, it is not tried again" % trial["version"])
        else:
            self._log("trial", "%s has not come up, it may be tried again" % trial["version"])

    def confirm(self, checks=()) -> bool:
        """Run the health checks until all pass, then keep the image; else reset, and so roll back.

        Args:
            checks: (name, callable) pairs; a check passes when it returns something true.

        Returns False, at once, when the running image is not on trial; True when it is kept now.
        """
        if not self._board.is_pending():
            return False
        trial = self._record.trial
        failing = self._wait(checks, trial["confirm_within_s"] if trial else _DEFAULT_DEADLINE_S)
        if failing:
            self._log("health", "%s did not pass in time: rolling back" % failing)
            self._board.reset()
            return False
        self._board.confirm()
        if trial:
            self._record.confirm()
        self._log("confirm", "%s is kept" % (trial["version"] if trial else "the running image"))
        return True

    def _wait(self, checks, deadline_s):
        """Return the name of a check that failed until the deadline, or None when all passed."""
        end = self._board.ticks_s() + deadline_s
        while True:
            failing = self._first_failing(checks)
            if failing is None or self._board.ticks_s() >= end:
                return failing
            self._board.sleep_s(1)

    def _first_failing(self, checks):
        for name, check in checks:
            if self._feed:
                self._feed()
            try:
                passed = check()
            except Exception as error:  # whatever the application's check raises, it did not pass
                self._log("health", "%s raised %r" % (name, error))
                passed = False
            if not passed:
                return name
        return None


def running_digest(board) -> str:
    """Digest of the running image, "" where it carries none."""
    try:
        return image_digest(board.running_slot())
    except ImageError:
        return ""
