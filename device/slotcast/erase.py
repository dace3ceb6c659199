"""Erasing ahead of an install: in blocks of 64 KiB where that saves time, and no more than once.

A block's erase takes 150 ms, that of each of its 16 sectors 45 ms (Winbond W25Q, typical). On stock
firmware it is reached by a trick (Slot.erase_block) that was read in the source of ESP-IDF and
never tried on a chip. So it is off unless the board was told otherwise (block_erase in ota.json),
and on it is watched: a latch in NVS is held before the first try of each install and released when
that went well, each erase is read back, and it has to be quicker. Else sectors are erased. A panic,
or a power cut, in a first try leaves the latch held: sectors are erased from then on, for good.

What is erased ahead and not written yet, when an install is interrupted, matches no block of the
payload: it is fetched like all that is missing.
"""

from slotcast.slot import BLOCK_BYTES, SECTOR_BYTES

_SECTORS = BLOCK_BYTES // SECTOR_BYTES
# Typical times (device/virtual/flash_time.py); those of erases until they are measured.
_SECTOR_ERASE_US = 45000
_BLOCK_ERASE_US = 150000
_SECTOR_PROGRAM_US = 16 * 700

_KEY = "block_erase"
_NVS_NOT_FOUND = -4354  # ESP_ERR_NVS_NOT_FOUND
_FREE = b"\0"
_HELD = b"\1"


class Eraser:
    """Erases what an install is about to write, where that is quicker than sector by sector.

    With the times that it goes by, no install takes longer than with a writer that erases and
    programs every sector. For a block is erased only if that, and programming the sectors that are
    estimated to hold their bytes already, takes less than the erases of the others; which are never
    more than the sectors that the image has there; and none of these is erased again.

    Args:
        slot: a slot.Slot, whose sectors are written by this install alone, in ascending order.
        latch: where 64 KiB may be erased at once, a Latch; else None.
        time: the module, where it has ticks_us; else None, and erases are not measured.
    """

    def __init__(self, slot, latch=None, time=None):
        self._slot = slot
        self._latch = None if slot.is_encrypted else latch
        self._time = time
        self._null = None
        self._sector_us, self._block_us = _SECTOR_ERASE_US, _BLOCK_ERASE_US

    def erase_ahead(self, offset: int, sectors, stop: int, image_size: int) -> None:
        """Erase the 64 KiB that begin at `offset`, if none of it is to be kept and it is quicker.

        Called before anything from `offset` on is written. How many of its sectors differ is
        estimated from those at hand.

        Args:
            offset: start of a block of the payload; what does not begin 64 KiB of flash is ignored.
            sectors: memoryviews of whole sectors, what is to stand at `offset`.
            stop: up to here all will be written: where a block begins that stays, or image_size.
            image_size: bytes; what lies behind is not kept.
        """
        end = offset + BLOCK_BYTES
        if self._latch is None or (self._slot.address + offset) % BLOCK_BYTES:
            return
        if end > self._slot.size or stop < min(end, image_size):
            return
        count = -(-(min(end, image_size) - offset) // SECTOR_BYTES)
        if self._pays(self._estimate(offset, sectors[:count], count), count):
            if self._erase(offset):
                self._slot.trust_blank(offset, end)
            else:
                self._latch = None

    def _estimate(self, offset, sectors, count):
        """How many of `count` sectors need an erase, if all are as those at hand."""
        found = 0
        for number, sector in enumerate(sectors):
            found += self._slot.needs_erase(offset + number * SECTOR_BYTES, sector)
        return found * count // len(sectors)

    def _pays(self, dirty, count):
        once_us = self._sector_us if self._time and not self._null else 0  # see _measure
        block_us = self._block_us + (count - dirty) * _SECTOR_PROGRAM_US
        return once_us + block_us < dirty * self._sector_us

    def _erase(self, offset):
        if self._null:
            is_well = self._slot.erase_block(offset, self._null) and self._is_blank(offset)
            if not is_well:
                self._latch.tried(False)
            return is_well
        self._null = _null_buffer()
        if not self._null or not self._latch.may_try():
            return False
        is_well = self._measure(offset) and self._is_blank(offset)
        self._latch.tried(is_well)
        return is_well

    def _measure(self, offset):
        """Erase a sector, then all 64 KiB; whether it went well and was quicker than by sectors."""
        if not self._time:
            return self._slot.erase_block(offset, self._null)
        ticks_us, ticks_diff = self._time.ticks_us, self._time.ticks_diff
        began_us = ticks_us()
        self._slot.erase_sector(offset)
        between_us = ticks_us()
        is_well = self._slot.erase_block(offset, self._null)
        self._block_us = ticks_diff(ticks_us(), between_us)
        self._sector_us = ticks_diff(between_us, began_us)
        return is_well and self._block_us < _SECTORS * self._sector_us

    def _is_blank(self, offset):
        return all(
            self._slot.is_blank(at) for at in range(offset, offset + BLOCK_BYTES, SECTOR_BYTES)
        )


class Latch:
    """Lets a thing that may crash the board do so once: held before it, released after it.

    Args:
        nvs: an esp32.NVS of Slotcast's own namespace. Where it takes nothing, nothing is tried.
    """

    def __init__(self, nvs):
        self._nvs = nvs

    def may_try(self) -> bool:
        """Hold the latch; False if it was held already, or cannot be."""
        try:
            return not self._is_held() and self._put(_HELD)
        except OSError:
            return False

    def tried(self, is_well: bool) -> None:
        """Release the latch if it went well; else hold it for good."""
        try:
            self._put(_FREE if is_well else _HELD)
        except OSError:
            pass  # it stays as it is

    def _is_held(self):
        value = bytearray(1)
        try:
            self._nvs.get_blob(_KEY, value)
        except OSError as error:
            return error.args[0] != _NVS_NOT_FOUND  # what cannot be read may have been held
        return value != _FREE

    def _put(self, value):
        self._nvs.set_blob(_KEY, value)
        self._nvs.commit()
        return True


def _null_buffer():
    """64 KiB at address 0, which nothing may touch; None where that cannot be said."""
    try:
        from uctypes import bytearray_at
    except ImportError:
        return None
    return bytearray_at(0, BLOCK_BYTES)
