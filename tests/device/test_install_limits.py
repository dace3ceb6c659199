"""What the installer leaves alone: bytes that stand, sectors beyond a block, heads that mislead."""

import flash
from check import raises
from test_install import BLOCK, IMAGE, installed, run

from slotcast.errors import DownloadError, PayloadError
from slotcast.install import Installer, fetch_with_retries
from slotcast.slot import other_slot

HEAP_KIB = 1024


def test_sectors_that_a_block_does_not_need_are_left_alone():
    partition, edge, told, _ = installed()
    slot = other_slot(partition)
    partition.flash[slot.address : slot.address + slot.size] = bytes(slot.size)
    installer = Installer(slot, edge.get, [bytearray(BLOCK), bytearray(BLOCK)])
    run(installer, told)
    assert partition.writes == [(0, BLOCK), (1, BLOCK), (2, BLOCK)]


def test_a_size_that_the_head_does_not_have_is_refused():
    def edit(told, data):
        told.size += 1

    partition, _, told, installer = installed(edit=edit)
    raises(PayloadError, installer.prepare, told, says="another image")
    assert not partition.writes


def test_a_block_that_stands_is_not_decoded_again():
    partition, edge, told, installer = installed()
    at = other_slot(partition).address
    partition.flash[at + BLOCK : at + 2 * BLOCK] = IMAGE[BLOCK : 2 * BLOCK]
    edge.data[told.head_length + BLOCK + 7] ^= 1
    run(installer, told)
    assert len(edge.ranges) == 2


def test_8_kib_that_stand_are_read_over_and_no_more():
    image = flash.app_image(body=bytes(range(256)) * 70)  # five blocks
    for standing, requests in ((2, 1), (3, 2)):
        partition, edge, told, installer = installed(image)
        at = other_slot(partition).address
        stop = BLOCK + standing * BLOCK
        partition.flash[at + BLOCK : at + stop] = image[BLOCK:stop]
        installer.prepare(told)
        installer.fetch(told)
        assert len(edge.ranges) == 1 + requests, standing


def test_the_watchdog_is_fed_for_each_block_hashed_and_written():
    partition, edge, told, _ = installed()
    fed = []
    sectors = [bytearray(BLOCK)]
    slot = other_slot(partition)
    installer = Installer(slot, edge.get, sectors, feed=lambda: fed.append(1))
    installer.prepare(told)
    assert len(fed) == 3
    installer.fetch(told)
    assert len(fed) == 6
    installer.check(told)
    assert len(fed) == 9


def test_three_attempts_are_made_by_default():
    _, edge, told, installer = installed()
    installer.prepare(told)
    edge.breaks = [0] * 5
    quiet = [lambda attempt: None, lambda step, text: None]
    raises(DownloadError, fetch_with_retries, installer, told, *quiet)
    assert len(edge.breaks) == 2
