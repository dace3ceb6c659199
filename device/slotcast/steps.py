"""Work in steps, so that an asyncio application goes on while its board polls.

What may take long is a generator, named `*_steps`. It yields where others may run: None when it has
more to do at once, or what it waits for, an object with wait(ms), which blocks for up to so many
milliseconds until it may be worth going on. Whether it is, the generator sees for itself.

Who does not care for any of this calls its plain twin, which is `finish` of it.
"""

_WAIT_MS = 1000


def finish(steps, breathe=None):
    """Run `steps` to the end, waiting as long as it takes; returns what they return.

    Args:
        steps: a generator; it is closed, whatever happens.
        breathe: called after each step, and so at least once a second of waiting: feeds a watchdog.

    Raises what they raise.
    """
    try:
        while True:
            try:
                waiter = next(steps)
            except StopIteration as end:
                return end.value
            if waiter is not None:
                waiter.wait(_WAIT_MS)
            if breathe:
                breathe()
    finally:
        steps.close()


def plain(function):
    """A generator function that does what an ordinary one does, in one step."""

    def steps(*arguments):
        yield from ()
        return function(*arguments)

    return steps


def sleep_steps(board, seconds):
    """Wait for at least so many seconds of `board`, a board.Board."""
    began = board.ticks()
    nap = _Nap(board)
    while board.seconds_since(began) < seconds:
        yield nap


class _Nap:
    def __init__(self, board):
        self._board = board

    def wait(self, ms):
        """Sleep, for a second at most, so that what the sleeper waits for is not missed."""
        self._board.sleep_s(min(1, ms / 1000))
