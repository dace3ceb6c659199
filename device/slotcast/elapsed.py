"""Time between two times; apart from the clock, as a board seldom asks."""


def seconds_between(earlier: str, later: str) -> int:
    """Return the seconds from one ISO time to another; negative when they stand the other way."""
    a, b = fields(earlier), fields(later)
    seconds = 3600 * (b[3] - a[3]) + 60 * (b[4] - a[4]) + b[5] - a[5]
    return 86400 * (_day(b) - _day(a)) + seconds


def fields(text: str) -> tuple:
    """(year, month, day, hour, minute, second)."""
    return tuple(int(text[at : at + 2 + 2 * (not at)]) for at in (0, 5, 8, 11, 14, 17))


def _day(fields):
    """Days since a day long ago (time.mktime counts from another epoch on each port)."""
    year, month, day = fields[:3]
    if month < 3:  # a year that begins in March has its leap day at the end
        year, month = year - 1, month + 12
    return 365 * year + year // 4 - year // 100 + year // 400 + (153 * month - 457) // 5 + day
