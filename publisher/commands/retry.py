"""Beginning again when another publisher was first: from what is published by then."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import cache, wraps

from publisher.arguments import Arguments
from publisher.backoff import more_or_less
from publisher.commands import Context, Result
from publisher.errors import ConflictError

ATTEMPTS = 5
_WAIT_S = 0.5

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
        began = time.monotonic()
        once = replace(context, ask=cache(context.ask), warn=cache(context.warn))
        for attempt in range(1, ATTEMPTS):
            passed = timedelta(seconds=time.monotonic() - began)
            try:
                return run(arguments, replace(once, now=context.now + passed))
            except ConflictError as error:
                again = f"beginning again from what is published now ({attempt + 1} of {ATTEMPTS})"
                context.note(f"{error}; {again}")
            context.sleep(more_or_less(_WAIT_S * attempt))
        passed = timedelta(seconds=time.monotonic() - began)
        return run(arguments, replace(once, now=context.now + passed))

    return run_again
