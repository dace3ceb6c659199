"""Reading and writing the other slot; and what counts as an image in it."""

from hashlib import md5, sha256

import flash
from check import raises

from slotcast import boot
from slotcast.errors import BoardError, ImageError
from slotcast.image import image_digest, verify_header, verify_image_steps
from slotcast.slot import BLOCK_BYTES, Slot
from slotcast.slots import other_slot, verify_can_update
from slotcast.steps import finish

HEAP_KIB = 1024
SECTOR = 4096
APPS = ((0, 0x10, 8192, 16384, "app0"), (0, 0x11, 24576, 16384, "app1"))


def slot_with(image=b"", sectors=4):
    partition = flash.board(sectors)
    slot = other_slot(partition)
    partition.flash[slot.address : slot.address + len(image)] = image
    return partition, slot


class Told:
    """What a manifest says of an image."""

    chip = "esp32"

    def __init__(self, image):
        self.size = len(image)
        self.sha256 = sha256(image).digest().hex()
        self.md5 = md5(image).digest().hex()
        self.image_digest = image[-32:].hex()


def verify(slot, told):
    finish(verify_image_steps(slot, told, memoryview(bytearray(SECTOR))))


def test_the_other_slot_is_never_the_running_one():
    partition = flash.board()
    assert other_slot(partition).label == "app1"


def test_a_table_without_a_second_slot_is_told_in_words():
    table = [(0, 0, 8192, 16384, "app0")]
    raises(BoardError, other_slot, flash.board(table=table), says="no OTA slots")


def test_a_table_whose_next_slot_is_the_same_one_is_told_in_words():
    partition = flash.board()
    partition.get_next_update = lambda self: self
    raises(BoardError, other_slot, partition, says="one OTA slot only")


def test_a_table_that_no_update_can_be_undone_with_is_told_in_words():
    otadata, (app0, app1) = (1, 0, 0, 8192, "otadata"), APPS
    for table, says in (
        ([otadata, app0], "one OTA slot only"),
        ([otadata, (0, 0, 8192, 16384, "app0")], "no OTA slots"),
        ([(0, 0, 0, 8192, "factory"), app0], "one OTA slot only"),
        ([app0, app1], "no otadata"),
    ):
        raises(BoardError, verify_can_update, flash.board(table=table), says=says)


def test_a_new_image_that_runs_gives_a_bootloader_without_rollback_away():
    partition = flash.board()
    for state in (boot.PENDING, boot.VALID, boot.UNDEFINED):
        flash.set_entry(partition, 0, 1, state)
        verify_can_update(partition)
    flash.set_entry(partition, 0, 1, boot.NEW)
    raises(BoardError, verify_can_update, partition, says="the bootloader has no rollback")
    partition.boot = "app1"  # armed, and not reset yet
    verify_can_update(partition)


def test_a_sector_that_holds_the_bytes_already_is_not_written():
    partition, slot = slot_with()
    slot.write(0, memoryview(b"\xff" * SECTOR))
    slot.write(SECTOR, memoryview(b"a" * SECTOR))
    slot.write(SECTOR, memoryview(b"a" * SECTOR))
    assert partition.writes == [(1, SECTOR)] and slot.written_sectors == 1


def test_a_sector_that_differs_in_its_last_byte_is_written():
    partition, slot = slot_with()
    slot.write(0, memoryview(b"\xff" * (SECTOR - 1) + b"a"))
    assert partition.writes == [(0, SECTOR)]


def test_a_sound_image_verifies_through_any_buffer():
    image = flash.app_image()
    _, slot = slot_with(image)
    for size in (64, 4096, 16384):
        finish(verify_image_steps(slot, Told(image), memoryview(bytearray(size))))
    assert image_digest(slot) == image[-32:].hex()


def test_any_changed_byte_is_found():
    image = flash.app_image(body=b"x" * 200)
    told = Told(image)
    for at in range(len(image)):
        broken = bytearray(image)
        broken[at] ^= 1
        raises(ImageError, verify, slot_with(broken)[1], told)


