"""The alphabets of RFC 1951, section 3.2.5: lengths and distances as symbols with extra bits."""

END_OF_BLOCK = 256
FIRST_LENGTH = 257  # the symbol of length 3
MIN_LENGTH, MAX_LENGTH = 3, 258
LITLEN_SYMBOLS, DISTANCE_SYMBOLS = 286, 30
NO_DISTANCE = 30  # in the place of a distance symbol: there is none

# Of length symbol 257 + i and of distance symbol i: extra bits, and the first value.
LENGTH_EXTRA = (*[0] * 8, *(n for n in range(1, 6) for _ in range(4)), 0)
LENGTH_BASE = (*(3 + sum(1 << n for n in LENGTH_EXTRA[:i]) for i in range(28)), 258)
DISTANCE_EXTRA = (0, 0, *(n for n in range(14) for _ in range(2)))
DISTANCE_BASE = tuple(1 + sum(1 << n for n in DISTANCE_EXTRA[:i]) for i in range(30))


def length_index(length: int) -> int:
    """Which of the 29 length symbols, from 0, a match of `length` bytes (3 to 258) has."""
    if length == MAX_LENGTH:
        return 28
    top = (length - MIN_LENGTH).bit_length()
    extra = max(0, top - 3)
    return 4 * extra + (length - MIN_LENGTH >> extra)


def distance_index(distance: int) -> int:
    """Which of the 30 distance symbols a distance (1 to 32768) has."""
    top = (distance - 1).bit_length()
    extra = max(0, top - 2)
    return 2 * extra + (distance - 1 >> extra)
