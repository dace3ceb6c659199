"""The bootloader model against what ESP-IDF's does, and the otadata arithmetic of set_boot."""

import io
import zlib
from pathlib import Path

import pytest
from esptool.bin_image import LoadFirmwareImage

from device.virtual.bootloader import Bootloader, Started
from device.virtual.fakes import otadata
from device.virtual.fakes.image import CHIP_IDS, ImageInfo, InvalidImageError, verify_image
from device.virtual.fakes.otadata import ABORTED, INVALID, NEW, PENDING, VALID, Entry
from device.virtual.flash import Flash
from device.virtual.images import build_app, build_flash_file
from device.virtual.table import DEFAULT_TABLE, FACTORY, Partition, table_from_bytes, table_to_bytes

FIRMWARE = Path(__file__).parents[2] / ".cache" / "firmware"
OTADATA = 0xE000
SLOTS = (0x10000, 0x1F0000)
BLANK = Entry.from_bytes(b"\xff" * 32)
APP = build_app(version="1.0.0", size=4096)


def entry(seq, state, crc=None):
    return Entry(seq, state, otadata.sequence_crc(seq) if crc is None else crc)


class Board:
    """A flash with an image in each slot and two otadata entries."""

    def __init__(self, *entries, apps=(APP, APP), table=DEFAULT_TABLE):
        self.flash = Flash(io.BytesIO(b"\xff" * 0x400000))
        self.table = table
        for offset, app in zip(SLOTS, apps, strict=True):
            self.flash.program(offset, app)
        for index, item in enumerate(entries):
            self.flash.program(OTADATA + 4096 * index, item.to_bytes())

    def start(self):
        """The label of the partition that boots, "" if none."""
        self.bootloader = Bootloader(self.flash, self.table, "esp32")
        started = self.bootloader.start()
        return started.partition.label if isinstance(started, Started) else ""

    @property
    def entries(self):
        return [(e.seq, e.state) for e in self.raw_entries]

    @property
    def raw_entries(self):
        return [Entry.from_bytes(self.flash.read(OTADATA + at, 32)) for at in (0, 4096)]


def refused(image, size=0x1E0000, chip="esp32"):
    with pytest.raises(InvalidImageError) as caught:
        verify(image, size, chip)
    return str(caught.value)


def verify(image, size=0x1E0000, chip="esp32") -> ImageInfo:
    flash = image.ljust(size, b"\xff")
    return verify_image(lambda at, count: flash[at : at + count], size, CHIP_IDS[chip])


def test_crc_is_the_one_esp_idf_stores():
    assert otadata.sequence_crc(1) == zlib.crc32(b"\x01\x00\x00\x00", 0xFFFFFFFF) == 0x4743989A


def test_both_blank_boots_first_slot_and_records_it_as_valid():
    board = Board(BLANK, BLANK)
    assert board.start() == "app0"
    assert board.entries == [(1, VALID), (BLANK.seq, BLANK.state)]
    assert board.raw_entries[0].has_crc()


def test_both_blank_and_first_slot_empty_records_the_slot_that_started():
    board = Board(BLANK, BLANK, apps=(b"", APP))
    assert board.start() == "app1"
    assert board.entries[0] == (2, VALID)


def test_both_blank_with_factory_boots_factory_and_writes_nothing():
    factory = Partition("factory", 0, FACTORY, SLOTS[1], 0x1E0000)
    table = (*DEFAULT_TABLE[:3], factory, DEFAULT_TABLE[4])
    board = Board(BLANK, BLANK, table=table)
    assert board.start() == "factory"
    assert board.entries[0] == (BLANK.seq, BLANK.state)


def test_higher_sequence_wins():
    assert Board(entry(4, VALID), entry(3, VALID)).start() == "app1"
    assert Board(entry(4, VALID), entry(5, VALID)).start() == "app0"


