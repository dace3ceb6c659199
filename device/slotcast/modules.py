"""Modules that are let go of when they have done their work, and loaded again at need.

What parses metadata, what verifies its signatures and what installs an image are never needed at
the same time. They take 3 to 20 KB each (objects of 64 bits), and more where Slotcast is not frozen
into the firmware, so that its code stands in the heap.

Each function takes names of modules in this package, in one string with spaces between.
"""

import gc
import sys

import slotcast


def wipe(names: str) -> None:
    """Unload modules and empty them, so that nothing of them may be used any more.

    The garbage collector takes each word that was left on the C stack for a pointer. To a class of
    a module that is only unloaded, such a word keeps all of it in memory.
    """
    for name in names.split():
        module = sys.modules.get("slotcast." + name)
        if module:
            module.__dict__.clear()
    unload(names)


def unload(names: str) -> None:
    """Let go of modules, where they are loaded.

    What still has something of one, if only an object of its classes, keeps it in memory.
    """
    for name in names.split():
        sys.modules.pop("slotcast." + name, None)
        if hasattr(slotcast, name):
            delattr(slotcast, name)


def load(names: str) -> None:
    """Load modules one after the other, so that each stands in the gaps of the heap."""
    for name in names.split():
        gc.collect()
        __import__("slotcast." + name)


def reserve(count: int) -> None:
    """Let the tables of modules grow now: later they would come to stand amid free memory."""
    for table in (sys.modules, slotcast.__dict__):
        for number in range(count):
            table[number] = None
        for number in range(count):
            del table[number]
