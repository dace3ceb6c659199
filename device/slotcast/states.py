"""The states of an updater, for those who read its status; the board itself has no use for it."""

SETTLE = "settle"  # as idle, before the first poll since the reset
IDLE = "idle"
GUARD = "guard"
TIME = "time"
CONNECT = "connect"
REFRESH = "refresh"
DECIDE = "decide"
INSTALL = "install"
CHECK = "check"
ARM = "arm"
TRIAL = "trial"
STATES = (SETTLE, IDLE, GUARD, TIME, CONNECT, REFRESH, DECIDE, INSTALL, CHECK, ARM, TRIAL)

# Where a reset may follow; the boot after it begins with settle.
RESETS = (GUARD, ARM, TRIAL)


def transitions() -> dict:
    """Which states may follow each: state -> tuple of states.

    From within a poll failure leads to idle, or to the next edge (connect); a poll during a trial
    leads back to it.
    """
    return {
        SETTLE: (GUARD, TRIAL),
        IDLE: (GUARD,),
        GUARD: (TIME, TRIAL, IDLE),
        TIME: (CONNECT, IDLE),
        CONNECT: (REFRESH, IDLE),
        REFRESH: (DECIDE, CONNECT, IDLE),
        DECIDE: (INSTALL, IDLE),
        INSTALL: (CHECK, CONNECT, IDLE),
        CHECK: (ARM, CONNECT, IDLE),
        ARM: (IDLE,),
        TRIAL: (SETTLE, GUARD),
    }
