"""What the updater is at, for an application to show or to send."""

_LONGEST_TEXT = 96  # of a reason or an error: a status stays below 512 bytes of JSON


class Status:
    """State, running release, last decision, last error, and the traffic of the last poll.

    Attributes: state (one of states.STATES); version and digest of the running image (texts, ""
    where unknown); action and reason of the last Decision; error, the last since the reset;
    received_bytes and attempts (connections opened) of the present poll, or else the last: added up
    as the poll leaves each edge.
    """

    def __init__(self, version: str = "", digest: str = ""):
        self.state = "settle"
        self.version = version
        self.digest = digest
        self.action = ""
        self.reason = ""
        self.error = ""
        self.received_bytes = 0
        self.attempts = 0

    def enter(self, state: str) -> None:
        """Take the state; whether states.transitions() allows it is for tests to say."""
        self.state = state

    def begin(self) -> None:
        """A poll begins, and with it the count of its traffic."""
        self.received_bytes = self.attempts = 0
        self.enter("guard")

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
