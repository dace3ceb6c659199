"""What the application lends to the updater, and what it is told; none of it breaks an update."""

from slotcast.hooks import Hooks
from slotcast.status import Status


class Application:
    """The application as the updater sees it; each argument may be None.

    Args:
        log: callable (step, message); by default it prints.
        progress: callable (done_bytes, total_bytes) during an install.
        feed: callable that feeds a watchdog.
        hooks: a hooks.Hooks; TypeError for anything else.

    Attributes: log, progress and feed, which never raise; hooks; status, a Status.
    """

    def __init__(self, log=None, progress=None, feed=None, hooks=None):
        self.log = unfailing(log or print_log)
        self.progress = unfailing(progress)
        self.feed = unfailing(feed)
        self.hooks = Hooks() if hooks is None else hooks
        if not isinstance(self.hooks, Hooks):
            raise TypeError("hooks are to be a subclass of slotcast.hooks.Hooks")
        self.status = Status()


def unfailing(callback):
    """A callable (or None) whose exceptions are printed, and change nothing of an update."""

    def call(*arguments):
        try:
            if callback:
                callback(*arguments)
        except Exception as error:
            print("slotcast: a callback raised %r" % error)

    return call


def print_log(step: str, message: str) -> None:
    """Write a step to the console."""
    print("slotcast %s: %s" % (step, message))
