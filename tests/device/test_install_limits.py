"""What the installer leaves alone: bytes that stand, sectors beyond a block, heads that mislead."""

import flash
from check import raises
from test_install import BLOCK, IMAGE, fetch, installed, prepare, run

from slotcast.errors import PayloadError
from slotcast.install import Installer
from slotcast.slots import other_slot
from slotcast.steps import finish

HEAP_KIB = 1024


def test_sectors_that_a_block_does_not_need_are_left_alone():
    partition, edge, told, _ = installed()
    slot = other_slot(partition)
    partition.flash[slot.address : slot.address + slot.size] = bytes(slot.size)
    installer = Installer(slot, edge.get_steps, [bytearray(BLOCK), bytearray(BLOCK)])
    run(installer, told)
    assert partition.writes == [(0, BLOCK), (1, BLOCK), (2, BLOCK)]


def test_a_size_that_the_head_does_not_have_is_refused():
    def edit(told, data):
        told.size += 1

    partition, _, told, installer = installed(edit=edit)
    raises(PayloadError, prepare, installer, told, says="another image")
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
        prepare(installer, told)
        fetch(installer, told)
        assert len(edge.ranges) == 1 + requests, standing


def test_a_step_is_no_more_than_a_block_or_the_write_of_a_sector():
    _, edge, told, _ = installed()
    installer = Installer(other_slot(flash.board(5)), edge.get_steps, [bytearray(BLOCK)] * 2)
    blank = 5  # sectors of the slot, each of which the survey reads
    assert len(list(installer.prepare_steps(told))) == 1 + 3 + blank
    steps = installer.fetch_steps()
    assert next(steps) is None  # for the answer
    for written in (1, 2, 3):
        next(steps)
        assert installer.made_progress() == (written > 1), written
    raises(StopIteration, next, steps)
    assert installer.made_progress() and not installer.made_progress()


def test_a_fetch_that_is_given_up_closes_its_response():
    _, edge, told, installer = installed()
    prepare(installer, told)
    steps = installer.fetch_steps()
    for _ in range(3):
        next(steps)
    assert [response.is_closed for response in edge.responses] == [True, False]
    steps.close()
    assert [response.is_closed for response in edge.responses] == [True, True]


def test_the_watchdog_is_fed_for_each_block_hashed_and_each_sector_read_or_written():
    _, _, told, installer = installed()
    fed = []
    finish(installer.prepare_steps(told), lambda: fed.append(1))
    assert len(fed) == 1 + 3 + 5
    finish(installer.fetch_steps(), lambda: fed.append(1))
    assert len(fed) == 9 + 1 + 3
    finish(installer.check_steps(told), lambda: fed.append(1))
    assert len(fed) == 13 + told.size // 16384
