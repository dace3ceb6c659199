"""A clock over the trial of new firmware, for boot.py: it runs before any of the application does.

A watchdog that main.py starts is of no help against a main.py that cannot be imported, and the REPL
that the board then sits at is patient. So boot.py starts a timer: when the trial's time is up and
nobody has confirmed the image, the board is reset, and the bootloader rolls back.

Timers' callbacks run between two instructions of Python, and while it sleeps, waits for a socket or
sits at the REPL. Against a hang in C only a watchdog helps, machine.WDT.

Imports nothing but boot.py of Slotcast where it must work: a release whose Slotcast is broken is
rolled back all the same.
"""

_DEFAULT_S = 300
_MARGIN_S = 120  # for what main.py does before it opens the updater, and for a slow health check
_MAX_S = 86400


def guard(timer_id: int = 0):
    """Reset the board when its firmware is on trial and not confirmed in time.

    To be called in boot.py. The time is the manifest's confirm_within_s and two minutes, where the
    record knows the image, else seven minutes.

    Args:
        timer_id: of the machine.Timer; 0 is there on every chip. ESP32, S2 and S3 have 0 to 3, C3
            and C6 have 0 and 1. An application that sets the same timer ends the guard.

    Returns the Timer, or None, at once, when nothing is on trial.
    """
    from esp32 import Partition

    from slotcast import boot

    if boot.state(Partition) != boot.PENDING:
        return None
    from machine import DEEPSLEEP_RESET, Timer, reset, reset_cause

    if reset_cause() == DEEPSLEEP_RESET:
        # On waking the bootloader ends no trial, and the timer began anew: it would never end.
        print("slotcast trial: the new firmware slept before it was confirmed: resetting")
        reset()

    def judge(timer):
        if boot.state(Partition) == boot.PENDING:
            print("slotcast trial: nobody has confirmed the new firmware: resetting")
            reset()
        timer.deinit()

    timer = Timer(timer_id)
    # Periodic, as a callback is dropped when too many wait to run (py/scheduler.c).
    timer.init(mode=Timer.PERIODIC, period=1000 * (_time_s() + _MARGIN_S), callback=judge)
    return timer


def _time_s():
    """What the record gives the image on trial, if it can be read."""
    try:
        from slotcast.record import Record

        return max(1, min(Record.open().trial["confirm_within_s"], _MAX_S))
    except Exception:  # no record, or no Slotcast that works
        return _DEFAULT_S
