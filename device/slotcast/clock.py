"""What time it is, on a board that wakes up in the year 2000.

floor = the newest of: the time of provisioning, and the newest signed `x-slotcast-signed-at` that
was verified and kept. Metadata expires by max(floor, the board's clock). Certificates expire by the
board's clock alone, which the network may set to any time since provisioning: a signing time that
lies ahead must not keep a board that SNTP answers from fetching what mends it. Times are compared
as ISO strings: the epoch is 2000 on ESP32 and 1970 elsewhere. Time from the network is never kept:
a forged future would outlive the attack.
"""


def iso(fields) -> str:
    """Return `YYYY-MM-DDTHH:MM:SSZ` of a tuple that begins (year, month, day, hour, minute, s)."""
    return "%04d-%02d-%02dT%02d:%02d:%02dZ" % tuple(fields[:6])


class Clock:
    """The board's clock with a floor.

    Args:
        built_at: ISO time of provisioning.
        gmtime: time.gmtime.
        set_utc: callable that sets the real-time clock from (year, month, day, hour, minute, s).
        ask_network: callable that sets it by SNTP, or raises.
    """

    def __init__(self, built_at: str, gmtime, set_utc, ask_network):
        self._built_at = built_at
        self.floor = built_at
        self._gmtime = gmtime
        self._set_utc = set_utc
        self._ask_network = ask_network

    def now(self) -> str:
        """The ISO time, never before the floor."""
        return max(self.floor, iso(self._gmtime()))

    def set_floor(self, signed_at: str) -> None:
        """Take the newest verified time of signing, or "", for a floor."""
        self.floor = max(self._built_at, signed_at)

    def synchronise(self) -> bool:
        """Set the clock by the network; by the floor where that gives no time since provisioning.

        Returns whether the network answered.
        """
        answered = self._ask()
        if iso(self._gmtime()) < (self._built_at if answered else self.floor):
            from slotcast.elapsed import fields  # seldom

            self._set_utc(fields(self.floor))
        return answered

    def _ask(self):
        try:
            self._ask_network()
        except Exception:  # ntptime raises OSError, and ValueError when the answer is too short
            return False
        return True