def test_tie_goes_to_entry_0():
    board = Board(entry(2, NEW), entry(2, VALID))
    assert board.start() == "app1"
    assert board.entries == [(2, PENDING), (2, VALID)]


def test_bad_crc_does_not_count():
    assert Board(entry(2, VALID, crc=1), entry(1, VALID)).start() == "app0"


def test_only_bad_crcs_try_every_slot_from_the_first_and_write_nothing():
    board = Board(entry(2, VALID, crc=1), entry(4, VALID, crc=1))
    assert board.start() == "app0"
    assert board.entries == [(2, VALID), (4, VALID)]


def test_new_becomes_pending_and_boots():
    board = Board(entry(1, VALID), entry(2, NEW))
    assert board.start() == "app1"
    assert board.entries == [(1, VALID), (2, PENDING)]


def test_pending_becomes_aborted_and_the_other_slot_boots():
    board = Board(entry(1, VALID), entry(2, PENDING))
    assert board.start() == "app0"
    assert board.entries == [(1, VALID), (2, ABORTED)]


def test_pending_with_bad_crc_becomes_aborted_too():
    board = Board(entry(1, VALID), entry(2, PENDING, crc=7))
    board.start()
    assert board.raw_entries[1].state == ABORTED
    assert board.raw_entries[1].crc == 7


def test_pending_alone_aborts_and_falls_to_the_first_slot():
    board = Board(BLANK, entry(2, PENDING))
    assert board.start() == "app0"
    # Entry 1 keeps a right CRC, so otadata is not "initial" and nothing more is recorded.
    assert board.entries == [(BLANK.seq, BLANK.state), (2, ABORTED)]


def test_invalid_entry_does_not_count():
    assert Board(entry(1, VALID), entry(2, INVALID)).start() == "app0"


def test_undefined_state_boots_and_stays_undefined():
    board = Board(entry(1, otadata.UNDEFINED), BLANK)
    assert board.start() == "app0"
    assert board.entries[0] == (1, otadata.UNDEFINED)


def test_image_that_does_not_verify_falls_back_and_leaves_otadata_alone():
    broken = APP[:-1] + bytes([APP[-1] ^ 1])
    board = Board(entry(1, VALID), entry(2, VALID), apps=(APP, broken))
    assert board.start() == "app0"
    assert board.entries == [(1, VALID), (2, VALID)]
    assert any("hash failed" in line for line in board.bootloader.messages)


def test_new_image_that_does_not_verify_stays_pending_while_the_old_one_runs():
    board = Board(entry(1, VALID), entry(2, NEW), apps=(APP, b""))
    assert board.start() == "app0"
    assert board.entries == [(1, VALID), (2, PENDING)]


def test_fallback_goes_upwards_after_downwards():
    assert Board(entry(1, VALID), BLANK, apps=(b"", APP)).start() == "app1"


def test_nothing_bootable_starts_nothing():
    board = Board(BLANK, BLANK, apps=(b"", b""))
    assert board.start() == ""
    assert board.entries == [(BLANK.seq, BLANK.state)] * 2


def cuts(before, after):
    """What a cut leaves while an entry is rewritten: before, half erased, erased, each byte."""
    blank = b"\xff" * 32
    programmed = [after.to_bytes()[:count] + blank[count:] for count in range(1, 33)]
    return [Entry.from_bytes(data) for data in (before.to_bytes(), blank, blank, *programmed)]


def seen_after_cuts(before, after):
    """(what starts, is there an ABORTED record) at each of 35 cuts of the second entry."""
    seen = []
    for cut in cuts(before, after):
        board = Board(entry(1, VALID), cut)
        started = board.start()
        seen.append((started, board.raw_entries[1].state == ABORTED))
    return seen


# What ESP-IDF's own bootloader was seen to do at the same cuts, in an emulated ESP32.


def test_set_boot_cut_anywhere_starts_the_old_image_until_its_last_byte():
    seen = seen_after_cuts(BLANK, entry(2, NEW))
    assert seen == [("app0", False)] * 34 + [("app1", False)]


