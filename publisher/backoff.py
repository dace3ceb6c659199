"""Waiting before something is tried again."""

from random import SystemRandom


def more_or_less(wait_s: float) -> float:
    """Return a wait from half to one and a half times as long: who met once is to meet no more."""
    return wait_s * SystemRandom().uniform(0.5, 1.5)
