"""Trying again: exponential back-off with jitter, and an end to it.

What counts against an attempt is that it gained nothing: a link that breaks every few seconds, but
brings something each time, gets there in one poll.
"""

from slotcast.errors import CertificateError, DownloadError, NotFoundError

# In a row that gain nothing: the pauses between them are half a minute at most, all together, as a
# poll in a plain loop keeps its application waiting.
ATTEMPTS = 5
# In all, whatever they gain: a poll comes to an end, and the next one goes on where it stopped.
_MAX_ATTEMPTS = 64
_MAX_DELAY_S = 60


def delay_s(failures: int, random) -> int:
    """Seconds to wait after `failures` in a row (1 or more): 2, 4, 8 .. 60, or down to half of it.

    Args:
        random: callable (count) -> random bytes, as os.urandom: boards that one outage has cut off
            must not come back in step.
    """
    most = min(_MAX_DELAY_S, 1 << min(failures, 6))
    return most // 2 + random(1)[0] * (most // 2 + 1) // 256


def with_retries_steps(attempt, pause, log, made_progress=None, attempts: int = ATTEMPTS):
    """What attempt() returns, the first time that the transport does not fail.

    Args:
        attempt: generator function; called anew for each attempt.
        pause: generator function (failures), that waits before the next one: for delay_s(failures).
        log: callable (message).
        made_progress: callable that tells whether anything was gained since it was asked last;
            None where nothing is kept of an attempt that failed.
        attempts: that gain nothing, in a row; then the last DownloadError is raised.

    Raises what attempt() does; only a DownloadError is worth another attempt, and no
    CertificateError or NotFoundError: those are answers, if unwelcome ones.
    """
    failures = 0
    for number in range(1, _MAX_ATTEMPTS + 1):
        try:
            return (yield from attempt())
        except DownloadError as error:
            gained = made_progress and made_progress()
            failures = 1 if gained else failures + 1
            final = isinstance(error, (CertificateError, NotFoundError))
            if final or failures >= attempts or number == _MAX_ATTEMPTS:
                raise
            log("again after attempt %d, %d in vain: %s" % (number, failures, error))
        yield from pause(failures)