def test_first_start_cut_after_its_erase_starts_the_old_image():
    seen = seen_after_cuts(entry(2, NEW), entry(2, PENDING))
    assert seen[0] == ("app1", False)
    assert {started for started, _ in seen[1:]} == {"app0"}


def test_confirming_cut_in_between_starts_the_old_image_and_leaves_no_aborted_record():
    seen = seen_after_cuts(entry(2, PENDING), entry(2, VALID))
    assert seen == [("app0", True)] + [("app0", False)] * 33 + [("app1", False)]


def test_giving_up_cut_anywhere_starts_the_old_image():
    seen = seen_after_cuts(entry(2, PENDING), entry(2, ABORTED))
    assert {started for started, _ in seen} == {"app0"}
    assert ("app0", False) in seen


def test_tie_with_a_given_up_entry_goes_to_the_other():
    assert Board(entry(2, ABORTED), entry(2, VALID)).start() == "app1"


def test_both_entries_pending_are_both_given_up():
    board = Board(entry(1, PENDING), entry(2, PENDING))
    assert board.start() == "app0"
    assert board.entries == [(1, ABORTED), (2, ABORTED)]


def test_deep_sleep_restarts_the_same_image_and_leaves_pending_alone():
    board = Board(entry(1, VALID), entry(2, PENDING))
    started = Bootloader(board.flash, board.table, "esp32").restart("app1")
    assert started
    assert started.partition.label == "app1"
    assert board.entries == [(1, VALID), (2, PENDING)]


def test_bootloader_refuses_a_full_flash_file_that_set_boot_takes():
    # tve/mqboard#27, glenn20/micropython-esp32-ota#9
    file = build_flash_file("esp32", DEFAULT_TABLE, APP)
    verify(file)  # what set_boot asks
    board = Board(entry(1, VALID), entry(2, NEW), apps=(APP, file))
    assert board.start() == "app0"
    assert any("overlaps bootloader data" in line for line in board.bootloader.messages)


@pytest.mark.parametrize(
    ("entries", "slot", "expected"),
    [
        ((BLANK, BLANK), 1, (0, 2)),
        ((entry(1, VALID), BLANK), 1, (1, 2)),
        ((entry(1, VALID), entry(2, VALID)), 0, (0, 3)),
        ((entry(3, VALID), entry(2, ABORTED)), 1, (1, 4)),
        ((entry(7, VALID), entry(8, VALID)), 0, (0, 9)),
        # The running slot itself: the same sequence in the rollback entry's place. Never do it.
        ((entry(1, VALID), entry(2, VALID)), 1, (0, 2)),
        ((entry(0xFFFFFFF0, VALID), BLANK), 0, (1, 0xFFFFFFF1)),
    ],
)
def test_set_boot_writes_the_other_sector_with_the_next_sequence(entries, slot, expected):
    sector, armed = otadata.arm(list(entries), slot, 2)
    assert (sector, armed.seq) == expected
    assert armed.state == NEW
    assert armed.has_crc()
    assert otadata.slot_of(armed, 2) == slot


def test_set_boot_counts_in_steps_of_three_slots():
    sector, armed = otadata.arm([entry(4, VALID), BLANK], 2, 3)
    assert (sector, armed.seq, otadata.slot_of(armed, 3)) == (1, 6, 2)


def test_mark_valid_rewrites_the_active_entry_whichever_slot_runs():
    sector, confirmed = otadata.confirm([entry(1, VALID), entry(2, PENDING)])
    assert (sector, confirmed.seq, confirmed.state) == (1, 2, VALID)


def test_mark_valid_has_nothing_to_write_twice():
    assert otadata.confirm([entry(1, VALID), entry(2, VALID)]) == (1, None)


def test_mark_valid_without_an_active_entry_says_so():
    assert otadata.confirm([BLANK, BLANK]) == (-1, None)


