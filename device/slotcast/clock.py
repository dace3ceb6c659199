"""What time it is, on a board that wakes up in the year 2000.

floor = the newest of: the time of provisioning, and the newest signed `x-slotcast-signed-at` that
was verified and kept; now = max(floor, the board's clock). Times are compared as ISO strings: the
epoch is 2000 on ESP32 and 1970 elsewhere. Time from the network sets the clock and is never kept:
a forged future would outlive the attack.
"""


def iso(fields) -> str:
    """Return `YYYY-MM-DDTHH:MM:SSZ` of a tuple that begins (year, month, day, hour, minute, s)."""
    return "%04d-%02d-%02dT%02d:%02d:%02dZ" % tuple(fields[:6])


class Clock:
    """The board's clock with a floor.

    Args:
        floor: ISO time that it certainly is later than.
        gmtime: time.gmtime.
        set_utc: callable that sets the real-time clock from (year, month, day, hour, minute, s).
        ask_network: callable that sets it by SNTP, or raises OSError.
    """

    def __init__(self, floor: str, gmtime, set_utc, ask_network):
        self.floor = floor
        self._gmtime = gmtime
        self._set_utc = set_utc
        self._ask_network = ask_network

    def now(self) -> str:
        """The ISO time, never before the floor."""
        return max(self.floor, iso(self._gmtime()))

    def raise_floor(self, signed_at: str) -> None:
        """Take a verified time of signing for a floor, if it is newer."""
        self.floor = max(self.floor, signed_at)

    def synchronise(self) -> bool:
        """Set the clock by the network, then lift it to the floor, for TLS reads it too.

        Returns whether the network answered. SNTP is unauthenticated: it may move the clock within
        what TLS certificates and metadata's expiry allow, and no further back than the floor.
        """
        try:
            self._ask_network()
            answered = True
        except OSError:
            answered = False
        if iso(self._gmtime()) < self.floor:
            self._set_utc(_fields(self.floor))
        return answered


def _fields(text):
    return tuple(int(text[at : at + 2 + 2 * (not at)]) for at in (0, 5, 8, 11, 14, 17))
