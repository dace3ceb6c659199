"""Beginning again when another publisher was first: from what is published by then."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import cache, wraps

from publisher.arguments import Arguments
from publisher.backoff import more_or_less
from publisher.commands import Context, Result
from publisher.errors import ConflictError

ATTEMPTS = 5
_WAIT_S = 0.5
_AGAIN = "somebody else published first; trying again on top of it"
_INTERRUPTED = (
    "interrupted: boards see all of it or nothing. Run the same command again: it publishes what "
    "is not published yet"
)

Run = Callable[[Arguments, Context], Result]


def retried(run: Run) -> Run:
    """Return a command that runs up to five times, as long as others publish before it does.

    Each run reads, verifies and decides anew: what does not apply any more is refused for its own
    reason. Passphrases are asked for once, and warnings given once.

    Raises:
        ConflictError: others were first each time; nothing of this is published.
    """

    @wraps(run)
    def run_again(arguments: Arguments, context: Context) -> Result:
        with _interruptible(arguments, context):
            return _run_again(run, arguments, context)

    return run_again


@contextmanager
def _interruptible(arguments: Arguments, context: Context) -> Iterator[None]:
    """Say what a Ctrl-C means for what is being published."""
    try:
        yield
    except KeyboardInterrupt:
        if not arguments.dry_run:
            context.note(_INTERRUPTED)
        raise


def _run_again(run: Run, arguments: Arguments, context: Context) -> Result:
    began = time.monotonic()
    once = replace(context, ask=cache(context.ask), warn=cache(context.warn))
    for attempt in range(1, ATTEMPTS):
        passed = timedelta(seconds=time.monotonic() - began)
        try:
            return run(arguments, replace(once, now=context.now + passed))
        except ConflictError:
            context.note(f"{_AGAIN} ({attempt + 1} of {ATTEMPTS})")
        context.sleep(more_or_less(_WAIT_S * attempt))
    passed = timedelta(seconds=time.monotonic() - began)
    return run(arguments, replace(once, now=context.now + passed))
