"""What a poll comes to."""

INSTALL = "install"
CURRENT = "current"  # it runs already
STEP = "step"  # its min_version comes first: decide on that one's manifest
WAIT = "wait"  # not now: ask again at the next poll
REFUSE = "refuse"  # never, as things are
FAILED = "failed"  # the poll did not come to an end


class Decision:
    """What to do and why.

    Attributes: action (INSTALL, CURRENT, STEP, WAIT, REFUSE or FAILED), reason (text), manifest (or
    None where the poll did not get so far).
    """

    def __init__(self, action: str, reason: str, manifest):
        self.action = action
        self.reason = reason
        self.manifest = manifest
