"""Erasing ahead: when 64 KiB go at once, when not, and what keeps a board from trying in vain."""

import sys

import flash
from check import raises

from slotcast.erase import Eraser, Latch
from slotcast.slot import Slot
from slotcast.steps import finish
from slotcast.survey import survey_steps

HEAP_KIB = 4096
SECTOR, BLOCK, PIECE = 4096, 65536, 16384
SECTOR_US, BLOCK_US, PROGRAM_US = 45000, 150000, 16 * 700
START = 2 * BLOCK
REFUSED = (-258, "ESP_ERR_INVALID_ARG")


class Memory:
    """Stands for the module uctypes."""

    @staticmethod
    def bytearray_at(address, size):
        assert (address, size) == (0, BLOCK)
        return flash.Null(size)


class Clock:
    """Stands for the module time; what passes is what erases take."""

    def __init__(self, partition, sector_us=SECTOR_US, block_us=BLOCK_US):
        self._partition = partition
        self._us = {SECTOR: sector_us, BLOCK: block_us}

    def ticks_us(self):
        return sum(self._us[size] for _, size in self._partition.erases)

    @staticmethod
    def ticks_diff(end, start):
        return end - start


class Worn:
    """Stands for an NVS that takes nothing."""

    def get_blob(self, key, buffer):
        raise OSError(-4354)

    def set_blob(self, key, value):
        raise OSError(-4357)


def board(held, size=3 * BLOCK, start=START):
    """A board whose other slot holds these bytes and is blank behind them."""
    table = [(0, 0x10, BLOCK, BLOCK, "app0"), (0, 0x11, start, size, "app1")]
    partition = flash.board(table=table)
    partition.flash[start : start + len(held)] = held
    return partition


def slot_of(partition):
    return Slot(partition(partition.RUNNING).get_next_update())


def install(partition, image, latch=None, clock=None, limit=None, memory=Memory):
    """Write an image as the installer does, until `limit` sectors are written."""
    slot = slot_of(partition)
    eraser = Eraser(slot, latch, clock)
    finish(survey_steps(slot))
    sys.modules["uctypes"], kept = memory, sys.modules.get("uctypes")
    try:
        write_all(slot, eraser, image, limit)
    finally:
        del sys.modules["uctypes"]
        if kept:
            sys.modules["uctypes"] = kept
    return slot


def write_all(slot, eraser, image, limit):
    held = bytearray(PIECE)
    missing = []
    for offset in range(0, len(image), PIECE):
        slot.readinto(offset, held)
        block = image[offset : offset + PIECE]
        missing.append(held[: len(block)] != block)
    for index, offset in enumerate(range(0, len(image), PIECE)):
        if not missing[index]:
            continue
        stays = missing[index:].index(False) * PIECE if False in missing[index:] else len(image)
        sectors = sectors_of(image[offset : offset + PIECE])
        eraser.erase_ahead(offset, sectors, min(offset + stays, len(image)), len(image))
        for number, sector in enumerate(sectors):
            if slot.written_sectors == limit:
                return
            slot.write(offset + number * SECTOR, sector)


def sectors_of(block):
    padded = block + b"\xff" * (-len(block) % SECTOR)
    return [memoryview(padded)[at : at + SECTOR] for at in range(0, len(padded), SECTOR)]


