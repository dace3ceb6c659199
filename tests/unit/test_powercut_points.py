"""The points at which the sweep cuts the power, and the classes that it puts them in."""

import io
from pathlib import Path

import pytest

from device.virtual.fakes import otadata
from device.virtual.fakes.flash import Flash as BoardFlash
from device.virtual.fakes.journal import Journal
from device.virtual.flash import Flash
from device.virtual.images import build_app
from device.virtual.table import DEFAULT_TABLE, ota_slots
from tests.powercut.boots import known_images, start_everywhere
from tests.powercut.classes import SlotPart
from tests.powercut.journal import Mark, Operation, read_journal
from tests.powercut.nvs import read_nvs
from tests.powercut.points import Point, all_points, cut, flash_at, flash_before
from tests.powercut.verdict import older

SECTOR = 4096
SLOT = ota_slots(DEFAULT_TABLE)[1].offset
ERASE = Operation(0, None)


def names(operations: list[Operation]) -> list[str]:
    points = [span.point(index) for span in all_points(operations) for index in range(len(span))]
    return [str(point) for point in points]


def test_points_are_before_inside_and_after_each_operation() -> None:
    assert names([ERASE, Operation(0, b"ab")]) == [
        *(f"0e{pages}" for pages in range(16)),
        *("0w0", "0w1", "1p0", "1p1", "2p0"),
    ]


def test_a_point_is_found_again_by_its_name() -> None:
    assert Point.parse("956p17") == Point(956, "p", 17)
    assert str(Point.parse("955e3")) == "955e3"
    with pytest.raises(ValueError, match="names no point"):
        Point.parse("17")


def test_a_point_of_another_kind_of_operation_is_refused() -> None:
    with pytest.raises(ValueError, match="no point 0p3"):
        cut(ERASE, bytes(SECTOR), Point(0, "p", 3))


def test_a_cut_erase_leaves_pages_as_they_were() -> None:
    held = bytes(SECTOR)
    assert cut(ERASE, held, Point(0, "e", 0)) == held
    assert cut(ERASE, held, Point(0, "e", 15)) == b"\xff" * 3840 + bytes(256)


def test_a_weak_erase_sets_some_bits_and_clears_none() -> None:
    held = bytes(range(256)) * 16
    left = cut(ERASE, held, Point(0, "w", 0))
    assert left not in (held, b"\xff" * SECTOR)
    assert all(old & new == old for old, new in zip(held, left, strict=True))
    assert left == cut(ERASE, held, Point(0, "w", 0))
    assert left != cut(ERASE, held, Point(0, "w", 1))


def test_a_cut_program_clears_bits_up_to_a_byte() -> None:
    program = Operation(0, b"\x0f\x0f\x0f")
    assert cut(program, b"\xf3\xff\xff", Point(0, "p", 2)) == b"\x03\x0f\xff"


def test_both_sides_write_one_journal_from_which_flash_can_be_rebuilt(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    memory = io.BytesIO(bytes(2 * SECTOR))
    with path.open("ab", buffering=0) as file:
        journal = Journal(file)
        Flash(memory, journal).rewrite(SECTOR, b"host")
        journal.mark("boot 2")
        board = BoardFlash(memory, journal)
        board.erase(0)
        board.program(10, b"\xf0\x0f" * 200)
        board.program(10, b"\x33")
    operations, marks = read_journal(path)
    assert marks == [Mark(2, "boot 2")]
    assert [operation.size for operation in operations] == [4096, 4, 4096, 400, 1]
    assert flash_before(bytes(2 * SECTOR), operations, 5) == memory.getvalue()
    assert (
        flash_at(bytes(2 * SECTOR), operations, Point(3, "p", 1))[8:13] == b"\xff\xff\xf0\xff\xff"
    )


def test_a_torn_record_at_the_end_of_a_journal_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with path.open("ab", buffering=0) as file:
        Journal(file).erase(0)
        Journal(file).program(0, b"data")
    path.write_bytes(path.read_bytes()[:-1])
    assert read_journal(path) == ([Operation(0, None)], [])


@pytest.mark.parametrize("tail", [b"end", b"end\xff\xff\xff", b"\xff" * SECTOR, b"x" * 300])
def test_the_slots_states_are_those_of_every_single_byte(tail: bytes) -> None:
    image = b"first" * 820 + tail  # a sector and some bytes, then what stands at its end
    goal = image.ljust(-(-len(image) // SECTOR) * SECTOR, b"\xff")
    held = bytes(len(goal))
    part, brute = SlotPart(held, image), bytearray(held)
    for number in range(0, 2 * len(goal) // SECTOR, 2):
        at = number // 2 * SECTOR
        for operation in (
            Operation(SLOT + at, None),
            Operation(SLOT + at, goal[at : at + SECTOR]),
        ):
            before = bytes(brute[at : at + SECTOR])
            for span, state in part.seen(number, operation):
                for index in range(len(span)):
                    brute[at : at + SECTOR] = cut(operation, before, span.point(index))
                    assert state == SlotPart(bytes(brute), image).state, span.point(index)
            brute[at : at + SECTOR] = operation.result(before)
    assert bytes(brute) == goal
    assert part.state == SlotPart(goal, image).state


def test_nvs_that_a_cut_left_blank_or_torn_holds_nothing() -> None:
    assert read_nvs(b"\xff" * 0x5000) == ({}, 0, -1)


def test_metadata_that_is_gone_or_older_is_told() -> None:
    before = {"root": 1, "timestamp": 4, "snapshot": 0, "targets": 2}
    after = {"root": 0, "timestamp": 3, "snapshot": 1, "targets": 2}
    assert older(before, after) == (
        "root.json went from version 1 to 0",
        "timestamp.json went from version 4 to 3",
    )


def test_every_point_is_started_where_the_bootloader_looks_and_one_elsewhere() -> None:
    app = build_app(size=4096)
    base = bytearray(b"\xff" * 0x400000)
    base[0x10000 : 0x10000 + len(app)] = app
    entry = otadata.first_entry(0).to_bytes()
    operations = [
        Operation(0x9000, b"a record in nvs"),
        Operation(0xE000, None),
        Operation(0xE000, entry),
        Operation(0x10000, None),  # nobody does this to the slot that runs
    ]
    starts = start_everywhere(bytes(base), operations, known_images({"app": app}))
    assert starts.points == 15 + 18 + 32 + 18 + 1
    assert {str(span.point(0)) for span in starts.bad} == {
        *(f"3e{pages}" for pages in range(1, 16)),
        *("3w0", "3w1", "4p0"),
    }
    assert starts.started[""] == 18
    assert starts.runs < 60
