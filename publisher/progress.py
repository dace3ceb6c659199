"""How long work tells what it has done."""

from collections.abc import Callable

# Called with what is being done, bytes done, and bytes in all.
Progress = Callable[[str, int, int], None]
