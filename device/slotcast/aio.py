"""The updater beside an asyncio application.

The same steps as in a plain loop; between them the application's other tasks run. What blocks
them, and for how long, is in docs/states.md.
"""

import asyncio

_WAIT_MS = 10  # between two looks whether the network has something
_IDLE_MS = 1000  # between two looks whether a poll is due


async def run(updater) -> None:
    """Keep the board on the release that its channel offers, for ever; to be made a task."""
    while True:
        if updater.is_due():
            await poll(updater)
        await asyncio.sleep_ms(_IDLE_MS)


async def poll(updater):
    """Ask the channel once; the Decision, as of Updater.poll."""
    return await _drive(updater.poll_steps(), updater.feed)


async def confirm(updater, checks=()) -> bool:
    """End the trial of new firmware; as Updater.confirm."""
    return await _drive(updater.confirm_steps(checks), updater.feed)


async def _drive(steps, feed):
    try:
        while True:
            waits = next(steps)
            feed()
            await asyncio.sleep_ms(_WAIT_MS if waits else 0)
    except StopIteration as end:
        return end.value
    finally:
        steps.close()  # a task that is cancelled closes its connection
