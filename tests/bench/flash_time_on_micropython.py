"""Write an image to a slot in one of the ways that flash_time.py compares.

    micropython -m flash_time_on_micropython WAY SLOT IMAGE RECORDS

SLOT is a file that stands for flash, RECORDS gets what its meter counts.
"""

import sys

import uctypes
from fakes.flash import Flash
from fakes.meter import Meter

from slotcast.erase import Eraser
from slotcast.slot import SECTOR_BYTES, Slot
from slotcast.steps import finish
from slotcast.survey import survey_steps

_PAYLOAD_BLOCK = 16384


class Partition:
    """Stands for esp32.Partition over all of a flash; as ports/esp32/esp32_partition.c has it."""

    def __init__(self, flash, size):
        self._flash = flash
        self._size = size

    def info(self):
        return (0, 0x11, 0, self._size, "app1", False)

    def readblocks(self, block, buffer, offset=0):
        self._flash.readinto(block * SECTOR_BYTES + offset, buffer)

    def writeblocks(self, block, buffer, offset=None):
        if offset is None:
            self._flash.erase(block * SECTOR_BYTES, len(buffer))
        if uctypes.addressof(buffer) == 0:
            raise OSError(-258, "ESP_ERR_INVALID_ARG")
        self._flash.program(block * SECTOR_BYTES + (offset or 0), buffer)

    def ioctl(self, command, block):
        assert command == 6  # erase a sector
        self._flash.erase(block * SECTOR_BYTES)


class Latch:
    """A latch that is free."""

    def may_try(self):
        return True

    def tried(self, is_well):
        assert is_well


def naive(partition, image):
    """Erase and program every sector, the last one filled up."""
    for block, sector in enumerate(sectors(image)):
        partition.writeblocks(block, sector)


def esp32_ota(partition, image):
    """As BlockDevWriter does, whose BufferedWriter hands on a sector at a time.

    Source: glenn20/micropython-esp32-ota 0.3, mip/ota/blockdev_writer.py (Blockdev.write): whole
    blocks by writeblocks, what is left by an erase and a program; nothing is compared.
    """
    whole, rest = divmod(len(image), SECTOR_BYTES)
    for block in range(whole):
        partition.writeblocks(block, image[block * SECTOR_BYTES : (block + 1) * SECTOR_BYTES])
    if rest:
        partition.ioctl(6, whole)
        partition.writeblocks(whole, image[-rest:], 0)


def by_sectors(partition, image):
    """As Slotcast does by itself."""
    slot = Slot(partition)
    install(slot, Eraser(slot), image)


def by_blocks(partition, image):
    """As Slotcast does with block_erase."""
    slot = Slot(partition)
    install(slot, Eraser(slot, Latch()), image)


def install(slot, eraser, image):
    """Write the blocks that do not match, in their order, as install.py does."""
    finish(survey_steps(slot))
    size = len(image)
    missing = [not stands(slot, at, block) for at, block in blocks(image)] + [False]
    for index, (offset, block) in enumerate(blocks(image)):
        if missing[index]:
            stop = min(missing.index(False, index) * _PAYLOAD_BLOCK, size)
            cut = sectors(block)
            eraser.erase_ahead(offset, cut, stop, size)
            for number, sector in enumerate(cut):
                slot.write(offset + number * SECTOR_BYTES, sector)


def blocks(image):
    """Offset and bytes of each block of the payload."""
    for at in range(0, len(image), _PAYLOAD_BLOCK):
        yield at, image[at : at + _PAYLOAD_BLOCK]


def sectors(data):
    """Whole sectors, the last one filled up."""
    padded = memoryview(bytes(data) + b"\xff" * (-len(data) % SECTOR_BYTES))
    return [padded[at : at + SECTOR_BYTES] for at in range(0, len(padded), SECTOR_BYTES)]


def stands(slot, offset, block):
    """Whether a block is in the slot already."""
    held = bytearray(len(block))
    slot.readinto(offset, held)
    return held == block


WAYS = {"naive": naive, "esp32_ota": esp32_ota, "sectors": by_sectors, "blocks": by_blocks}


def main(way, slot_path, image_path, records_path):
    with open(image_path, "rb") as file:
        image = memoryview(file.read())
    with open(slot_path, "r+b") as flash, open(records_path, "ab") as records:
        size = flash.seek(0, 2)
        WAYS[way](Partition(Flash(flash, None, Meter(records)), size), image)


if __name__ == "__main__":
    main(*sys.argv[1:])