def test_each_of_the_three_digests_is_compared():
    image = flash.app_image()
    for name in ("sha256", "md5", "image_digest"):
        told = Told(image)
        setattr(told, name, "0" * len(getattr(told, name)))
        raises(ImageError, verify, slot_with(image)[1], told)


def test_an_image_of_another_chip_is_refused():
    _, slot = slot_with(flash.app_image(chip_id=5))
    raises(ImageError, verify_header, slot, "esp32", says="chip")


def test_a_bootloader_or_full_flash_file_is_refused():
    _, slot = slot_with(flash.app_image(descriptor=b"boot"))
    raises(ImageError, verify_header, slot, "esp32", says="full flash file")


def test_an_image_without_a_digest_is_refused():
    image = bytearray(flash.app_image())
    image[23] = 0
    _, slot = slot_with(image)
    raises(ImageError, verify_header, slot, "esp32", says="SHA-256")
    raises(ImageError, image_digest, slot)


def test_an_empty_slot_has_no_digest():
    raises(ImageError, image_digest, slot_with()[1])


def test_a_segment_that_lies_about_its_length_is_refused():
    image = bytearray(flash.app_image())
    image[28:32] = b"\xff\xff\xff\x7f"
    raises(ImageError, image_digest, slot_with(image)[1])


def test_a_slot_that_is_an_adapter_reads_across_sectors():
    partition, slot = slot_with(bytes(range(256)) * 33)
    piece = bytearray(10)
    Slot.readinto(slot, SECTOR - 5, piece)
    assert bytes(piece) == bytes([251, 252, 253, 254, 255, 0, 1, 2, 3, 4])


def test_a_sector_is_blank_if_each_of_its_bytes_is_ff():
    for byte in (0x00, 0x5A, 0xFE):
        _, slot = slot_with(bytes([byte]) * SECTOR)
        assert not slot.is_blank(0) and slot.is_blank(SECTOR)
    for at in (0, 1, 511, 512, 2047, SECTOR - 1):
        sector = bytearray(b"\xff" * SECTOR)
        sector[at] = 0x7F
        _, slot = slot_with(sector)
        assert not slot.is_blank(0)


def test_a_blank_sector_that_may_be_trusted_is_not_erased():
    partition, slot = slot_with(b"\xff" * SECTOR + b"x")
    slot.trust_blank(0, 2 * SECTOR)
    for number in (0, 1, 2):
        slot.write(number * SECTOR, memoryview(b"a" * SECTOR))
    assert partition.erases == [(1, SECTOR), (2, SECTOR)] and len(partition.writes) == 3
    assert partition.flash[slot.address : slot.address + 3 * SECTOR] == b"a" * 3 * SECTOR


def test_bits_of_a_sector_that_holds_something_are_never_merely_cleared():
    partition, slot = slot_with(b"\xff" * (SECTOR - 1) + b"\xfe")
    slot.trust_blank(0, SECTOR)
    slot.write(0, memoryview(b"a" * SECTOR))
    assert partition.erases == [(0, SECTOR)]


def test_an_encrypted_slot_is_erased_whatever_it_reads_as():
    partition = flash.board()
    partition.info = lambda self: self._row + (True,)
    slot = other_slot(partition)
    slot.trust_blank(0, slot.size)
    slot.write(0, memoryview(b"a" * SECTOR))
    assert slot.is_encrypted and partition.erases == [(0, SECTOR)]


def test_a_slot_tells_which_writes_would_erase():
    _, slot = slot_with(b"a" * SECTOR + b"b")
    slot.trust_blank(0, 3 * SECTOR)
    wanted = memoryview(b"a" * SECTOR)
    assert [slot.needs_erase(number * SECTOR, wanted) for number in range(4)] == [
        False,
        True,
        False,
        True,
    ]


def test_a_block_that_was_not_refused_by_the_chip_was_not_erased_alone():
    partition, slot = slot_with(b"a" * SECTOR, sectors=16)
    assert slot.erase_block(0, flash.Null(BLOCK_BYTES)) and partition.erases == [(0, BLOCK_BYTES)]
    assert not slot.erase_block(0, b"\xff" * BLOCK_BYTES)