def image_of(count, seed=1):
    """`count` sectors, all different, none blank."""
    return b"".join(bytes([seed, number]) * (SECTOR // 2) for number in range(count))


def holds(partition, image, start=START):
    return partition.flash[start : start + len(image)] == image


def took_us(partition):
    times = {SECTOR: SECTOR_US, BLOCK: BLOCK_US}
    erased_us = sum(times[size] for _, size in partition.erases)
    return erased_us + len(partition.writes) * PROGRAM_US


def naive_us(image):
    return -(-len(image) // SECTOR) * (SECTOR_US + PROGRAM_US)


def erased(partition):
    """Sizes of the erases."""
    return sorted({size for _, size in partition.erases})


def latch():
    return Latch(flash.Nvs())


def test_what_is_rewritten_whole_is_erased_at_once_and_then_only_programmed():
    partition, image = board(image_of(32)), image_of(32, seed=2)
    slot = install(partition, image, latch())
    assert partition.erases == [(0, BLOCK), (16, BLOCK)]
    assert len(partition.writes) == 32 and slot.written_sectors == 32
    assert holds(partition, image)


def test_without_a_latch_sectors_are_erased():
    partition, image = board(image_of(32)), image_of(32, seed=2)
    install(partition, image)
    assert erased(partition) == [SECTOR] and len(partition.erases) == 32
    assert holds(partition, image)


def test_nothing_that_stays_is_erased():
    old, new = image_of(48), image_of(48, seed=2)
    for stays in (3, 2, 1):
        at = stays * PIECE
        image = new[:at] + old[at : at + PIECE] + new[at + PIECE :]
        partition = board(old)
        install(partition, image, latch())
        assert [one for one in partition.erases if one[1] == BLOCK] == [(16, BLOCK), (32, BLOCK)]
        assert holds(partition, image) and len(partition.writes) == 44


def test_few_sectors_that_differ_are_erased_one_by_one():
    old = image_of(16)
    for differ, expected in ((1, [SECTOR]), (2, [BLOCK])):
        image = bytearray(old)
        for piece in range(0, BLOCK, PIECE):
            for number in range(differ):
                image[piece + number * SECTOR] ^= 255
        partition = board(old)
        install(partition, bytes(image), latch())
        assert erased(partition) == expected, differ
        assert holds(partition, image)


def test_what_lies_behind_the_image_is_not_kept():
    for count, expected in ((21, [(0, BLOCK), (16, BLOCK)]), (19, [(0, BLOCK)])):
        partition, image = board(image_of(48)), image_of(count, seed=2)[:-100]
        install(partition, image, latch())
        assert [one for one in partition.erases if one[1] == BLOCK] == expected
        assert holds(partition, image)


def test_nothing_behind_the_slot_is_erased():
    size = BLOCK + 15 * SECTOR
    partition, image = board(image_of(31), size), image_of(31, seed=2)
    install(partition, image, latch())
    assert partition.erases[0] == (0, BLOCK) and len(partition.erases) == 16
    assert holds(partition, image)


def test_64_kib_are_those_of_the_flash_and_not_of_the_slot():
    start = START + PIECE
    partition, image = board(image_of(32), start=start), image_of(32, seed=2)
    install(partition, image, latch())
    assert [one for one in partition.erases if one[1] == BLOCK] == [(12, BLOCK), (28, BLOCK)]
    assert holds(partition, image, start)


def test_where_flash_is_encrypted_nothing_is_erased_ahead_or_taken_for_blank():
    partition, image = board(b""), image_of(48, seed=2)
    partition.info = lambda self: self._row + (True,)
    install(partition, image, latch())
    assert erased(partition) == [SECTOR] and len(partition.erases) == 48


def test_without_uctypes_sectors_are_erased():
    nvs = flash.Nvs()
    partition, image = board(image_of(16)), image_of(16, seed=2)
    install(partition, image, Latch(nvs), memory=object())
    assert erased(partition) == [SECTOR] and not nvs.blobs
    assert holds(partition, image)


def test_a_board_that_crashes_in_it_does_not_try_again():
    nvs = flash.Nvs()
    partition, image = board(image_of(48)), image_of(48, seed=2)
    genuine = partition.writeblocks

    def crash(self, block, buffer, offset=None):
        if isinstance(buffer, flash.Null):
            raise KeyboardInterrupt
        genuine(self, block, buffer, offset)

    partition.writeblocks = crash
    raises(KeyboardInterrupt, install, partition, image, Latch(nvs))
    install(partition, image, Latch(nvs))
    assert erased(partition) == [SECTOR] and holds(partition, image)


def test_the_latch_is_released_when_it_went_well():
    nvs = flash.Nvs()
    partition = board(image_of(48))
    for seed in (2, 3):
        partition.erases.clear()
        install(partition, image_of(48, seed), Latch(nvs))
        assert partition.erases == [(0, BLOCK), (16, BLOCK), (32, BLOCK)]


def test_a_latch_that_cannot_be_held_lets_nothing_be_tried():
    partition, image = board(image_of(16)), image_of(16, seed=2)
    install(partition, image, Latch(Worn()))
    assert erased(partition) == [SECTOR] and holds(partition, image)
    Latch(Worn()).tried(True)


def test_a_latch_is_held_from_the_try_to_its_end():
    nvs = flash.Nvs()
    assert Latch(nvs).may_try() and not Latch(nvs).may_try()
    Latch(nvs).tried(True)
    assert Latch(nvs).may_try()
    Latch(nvs).tried(False)
    assert not Latch(nvs).may_try()


def goes_wrong(wrong, after=0, clock=None):
    """Install with an erase of 64 KiB that goes wrong after some; what is erased, and the NVS."""
    nvs = flash.Nvs()
    partition, image = board(image_of(48)), image_of(48, seed=2)
    genuine = partition.writeblocks
    seen = []

    def writeblocks(self, block, buffer, offset=None):
        if isinstance(buffer, flash.Null):
            seen.append(block)
            if len(seen) > after:
                return wrong(self, block)
        return genuine(self, block, buffer, offset)

    partition.writeblocks = writeblocks
    install(partition, image, Latch(nvs), clock and clock(partition))
    assert holds(partition, image)
    assert not Latch(nvs).may_try()
    return partition.erases


def test_a_firmware_that_programs_from_address_0_is_not_asked_again():
    def wrong(partition, block):
        partition._erase(block, BLOCK)
        at = START + block * SECTOR
        partition.flash[at : at + BLOCK] = bytes(BLOCK)

    assert [size for _, size in goes_wrong(wrong)] == [BLOCK] + [SECTOR] * 48
    assert [size for _, size in goes_wrong(wrong, after=1)] == [BLOCK] * 2 + [SECTOR] * 32


def test_another_error_is_a_failure_too():
    def wrong(partition, block):
        partition._erase(block, BLOCK)
        raise OSError(-257, "ESP_ERR_NO_MEM")

    assert [size for _, size in goes_wrong(wrong)] == [BLOCK] + [SECTOR] * 48
    assert [size for _, size in goes_wrong(wrong, clock=Clock)] == [SECTOR, BLOCK] + [SECTOR] * 48


def test_each_byte_is_looked_at_after_an_erase():
    for left in (0, 1, SECTOR, 30000, BLOCK - 1):

        def wrong(partition, block, left=left):
            partition._erase(block, BLOCK)
            partition.flash[START + block * SECTOR + left] = 0xFE
            raise OSError(*REFUSED)

        assert [size for _, size in goes_wrong(wrong)] == [BLOCK] + [SECTOR] * 48, left
        assert [size for _, size in goes_wrong(wrong, after=1)] == [BLOCK] * 2 + [SECTOR] * 32, left


def test_an_erase_that_does_nothing_is_a_failure():
    def wrong(partition, block):
        raise OSError(*REFUSED)

    assert [size for _, size in goes_wrong(wrong)] == [SECTOR] * 48


def test_where_64_kib_take_as_long_as_their_sectors_it_is_tried_once_in_a_life():
    nvs = flash.Nvs()
    partition, image = board(image_of(48)), image_of(48, seed=2)
    install(partition, image, Latch(nvs), Clock(partition, 45000, 16 * 45000))
    assert partition.erases[:2] == [(0, SECTOR), (0, BLOCK)]
    assert [size for _, size in partition.erases[2:]] == [SECTOR] * 48
    assert not Latch(nvs).may_try() and holds(partition, image)


def test_what_the_erases_of_this_chip_take_decides_from_then_on():
    old = image_of(48)
    image = bytearray(image_of(48, seed=2))
    for piece in range(BLOCK, 3 * BLOCK, PIECE):  # half of what is behind the first 64 KiB stays
        image[piece : piece + PIECE // 2] = old[piece : piece + PIECE // 2]
    for block_us, expected in ((150000, [0, 16, 32]), (300000, [0])):
        partition = board(old)
        install(partition, bytes(image), latch(), Clock(partition, 45000, block_us))
        assert [block for block, size in partition.erases if size == BLOCK] == expected
        assert partition.erases[0] == (0, SECTOR)
        assert holds(partition, image)


def test_the_erase_that_is_measured_is_counted_and_made_once():
    for clock, expected in ((None, [(0, BLOCK)]), (Clock, [(n, SECTOR) for n in range(4)])):
        partition, image = board(image_of(16)), image_of(4, seed=2)
        install(partition, image, latch(), clock and clock(partition))
        assert partition.erases == expected
    partition, image = board(image_of(48)), image_of(20, seed=2)
    install(partition, image, latch(), Clock(partition))
    assert partition.erases == [(0, SECTOR), (0, BLOCK), (16, BLOCK)]


def test_what_takes_as_long_is_erased_by_sectors():
    partition, image = board(image_of(48)), image_of(20, seed=2)
    install(partition, image, latch(), Clock(partition, 45000, 4 * 45000))
    assert [size for _, size in partition.erases] == [SECTOR, BLOCK] + [SECTOR] * 4


def test_the_blank_end_of_the_slot_is_programmed_without_an_erase():
    image = image_of(48, seed=2)
    partition = board(image_of(1))
    install(partition, image)
    # 64 to 128 KiB behind what was written an erase may have been interrupted.
    assert partition.erases == [(block, SECTOR) for block in range(32)]
    assert holds(partition, image)
    partition = board(b"")
    install(partition, image, latch())
    assert [one for one in partition.erases if one[0] > 15] == []


def test_a_slot_that_is_full_has_no_blank_end():
    partition, image = board(image_of(48)), image_of(48, seed=2)
    install(partition, image)
    assert len(partition.erases) == 48 and holds(partition, image)


def test_an_interrupted_install_trusts_nothing_that_it_did_not_erase_itself():
    image = image_of(32, seed=2)
    for limit in range(1, 32, 5):
        partition = board(image_of(48))
        install(partition, image, latch(), limit=limit)
        partition.erases.clear()
        partition.writes.clear()
        install(partition, image, latch())
        assert holds(partition, image), limit
        covered = set()
        for block, size in partition.erases:
            covered.update(range(block, block + size // SECTOR))
        assert covered.issuperset([block for block, _ in partition.writes]), limit


def test_an_install_goes_on_where_it_broke_without_a_further_erase():
    partition, image = board(image_of(16)), image_of(16, seed=2)
    slot = slot_of(partition)
    slot.trust_blank(0, BLOCK)
    slot.erase_block(0, flash.Null(BLOCK))
    for limit in (5, 9, None):
        write_all(slot, Eraser(slot), image, limit)
    assert partition.erases == [(0, BLOCK)] and holds(partition, image)


def test_no_update_takes_longer_than_with_a_writer_that_erases_every_sector():
    state = 1
    for _ in range(60):
        old, image = bytearray(image_of(48)), bytearray(image_of(40, seed=2)[:-1000])
        state = state * 1103515245 + 12345 & 0x7FFFFFFF
        share = state >> 8 & 7
        for number in range(48):
            state = state * 1103515245 + 12345 & 0x7FFFFFFF
            at = number * SECTOR
            if state >> 16 & 7 < share:
                image[at : at + SECTOR] = old[at : at + min(SECTOR, max(0, len(image) - at))]
            elif state >> 19 & 7 < 2:
                old[at : at + SECTOR] = b"\xff" * SECTOR
        for clock in (False, True):
            partition = board(old)
            install(partition, bytes(image), latch(), clock and Clock(partition))
            assert holds(partition, image)
            assert took_us(partition) <= naive_us(image)


class Unreadable:
    """Stands for an NVS with a value of another length."""

    def __init__(self):
        self.written = []

    def get_blob(self, key, buffer):
        raise OSError(-4364)  # ESP_ERR_NVS_INVALID_LENGTH

    def set_blob(self, key, value):
        self.written.append(value)


def test_a_latch_that_cannot_be_read_is_taken_for_held():
    nvs = Unreadable()
    assert not Latch(nvs).may_try()
    assert nvs.written == []
