"""The maintenance window: a part of each day in UTC, "22:30-04:00"; it may cross midnight."""

_DAY_S = 86400


class Window:
    """The time between two times of day; it begins with the first and ends before the second.

    Args:
        text: "HH:MM-HH:MM", two different times.

    Attributes: text, and length_s.

    Raises ValueError when it is not that.
    """

    def __init__(self, text: str):
        self.text = text
        ends = text.split("-")
        if len(ends) != 2 or ends[0] == ends[1]:
            raise ValueError("window is not HH:MM-HH:MM")
        self._start_s = _time_of_day_s(ends[0])
        self.length_s = (_time_of_day_s(ends[1]) - self._start_s) % _DAY_S

    def is_open(self, now: str) -> bool:
        """Whether the ISO time lies within."""
        return self.left_s(now) > _DAY_S - self.length_s

    def left_s(self, now: str, into_s: int = 0) -> int:
        """Seconds from an ISO time until `into_s` after the next opening: 1 to 86400."""
        now_s = _time_of_day_s(now[11:16]) + int(now[17:19])
        return (self._start_s + into_s - now_s - 1) % _DAY_S + 1


def _time_of_day_s(text):
    """Seconds since midnight of "HH:MM"."""
    if len(text) != 5 or text[2] != ":" or not (text[:2] + text[3:]).isdigit():
        raise ValueError("window is not HH:MM-HH:MM")
    hour, minute = int(text[:2]), int(text[3:])
    if hour > 23 or minute > 59:
        raise ValueError("window has no such time: " + text)
    return hour * 3600 + minute * 60
