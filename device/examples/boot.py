"""What runs first: it lets no new firmware stay that its application cannot confirm.

As boot.py in the root of the filesystem it survives updates. Keep it small, and keep it: it is what
rolls back firmware that comes without Slotcast, or with a broken one. Put nothing else before it.
"""

import gc

# Where Slotcast is not frozen, the heap stays in one piece behind what importing it leaves.
gc.threshold(8192)


def is_on_trial() -> bool:
    """Whether otadata says so, read without any help; 1 is PENDING (ESP-IDF, esp_ota_ops.h)."""
    from esp32 import Partition

    entry = bytearray(28)
    for otadata in Partition.find(Partition.TYPE_DATA, subtype=0):
        for sector in (0, 1):
            otadata.readblocks(sector, entry)
            if entry[24:] == b"\x01\x00\x00\x00":
                return True
    return False


try:
    from slotcast.guard import guard

    guard()
except Exception as error:  # whatever is wrong with it: this firmware could never be replaced
    print("boot: %r" % error)
    if is_on_trial():
        import machine

        machine.reset()  # and the bootloader goes back
