"""What the board remembers, loaded when it is asked for, and let go of while memory is short."""

from slotcast.modules import unload
from slotcast.phases import REMEMBERING


class OnDemand:
    """Stands for an object that can be made anew at any time: what it knows, it keeps elsewhere.

    It is made when one of its methods or attributes is asked for, and again after `let_go`.

    Args:
        make: callable; imports what it needs by itself, so that this can be unloaded.
    """

    def __init__(self, make):
        self._make = make
        self._made = None

    def __getattr__(self, name: str):
        """What the object has by this name."""
        if self._made is None:
            self._made = self._make()
        return getattr(self._made, name)

    def let_go(self) -> None:
        """Do without the object until it is asked for something again."""
        self._made = None


class Recall:
    """The record in NVS and the trial of this boot.

    Args:
        directory: where the tries are counted too.
        board: the hardware, a board.Board.
        application: an Application.

    Attributes: record, a record.Record, and trial, a trial.Trial; both on demand.
    """

    def __init__(self, directory: str, board, application):
        self._directory = directory
        self._board = board
        self._application = application
        self._began = board.ticks()
        self.record = OnDemand(_open_record)
        self.trial = OnDemand(self._open_trial)

    def let_go(self) -> None:
        """Unload what only remembering needs."""
        self.record.let_go()
        self.trial.let_go()
        unload(REMEMBERING)

    def _open_trial(self):
        from slotcast.files import KeptFiles
        from slotcast.trial import Trial
        from slotcast.tries import Tries

        log, feed = self._application.log, self._application.feed
        tries = Tries(KeptFiles(self._directory, log))
        return Trial(self._board, self.record, tries, log, feed, self._began)


def _open_record():
    from slotcast.record import Record

    return Record.open()
