"""How small a heap may be, by trial."""

from collections.abc import Callable


def smallest_heap_kib(
    passes: Callable[[int], bool], too_small_kib: int, enough_kib: int, step_kib: int = 1
) -> int:
    """The smallest heap with which a trial passes, by halving between two bounds.

    Args:
        passes: whether a trial passes with so many KiB.
        step_kib: it is a multiple of this, as both bounds are.
    """
    while enough_kib - too_small_kib > step_kib:
        middle = (too_small_kib + enough_kib) // 2 // step_kib * step_kib
        if passes(middle):
            enough_kib = middle
        else:
            too_small_kib = middle
    return enough_kib
