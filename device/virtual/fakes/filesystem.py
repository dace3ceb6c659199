"""The board's filesystem: MicroPython's own LittleFS on the vfs partition."""

import os
import sys
import time

import vfs
from fakes.partition import Partition
from fakes.state import ROM_MOUNT

_BOOT_PY = "# This file is executed on every boot (including wake-boot from deepsleep)\n"
_FROZEN = "/.frozen"
_CORRUPT = """
The filesystem appears to be corrupted. If you had important data there, you
may want to make a flash snapshot to try to recover it. Otherwise, perform
factory reprogramming of MicroPython firmware (completely erase flash, followed
by firmware programming).
"""


def mount(frozen: str) -> None:
    """Put the vfs partition at "/" in place of the host's files; format it if it is blank.

    A corrupt one is never left: as on a board (inisetup.py), the notice repeats for ever.

    Args:
        frozen: folder of the host whose modules stand for those frozen into the firmware, or
            ROM_MOUNT, where the image with them is mounted already, or "".
    """
    device = Partition("vfs")
    vfs.umount("/")
    try:
        vfs.mount(vfs.VfsLfs2(device), "/")
    except OSError:
        _set_up(device)
    os.chdir("/")
    sys.path[:] = ["", ".frozen", "/lib"]
    if frozen and frozen != ROM_MOUNT:
        vfs.mount(vfs.VfsPosix(frozen), _FROZEN, readonly=True)
        frozen = _FROZEN
    if frozen:
        sys.path.insert(1, frozen)  # beside MicroPython's own, as asyncio


def _set_up(device: Partition) -> None:
    first = bytearray(4096)
    device.readblocks(0, first)
    while first.count(b"\xff") != len(first):
        print(_CORRUPT)
        time.sleep(3)
    print("Performing initial setup")
    vfs.VfsLfs2.mkfs(device)
    vfs.mount(vfs.VfsLfs2(device), "/")
    with open("/boot.py", "w") as file:
        file.write(_BOOT_PY)