def test_image_reports_its_size_and_digest():
    image = verify(APP)
    assert (image.size, image.digest) == (len(APP), APP[-32:])


def test_image_of_another_chip_is_refused():
    assert "chip" in refused(build_app("esp32c3"))


def test_blank_slot_is_refused():
    assert "magic" in refused(b"")


def test_image_larger_than_its_partition_is_refused():
    assert "partition" in refused(APP, size=2048)
    assert "fit" in refused(APP, size=len(APP) - 16)


@pytest.mark.parametrize("position", [0x18, 0x1C, 0x100, -33, -1])
def test_any_changed_byte_is_refused(position):
    broken = bytearray(APP)
    broken[position] ^= 0x10
    refused(bytes(broken))


def test_checksum_protects_an_image_without_digest():
    image = bytearray(APP[:-32])
    image[23] = 0
    assert verify(bytes(image)).digest == b""
    image[0x200] ^= 1
    assert "Checksum" in refused(bytes(image))


@pytest.mark.parametrize("chip", ["esp32", "esp32s2", "esp32s3", "esp32c3", "esp32c6"])
def test_built_images_are_valid_to_esptool(tmp_path, chip):
    path = tmp_path / "app.bin"
    path.write_bytes(build_app(chip, version="1.2.3", size=8192))
    image = LoadFirmwareImage(chip, str(path))
    assert image.checksum == image.calculate_checksum()
    assert image.stored_digest == image.calc_digest
    assert image.segments[0].data[:4] == b"\x32\x54\xcd\xab"
    assert image.segments[0].data[16:21] == b"1.2.3"


@pytest.mark.parametrize(
    ("name", "chip", "app_at"),
    [
        ("micrOS-esp32-1.28.0-3.2.5-0.bin", "esp32", 0xF000),
        ("micrOS-esp32c3-1.28.0-3.2.5-0.bin", "esp32c3", 0x10000),
        ("micrOS-esp32c6-1.28.0-3.2.5-0.bin", "esp32c6", 0x10000),
        ("micrOS-esp32s3-1.28.0-3.2.5-0.bin", "esp32s3", 0x10000),
    ],
)
def test_real_firmware_verifies_and_broken_firmware_does_not(name, chip, app_at):
    app = (FIRMWARE / name).read_bytes()[app_at:]
    partition = Partition("app0", 0, 0x10, 0x10000, 0x1F0000)
    flash = Flash(io.BytesIO(b"\xff" * 0x200000))
    flash.program(0x10000, app)
    assert Bootloader(flash, (partition,), chip).start()
    flash.program(0x80000, bytes(16))
    assert not Bootloader(flash, (partition,), chip).start()


def test_partition_table_survives_its_binary_form():
    data = table_to_bytes(DEFAULT_TABLE)
    assert table_from_bytes(data) == DEFAULT_TABLE
    with pytest.raises(ValueError, match="MD5"):
        table_from_bytes(data.replace(b"app1", b"app2"))
    with pytest.raises(ValueError, match="no partition table"):
        table_from_bytes(b"\xff" * 0xC00)


def test_default_table_is_the_one_of_the_documentation():
    rows = [(p.label, p.offset, p.size) for p in DEFAULT_TABLE]
    assert rows == [
        ("nvs", 0x9000, 0x5000),
        ("otadata", 0xE000, 0x2000),
        ("app0", 0x10000, 0x1E0000),
        ("app1", 0x1F0000, 0x1E0000),
        ("vfs", 0x3D0000, 0x30000),
    ]


def test_flash_only_clears_bits_until_a_sector_is_erased():
    flash = Flash(io.BytesIO(b"\xff" * 8192))
    flash.program(10, b"\xf0\x0f")
    flash.program(10, b"\x33\x33")
    assert flash.read(9, 4) == b"\xff\x30\x03\xff"
    flash.erase(0)
    assert flash.read(9, 4) == b"\xff" * 4
    with pytest.raises(ValueError, match="whole sectors"):
        flash.erase(100)
