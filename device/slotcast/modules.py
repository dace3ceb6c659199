"""Modules that are let go of when they have done their work, and loaded again at need.

Where Slotcast is not frozen into the firmware its code stands in the heap. What parses metadata,
what verifies its signatures and what installs an image take 7 to 16 KB each (objects of 64 bits),
and are never needed at the same time.
"""

import sys

import slotcast


def unload(*names: str) -> None:
    """Let go of modules of this package, by their names in it, where they are loaded."""
    for name in names:
        sys.modules.pop("slotcast." + name, None)
        if hasattr(slotcast, name):
            delattr(slotcast, name)
