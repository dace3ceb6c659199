"""Times as TUF writes them; apart, as those who only check one need nothing else."""

_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def is_time(text) -> bool:
    """Whether `text` is a UTC time as TUF writes it: exactly YYYY-MM-DDTHH:MM:SSZ."""
    if not isinstance(text, str) or len(text) != 20:
        return False
    if text[4] + text[7] + text[10] + text[13] + text[16] + text[19] != "--T::Z":
        return False
    digits = text[:4] + text[5:7] + text[8:10] + text[11:13] + text[14:16] + text[17:19]
    if digits.strip("0123456789") or not 1 <= int(digits[4:6]) <= 12:
        return False
    is_leap = int(digits[:4]) % 4 == 0 and (digits[2:4] != "00" or int(digits[:2]) % 4 == 0)
    days = 28 if digits[4:6] == "02" and not is_leap else _DAYS[int(digits[4:6]) - 1]
    clock = digits[8:10] < "24" and digits[10:12] < "60" and digits[12:] < "60"
    return clock and digits[:4] != "0000" and 1 <= int(digits[6:8]) <= days
