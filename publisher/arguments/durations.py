"""Times as a person writes them on the command line: 90m, 12h, 30d, 8w."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def read_duration(text: str, units: str) -> timedelta | None:
    """Return a time of whole units, of which `units` has the letters; None if it is none."""
    found = re.fullmatch(rf"([0-9]{{1,6}})([{units}])", text, re.ASCII)
    return timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else None
