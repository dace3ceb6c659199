"""Keeps one board on the release that its channel offers.

    settle -> guard -> time -> connect -> refresh -> decide -> install -> check -> arm -> reset
                                                          next boot: health -> confirm | reset

Every step logs what was decided and why. Whatever fails before `arm` leaves the running firmware
and the boot choice as they were. Nothing stands between `arm` and `reset`: a board that is armed
and polls again would overwrite the otadata entry of the image that it could go back to.
"""

import gc

from slotcast.application import Application
from slotcast.config import Config
from slotcast.decision import FAILED, INSTALL, WAIT, Decision
from slotcast.modules import reserve, unload
from slotcast.phases import CONFIGURING
from slotcast.poll import Poll
from slotcast.recall import Recall
from slotcast.schedule import Schedule
from slotcast.steps import finish, sleep_steps

_GC_THRESHOLD_BYTES = 8192
_MORE_MODULES = 18  # so many, or a few less, are loaded at a time beside those at the beginning
# No step takes so long: an asyncio loop has ended, and left its poll behind.
_ABANDONED_S = 600


class Updater:
    """One board's updater.

    Args:
        directory: holds ota.json, the trust anchors, and metadata/ with the trusted root.
        board: the hardware, a board.Board.
        application: an Application.

    Attributes: status, a Status for the application to show or send; feed, the watchdog's.

    Raises BoardError when ota.json is not one, OSError when it is not there.
    """

    def __init__(self, directory, board, application):
        self._board = board
        self._application = application
        self.status = application.status
        self.feed = application.feed
        config = _config(directory + "/ota.json")
        unload(CONFIGURING)
        self._recall = Recall(directory, board, application)
        self._trial = self._recall.trial
        self._poll = Poll(directory, config, board, self._recall, application)
        self._uptime = self._poll.uptime
        self._schedule = Schedule(board.device_id(), config, board.was_powered_on())
        self._out_of_memory = Decision(FAILED, "MemoryError", None)
        self._is_on_trial = False
        self._running = None
        self._stepped_s = 0

    @classmethod
    def open(
        cls, directory="/etc/slotcast", log=None, progress=None, feed=None, hooks=None
    ) -> "Updater":
        """The updater of this board, as provisioned in `directory`; call it once a boot.

        It also finds out what became of an image that was armed before.

        Args:
            log: callable (step, message), or None to print.
            progress: callable (done_bytes, total_bytes) during an install, or None.
            feed: callable that feeds a watchdog, or None.
            hooks: a hooks.Hooks of the application, or None.
        """
        from slotcast.board import Board

        _take_places()
        application = Application(log, progress, feed, hooks)
        updater = cls(directory, Board(), application)
        updater._begin()
        return updater

    def _begin(self):
        self._trial.begin()
        self.status.version, self.status.digest = self._poll.running()
        self._is_on_trial = self._trial.is_on()
        if self._is_on_trial:
            self.status.enter("trial")
        self._recall.let_go()

    def confirm(self, checks=()) -> bool:
        """End the trial of a new image: keep it when all checks pass, else roll back; see Trial."""
        return finish(self.confirm_steps(checks), self.feed)

    def confirm_steps(self, checks=()):
        """`confirm`, in steps."""
        kept = yield from self._trial.confirm_steps(checks)
        if kept:
            self._is_on_trial = False
            self.status.version, self.status.digest = self._poll.running()
            self.status.enter("settle")
        self._recall.let_go()
        return kept

    def is_due(self) -> bool:
        """Whether it is time to poll.

        After power-on that is when the supply has settled, and not for all boards at once; then
        every few hours. To be asked at least once a minute: it also ends an overdue trial.
        """
        if self._is_on_trial:  # and only then is it worth a look into otadata
            self._is_on_trial = self._trial.is_on()
        if self._is_on_trial:
            self._trial.end_if_overdue()
            return False
        return self._schedule.is_due(self._uptime.now_s())

    def poll_if_due(self):
        """Poll when it is time; the Decision, or None when it is not."""
        return self.poll() if self.is_due() else None

    def run(self) -> None:
        """Poll whenever it is time, for ever: an application's last line, if it has no loop."""
        while True:
            self.poll_if_due()
            finish(sleep_steps(self._board, 1), self.feed)

    def poll(self) -> Decision:
        """Ask the channel once, install what it offers, and reset into it.

        Returns the Decision for what the application may want to show; after INSTALL the board has
        been reset. Never raises for what may go wrong in an update: then the Decision's action is
        FAILED, and its reason says what.
        """
        return finish(self.poll_steps(), self.feed)

    def poll_steps(self):
        """`poll`, in steps."""
        if self._running and self._uptime.now_s() - self._stepped_s < _ABANDONED_S:
            return Decision(WAIT, "a poll is under way", None)
        if self._running:
            self._running.close()
        # Collected often, what stays for long is not scattered over the heap, and the window that
        # each block needs finds room (MicroPython docs, reference/constrained.rst).
        threshold = gc.threshold()
        gc.threshold(_GC_THRESHOLD_BYTES)
        gc.collect()
        self._running = steps = self._poll.steps()
        try:
            decision = yield from self._watched(steps)
            if decision.action == INSTALL:
                self._arm(decision.manifest)
        except Exception as error:  # the application must live, whatever it is
            decision = self._failed(error)
        finally:
            if self._running is steps:
                self._running = None
            gc.threshold(threshold)
            self._plan_next()
        self.status.decided(decision)
        return decision

    def _watched(self, steps):
        """`steps`, noting when each is taken: those of a task that was abandoned are not."""
        try:
            while True:
                self._stepped_s = self._uptime.now_s()
                yield next(steps)
        except StopIteration as end:
            return end.value
        finally:
            steps.close()

    def _plan_next(self):
        if self._is_on_trial:  # it was not asked: the poll that is due comes once this is over
            self.status.enter("trial")
            return
        now_s = self._uptime.now_s()
        self._schedule.polled(now_s)
        if self._poll.is_put_off:
            self._schedule.wait_for_window(now_s, self._poll.now())
        self.status.enter("idle")

    def _failed(self, error):
        try:
            decision = Decision(FAILED, "%s: %s" % (type(error).__name__, error), None)
            self._application.log("failed", decision.reason)
            self.status.failed(decision.reason)
        except MemoryError:
            return self._out_of_memory
        return decision

    def _arm(self, manifest):
        slot = self._board.other_slot()
        self.status.enter("arm")
        self._application.log("arm", "%s boots next, from %s" % (manifest.version, slot.label))
        self._trial.arm(slot)


def _take_places():
    """Let what stays for as long as the board runs stand close together, before all else.

    The tables of modules, and native code with what leads to it: once loaded it is never let go of.
    """
    gc.collect()
    reserve(_MORE_MODULES)
    from slotcast.sha512 import fastest

    fastest()
    unload("sha512")


def _config(path):
    from slotcast.files import read_file

    return Config(read_file(path))
