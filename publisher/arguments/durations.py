"""Times as a person writes them on the command line: 90m, 12h, 30d, 8w."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_WHOLE = "[0-9]{1,6}"


def read_duration(text: str, units: str, number: str = _WHOLE) -> timedelta | None:
    """Return a time; None if it is none.

    Args:
        units: the letters of those that it may be in.
        number: the pattern of how many of them there may be.
    """
    found = re.fullmatch(rf"({number})([{units}])", text, re.ASCII)
    return timedelta(**{_UNITS[found[2]]: float(found[1])}) if found else None
