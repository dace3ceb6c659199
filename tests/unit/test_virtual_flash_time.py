"""What flash did is counted, and how long that takes on a chip."""

import io
import shutil
from pathlib import Path

import pytest

import device
from device.virtual.board import Board
from device.virtual.boot import Outcome
from device.virtual.fakes.meter import Meter
from device.virtual.flash import Flash
from device.virtual.flash_time import TYPICAL, FlashTimes, FlashWork, count_work
from device.virtual.images import build_app

KIB = 1024
NEXT = build_app(version="1.1.0", size=4096)

# One after the other, in the slot that does not run; it begins at a multiple of 64 KiB.
ERASE_AHEAD = """
import time, uctypes
from esp32 import Partition
slot = Partition("app1")
try:
    slot.writeblocks(16, uctypes.bytearray_at(0, 65536))
except OSError as error:
    print(error.args)
held = bytearray(4096)
for block in range(16, 32):
    slot.readblocks(block, held)
    assert held == b"\\xff" * 4096
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    board = Board.create(tmp_path_factory.mktemp("board") / "template")
    board.flash_serial(build_app(version="1.0.0", size=4096))
    return board.directory


@pytest.fixture
def board(template, tmp_path):
    shutil.copytree(template, tmp_path / "board")
    return Board(tmp_path / "board")


def printed(board, main):
    board.copy_in({"/main.py": main.encode()})
    boot = board.run()[-1]
    assert boot.outcome is Outcome.REPL, boot.lines
    return boot.lines[1:]


def work(*operations):
    """What the host's flash counts; the operations are (method, arguments...)."""
    records = io.BytesIO()
    flash = Flash(io.BytesIO(b"\xff" * 256 * KIB), meter=Meter(records))
    for method, *arguments in operations:
        getattr(flash, method)(*arguments)
    return count_work(records.getvalue())


def test_an_erase_is_in_blocks_where_one_begins_and_is_erased_whole():
    assert work(("erase", 0, 64 * KIB)) == FlashWork(block_erases=1)
    assert work(("erase", 0, 60 * KIB)) == FlashWork(sector_erases=15)
    assert work(("erase", 4 * KIB, 64 * KIB)) == FlashWork(sector_erases=16)
    assert work(("erase", 60 * KIB, 136 * KIB)) == FlashWork(2, 2)


@pytest.mark.parametrize(
    ("address", "size", "pages"),
    [(0, 4096, 16), (0, 1, 1), (255, 2, 2), (256, 256, 1), (300, 256, 2), (300, 0, 0)],
)
def test_a_program_takes_each_page_that_it_touches(address, size, pages):
    assert work(("program", address, bytes(size))) == FlashWork(page_programs=pages)


def test_seconds_are_those_of_the_chip():
    done = FlashWork(sector_erases=10, block_erases=2, page_programs=100)
    assert done.seconds() == pytest.approx(0.45 + 0.3 + 0.07)
    assert done.seconds(FlashTimes(0.03, 0.25, 0)) == pytest.approx(0.8)
    assert TYPICAL.to_ns() == [45_000_000, 150_000_000, 700_000]


def test_work_is_told_of_a_range_and_between_two_moments():
    records = io.BytesIO()
    meter = Meter(records)
    meter.erase(0, 4096)
    meter.erase(8192, 8192)
    early = count_work(records.getvalue())
    meter.program(8192, 4096)
    all_of_it = records.getvalue()
    assert count_work(all_of_it, 8192, 12288) == FlashWork(1, 0, 16)
    assert count_work(all_of_it) - early == FlashWork(page_programs=16)
    assert count_work(all_of_it[:-1]) == early  # the last record was cut short


def test_a_board_counts_what_its_application_does_in_each_slot(board):
    assert board.flash_work() == FlashWork()
    main = """
from esp32 import Partition
slot = Partition("app1")
slot.writeblocks(1, bytes(8192))
slot.ioctl(6, 5)
slot.writeblocks(5, b"abc", 255)
"""
    printed(board, main)
    assert board.flash_work(1) == FlashWork(3, 0, 34)
    assert board.flash_work(0) == FlashWork()
    board.flash_serial(NEXT)
    assert board.flash_work(0) == FlashWork()


def test_a_board_counts_what_its_bootloader_does(board):
    main = """
from esp32 import Partition
import machine
slot = Partition(Partition.RUNNING).get_next_update()
if machine.reset_cause() == machine.PWRON_RESET:
    slot.writeblocks(0, %r)
    slot.set_boot()
    machine.reset()
"""
    image = NEXT + b"\xff" * (-len(NEXT) % 4096)
    printed(board, main % image)
    otadata = board.flash_work() - board.flash_work(1)
    assert otadata.sector_erases >= 2  # set_boot, and the bootloader that starts the trial
    assert otadata.page_programs >= 2


def test_a_write_from_address_0_erases_and_is_refused(board):
    assert printed(board, ERASE_AHEAD) == ["(-258, 'ESP_ERR_INVALID_ARG')"]
    assert board.flash_work(1) == FlashWork(block_erases=1)


def test_virtual_time_passes_as_on_a_chip_if_the_world_says_so(board):
    main = """
from esp32 import Partition
import time, uctypes
slot = Partition("app1")
def took_minutes(buffer):
    began = time.ticks_ms()
    try:
        slot.writeblocks(0, buffer)
    except OSError:
        pass
    return time.ticks_diff(time.ticks_ms(), began) // 60000
print(took_minutes(bytes(4096)), took_minutes(uctypes.bytearray_at(0, 65536)))
"""
    assert printed(board, main) == ["0 0"]
    minute = 60
    board.world["flash_times_ns"] = FlashTimes(2 * minute, 90 * minute, minute).to_ns()
    assert printed(board, main) == ["18 90"]


def test_a_board_erases_ahead_by_the_real_uctypes_and_in_the_times_of_a_chip(board):
    names = ("__init__", "slot", "slots", "boot", "errors", "survey", "erase")
    paths = {f"/lib/slotcast/{name}.py": f"{name}.py" for name in names}
    folder = Path(device.__file__).parent / "slotcast"
    board.copy_in({path: (folder / name).read_bytes() for path, name in paths.items()})
    board.world["flash_times_ns"] = TYPICAL.to_ns()
    main = """
import time
from esp32 import NVS, Partition
from slotcast.erase import Eraser, Latch
from slotcast.slots import other_slot
slot = other_slot(Partition)
eraser = Eraser(slot, Latch(NVS("slotcast")) if %r else None, time)
sector = memoryview(bytes([%d]) * 4096)
for offset in range(0, 32 * 4096, 4096):
    if not offset %% 16384:
        eraser.erase_ahead(offset, [sector] * 4, 32 * 4096, 32 * 4096)
    slot.write(offset, sector)
print(slot.written_sectors)
"""
    assert printed(board, main % (False, 1)) == ["32"]
    before = board.flash_work(1)
    assert before == FlashWork(32, 0, 32 * 16)
    assert printed(board, main % (True, 2)) == ["32"]
    assert board.flash_work(1) - before == FlashWork(1, 2, 32 * 16)
    assert board.slot_bytes(1).startswith(b"\2" * 32 * 4096)


def test_a_file_that_is_not_there_yet_tells_of_no_work(tmp_path: Path):
    board = Board.create(tmp_path / "fresh")
    assert board.flash_work() == FlashWork()
