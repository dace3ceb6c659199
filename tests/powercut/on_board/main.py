"""The application of the boards in the sweep: joins, ends a trial, polls, and says what came of it.

It marks the journal of flash operations, if there is one, with each step that Slotcast logs.
"""

import sys
import time

import network

from slotcast.updater import Updater

_POLLS = 3


def log(step: str, message: str) -> None:
    """Print a step, and mark the journal with it."""
    print("slotcast", step + ":", message)
    journal = sys.modules["fakes.chip"].chip.flash.journal
    if journal:
        journal.mark("step " + step)


def join(timeout_s: int = 20) -> "network.WLAN":
    """Connect to Wi-Fi; returns the interface whether or not it connected in time."""
    wlan = network.WLAN(network.STA_IF)
    wlan.active(True)
    wlan.connect("workshop", "change me")
    for _ in range(timeout_s):
        if wlan.isconnected():
            break
        time.sleep(1)
    return wlan


def main() -> None:
    """One life: polls until there is nothing to do, a few times at most."""
    wlan = join()
    updater = Updater.open(log=log)
    updater.confirm([("wifi", wlan.isconnected)])
    for _ in range(_POLLS):
        decision = updater.poll()
        if decision.action == "current":
            break
        time.sleep(60)
    print("powercut end:", decision.action + ":", decision.reason)


main()
