"""Numbers of things, in words."""


def count(number: int, what: str) -> str:
    """Return a number of things: "1 file", "2 files"; `what` is one of them."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
