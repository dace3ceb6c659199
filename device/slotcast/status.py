"""What the updater is at, for an application to show or to send."""

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

_LONGEST_TEXT = 96  # of a reason or an error: a status stays below 512 bytes of JSON


def transitions() -> dict:
    """Which states may follow each: state -> tuple of states.

    From within a poll failure leads to idle, or to the next edge (connect); a poll during a trial
    leads back to it. A function, since a board has no use for it and no memory to spare.
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


class Status:
    """State, running release, last decision, last error, and the traffic of the last poll.

    Attributes: state (one of STATES); version and digest of the running image (texts, "" where
    unknown); action and reason of the last Decision; error, the last since the reset;
    received_bytes and attempts (connections opened) of the present poll, or else the last: added up
    as the poll leaves each edge.
    """

    def __init__(self, version: str = "", digest: str = ""):
        self.state = SETTLE
        self.version = version
        self.digest = digest
        self.action = ""
        self.reason = ""
        self.error = ""
        self.received_bytes = 0
        self.attempts = 0

    def enter(self, state: str) -> None:
        """Take the state; whether transitions() allows it is for tests to say."""
        self.state = state

    def begin(self) -> None:
        """A poll begins, and with it the count of its traffic."""
        self.received_bytes = self.attempts = 0
        self.enter(GUARD)

    def decided(self, decision) -> None:
        """A poll ended with this Decision."""
        self.action = decision.action
        self.reason = decision.reason

    def failed(self, error: str) -> None:
        """Keep the text of what went wrong last."""
        self.error = error

    def as_dict(self) -> dict:
        """JSON values by name; long texts are cut."""
        return {
            "state": self.state,
            "version": self.version,
            "digest": self.digest,
            "action": self.action,
            "reason": self.reason[:_LONGEST_TEXT],
            "error": self.error[:_LONGEST_TEXT],
            "received_bytes": self.received_bytes,
            "attempts": self.attempts,
        }
