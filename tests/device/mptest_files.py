"""The metadata files on LittleFS, MicroPython's file system on ESP32, with the power cut."""

import os

from slotcast.files import MetadataFiles

HEAP_KIB = 1024
OLD = b"old" * 500
NEW = b"new, and of another length" * 100


class PowerCutError(Exception):
    """The power is off."""


class Flash:
    """A RAM block device that lets `operations_left` erases and writes through, then none."""

    BLOCK_BYTES = 4096

    def __init__(self, data: bytes) -> None:
        self.data = bytearray(data)
        self.operations_left = 1000000

    def readblocks(self, block, buffer, offset=0) -> None:
        start = block * self.BLOCK_BYTES + offset
        buffer[:] = self.data[start : start + len(buffer)]

    def writeblocks(self, block, buffer, offset=0) -> None:
        self._spend()
        start = block * self.BLOCK_BYTES + offset
        self.data[start : start + len(buffer)] = buffer

    def ioctl(self, operation, argument):
        if operation == 4:
            return len(self.data) // self.BLOCK_BYTES
        if operation == 5:
            return self.BLOCK_BYTES
        if operation == 6:
            self._spend()
            start = argument * self.BLOCK_BYTES
            self.data[start : start + self.BLOCK_BYTES] = b"\xff" * self.BLOCK_BYTES
        return 0

    def _spend(self) -> None:
        if self.operations_left == 0:
            raise PowerCutError
        self.operations_left -= 1


def mounted(flash):
    os.mount(os.VfsLfs2(flash), "/flash")
    return MetadataFiles("/flash/slotcast/metadata")


def after_power_cut(image, operations):
    """What is read after the power was cut that many operations into a write; whether it was."""
    flash = Flash(image)
    files = mounted(flash)
    flash.operations_left = operations
    is_cut = False
    try:
        files.write("root", NEW)
    except (OSError, PowerCutError):
        is_cut = True
    os.umount("/flash")
    # A chip of its own: the collector may still close the file of before the cut.
    found = mounted(Flash(flash.data)).read("root")
    os.umount("/flash")
    return found, is_cut


def test_a_power_cut_at_any_write_or_erase_leaves_the_old_file_or_the_new():
    flash = Flash(b"\xff" * 8 * Flash.BLOCK_BYTES)
    os.VfsLfs2.mkfs(flash)
    mounted(flash).write("root", OLD)
    os.umount("/flash")
    seen = []
    is_cut = True
    while is_cut:
        found, is_cut = after_power_cut(bytes(flash.data), len(seen))
        seen.append(found)
    assert seen[0] == OLD and seen[-1] == NEW and len(seen) > 5
    assert all(found in (OLD, NEW) for found in seen)
