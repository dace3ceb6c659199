"""The installer: what is fetched, what is written, and that nothing unverified ever is."""

import struct
from hashlib import md5, sha256

import flash
from check import raises

from slotcast.errors import DownloadError, ImageError, PayloadError
from slotcast.install import Installer
from slotcast.retries import with_retries_steps
from slotcast.slots import other_slot
from slotcast.steps import finish

BLOCK = 4096
HEAP_KIB = 1024  # a whole flash is held in memory here


def raw_payload(image, base=bytes(32)):
    """(head, data) with every block raw."""
    head = b"SLC\x01" + struct.pack("<BBHII", 0, 12, 0, BLOCK, len(image))
    head += sha256(image).digest() + base
    for at in range(0, len(image), BLOCK):
        block = image[at : at + BLOCK]
        head += sha256(block).digest()[:16] + b"\0" + struct.pack("<I", len(block))[:3]
    return head, image


class Told:
    """A manifest for one image and its payload."""

    chip = "esp32"

    def __init__(self, image, head, data):
        self.size = len(image)
        self.sha256 = sha256(image).digest().hex()
        self.md5 = md5(image).digest().hex()
        self.image_digest = image[-32:].hex()
        self.full = self
        self.path = "payloads/x.slc"
        self.length = len(head) + len(data)
        self.head_length = len(head)
        self.head_sha256 = sha256(head).digest().hex()


class Response:
    """A range of an object that may break off."""

    def __init__(self, data, breaks_after):
        self.is_closed = False
        self._data = data
        self._at = 0
        self._breaks_after = breaks_after

    def readinto(self, buffer):
        if self._breaks_after is not None and self._at >= self._breaks_after:
            raise DownloadError("reset")
        piece = self._data[self._at : self._at + min(len(buffer), 1000)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def close(self):
        self.is_closed = True


class Edge:
    """Serves one object by ranges and notes them."""

    def __init__(self, data):
        self.data = data
        self.ranges = []
        self.responses = []
        self.breaks = []

    def get_steps(self, path, start, stop):
        self.ranges.append((start, stop))
        breaks_after = self.breaks.pop(0) if self.breaks else None
        yield
        self.responses.append(Response(self.data[start : stop + 1], breaks_after))
        return self.responses[-1]


IMAGE = flash.app_image(body=bytes(range(256)) * 40)  # three blocks


def installed(image=IMAGE, edit=None, slot_sectors=5):
    """(partition, edge, manifest, installer) before anything was fetched."""
    head, data = raw_payload(image)
    told = Told(image, head, data)
    edge = Edge(bytearray(head + data))
    if edit:
        edit(told, edge.data)
    partition = flash.board(slot_sectors)
    installer = Installer(other_slot(partition), edge.get_steps, [bytearray(BLOCK)])
    return partition, edge, told, installer


def prepare(installer, told):
    return finish(installer.prepare_steps(told))


def fetch(installer, told):
    finish(installer.fetch_steps())


def check(installer, told):
    finish(installer.check_steps(told))


def fetch_again_and_again(installer, told, pauses, log):
    """As an updater does it; `pauses` are noted and not waited for."""

    def pause(failures):
        pauses.append(failures)
        yield

    def attempt():
        return installer.fetch_steps()

    finish(with_retries_steps(attempt, pause, log.append, installer.made_progress))


def run(installer, told):
    prepare(installer, told)
    fetch(installer, told)
    check(installer, told)


def test_a_whole_image_takes_two_requests():
    partition, edge, told, installer = installed()
    run(installer, told)
    assert edge.ranges == [(0, 139), (140, 139 + len(IMAGE))]
    slot = other_slot(partition)
    assert partition.flash[slot.address : slot.address + len(IMAGE)] == IMAGE


def test_what_follows_the_image_in_its_last_sector_is_erased_flash():
    partition, edge, told, installer = installed()
    run(installer, told)
    end = other_slot(partition).address + len(IMAGE)
    assert bytes(partition.flash[end : end - len(IMAGE) + 3 * BLOCK]) == b"\xff" * (
        3 * BLOCK - len(IMAGE)
    )


def test_an_image_that_stands_already_fetches_the_head_alone():
    partition, edge, told, installer = installed()
    run(installer, told)
    again = Installer(other_slot(partition), edge.get_steps, [bytearray(BLOCK)])
    assert prepare(again, told) == 0
    fetch(again, told)
    check(again, told)
    assert len(edge.ranges) == 3 and len(partition.writes) == 3


def test_a_changed_block_is_refused_and_nothing_of_it_is_written():
    def edit(told, data):
        data[140 + BLOCK + 7] ^= 1

    partition, edge, told, installer = installed(edit=edit)
    prepare(installer, told)
    raises(PayloadError, fetch, installer, told, says="block 1")
    assert partition.writes == [(0, BLOCK)]


def test_a_changed_head_is_refused_before_anything_is_written():
    for at in (0, 5, 20, 90, 97, 139):

        def edit(told, data, at=at):
            data[at] ^= 1

        partition, edge, told, installer = installed(edit=edit)
        raises(PayloadError, prepare, installer, told)
        assert not partition.writes


def test_a_head_of_another_image_is_refused():
    def edit(told, data):
        told.sha256 = "0" * 64

    _, _, told, installer = installed(edit=edit)
    raises(PayloadError, prepare, installer, told, says="another image")


def test_a_length_that_does_not_add_up_is_refused():
    def edit(told, data):
        told.length += 1

    _, _, told, installer = installed(edit=edit)
    raises(PayloadError, prepare, installer, told, says="add up")


def test_a_head_that_could_not_be_is_not_even_fetched():
    for length in (0, 10000000):

        def edit(told, data, length=length):
            told.head_length = length

        _, edge, told, installer = installed(edit=edit)
        raises(PayloadError, prepare, installer, told)
        assert not edge.ranges


def test_an_object_that_ends_early_is_refused():
    partition, edge, told, installer = installed()
    edge.data = edge.data[:-1]
    prepare(installer, told)
    raises(PayloadError, fetch, installer, told, says="ended early")
    assert len(partition.writes) == 2


def test_a_broken_link_resumes_where_it_broke():
    partition, edge, told, installer = installed()
    prepare(installer, told)
    edge.breaks = [BLOCK + 1000]
    pauses = []
    fetch_again_and_again(installer, told, pauses, [])
    check(installer, told)
    assert edge.ranges[1:] == [(140, 139 + len(IMAGE)), (140 + BLOCK, 139 + len(IMAGE))]
    assert pauses == [1]


def test_a_link_that_stays_broken_is_given_up():
    _, edge, told, installer = installed()
    prepare(installer, told)
    edge.breaks = [0] * 9
    pauses, log = [], []
    raises(DownloadError, fetch_again_and_again, installer, told, pauses, log)
    assert pauses == [1, 2, 3, 4] and len(log) == 4
    assert len(edge.breaks) == 4


def test_a_link_that_breaks_after_each_block_gets_there():
    image = flash.app_image(body=bytes(range(256)) * 220)  # fourteen blocks
    partition, edge, told, installer = installed(image, slot_sectors=16)
    prepare(installer, told)
    edge.breaks = [BLOCK + 10] * 13
    pauses = []
    fetch_again_and_again(installer, told, pauses, [])
    check(installer, told)
    assert pauses == [1] * 13 and len(partition.writes) == 14


def test_blocks_that_stand_between_missing_ones_are_read_over_when_small():
    partition, edge, told, installer = installed()
    slot = other_slot(partition)
    partition.flash[slot.address + BLOCK : slot.address + 2 * BLOCK] = IMAGE[BLOCK : 2 * BLOCK]
    run(installer, told)
    assert len(edge.ranges) == 2 and [write[0] for write in partition.writes] == [0, 2]


def test_the_last_block_may_stand_as_well():
    image = flash.app_image(body=bytes(range(256)) * 56)  # four blocks
    partition, edge, told, installer = installed(image)
    slot = other_slot(partition)
    partition.flash[slot.address : slot.address + len(image)] = image
    for block in (0, 2):
        partition.flash[slot.address + block * BLOCK] ^= 1
    run(installer, told)
    assert len(edge.ranges) == 2 and [write[0] for write in partition.writes] == [0, 2]


def test_a_large_stretch_that_stands_is_not_fetched():
    image = flash.app_image(body=bytes(range(256)) * 70)  # five blocks
    partition, edge, told, installer = installed(image)
    at = other_slot(partition).address
    partition.flash[at + BLOCK : at + 4 * BLOCK] = image[BLOCK : 4 * BLOCK]
    prepare(installer, told)
    fetch(installer, told)
    start = told.head_length
    assert edge.ranges[1:] == [
        (start, start + BLOCK - 1),
        (start + 4 * BLOCK, start + len(image) - 1),
    ]


def test_progress_is_told_in_bytes_of_image():
    partition, edge, told, _ = installed()
    seen = []
    installer = Installer(
        other_slot(partition),
        edge.get_steps,
        [bytearray(BLOCK)],
        lambda done, total: seen.append(done),
    )
    prepare(installer, told)
    fetch(installer, told)
    assert seen == [BLOCK, 2 * BLOCK, len(IMAGE)]


def test_flash_that_does_not_hold_what_was_written_is_found_by_the_check():
    partition, edge, told, installer = installed()
    prepare(installer, told)
    fetch(installer, told)
    partition.flash[other_slot(partition).address + 5000] ^= 4
    raises(ImageError, check, installer, told)
