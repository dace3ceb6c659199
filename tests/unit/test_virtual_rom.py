"""Virtual boards whose code runs from flash: the ROMFS image, and what is left in the heap."""

import shutil

import pytest

from device.virtual.board import Board
from device.virtual.errors import VirtualBoardError
from device.virtual.images import build_app
from device.virtual.programs import compile_mpy
from device.virtual.rom import build_rom, names_in, room_for

UNUSED = "".join(
    f"def unused_{n}(a):\n return [b + {n} for b in range(a) if b % {n + 7}]\n" for n in range(60)
)
MODULE = f"""
TEXT = "{"a text that is too long for a name, " * 8}"
def add(a, b):
    return a + b
{UNUSED}
"""
IMPORT = """
import gc
gc.collect()
before = gc.mem_alloc()
import frozen_one
gc.collect()
print("took", gc.mem_alloc() - before)
print("sum", frozen_one.add(40, 2), len(frozen_one.TEXT))
"""


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("modules")
    (folder / "frozen_one.py").write_text(MODULE)
    return compile_mpy(folder, folder)[0].read_bytes()


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    board = Board.create(tmp_path_factory.mktemp("board") / "template")
    board.flash_serial(build_app(version="1.0.0", size=4096))
    return board.directory


@pytest.fixture
def board(template, tmp_path):
    return Board(shutil.copytree(template, tmp_path / "board"))


def run(board, main):
    """What a board prints that runs this, but for the bootloader's line."""
    board.copy_in({"/main.py": main.encode()})
    return [line for line in board.run()[-1].lines if not line.startswith("I (boot)")]


def test_code_in_flash_leaves_objects_alone_in_the_heap(board, compiled):
    board.freeze({"frozen_one.mpy": compiled})
    took = {}
    for in_flash in (False, True):
        board.code_in_flash = in_flash
        first, second = run(board, IMPORT)
        assert second == f"sum 42 {36 * 8}"
        took[in_flash] = int(first.partition(" ")[2])
    assert took[True] < took[False] - len(compiled) // 2


def test_the_board_remembers_where_its_code_is(board, compiled):
    board.freeze({"frozen_one.mpy": compiled})
    board.code_in_flash = True
    again = Board(board.directory)
    assert again.code_in_flash
    assert run(again, "import frozen_one\nprint(frozen_one.__file__)") == ["/.rom/frozen_one.mpy"]


def test_what_is_frozen_later_is_in_flash_too(board, compiled):
    board.code_in_flash = True
    board.freeze({"package/__init__.py": b"", "package/late.mpy": compiled})
    assert run(board, "from package.late import add\nprint(add(1, 2))") == ["3"]


def test_the_filesystem_of_the_board_is_the_one_that_it_had(board):
    board.copy_in({"/notes.txt": b"kept"})
    board.code_in_flash = True
    assert run(board, "print(open('notes.txt').read())") == ["kept"]


def test_a_module_of_the_filesystem_comes_before_a_frozen_one(board, compiled):
    board.freeze({"frozen_one.mpy": compiled})
    board.code_in_flash = True
    board.copy_in({"/frozen_one.py": b"print('mine')"})
    assert run(board, "import frozen_one") == ["mine"]


def test_an_image_has_the_records_of_the_format():
    # Header and length; a file: kind, length, name, then its content, a record of kind 2.
    file = b"\x05\x06\x01a\x02\x02hi"
    assert build_rom({"a": b"hi"}) == b"\xd2\xcd\x31" + bytes([len(file)]) + file
    folder = b"\x04\x0a\x01d" + file
    assert build_rom({"d/a": b"hi"}) == b"\xd2\xcd\x31" + bytes([len(folder)]) + folder


def test_lengths_above_127_take_groups_of_seven_bits():
    assert build_rom({"a": bytes(200)})[3:].startswith(b"\x81\x50\x05\x81\x4d\x01a\x02\x81\x48")


def test_names_in_a_module_are_read_from_its_table(compiled):
    names = names_in(compiled)
    assert {b"add", b"TEXT", b"unused_59"} <= names
    assert b"range" not in names  # which is a number: MicroPython's own


def test_there_is_room_in_the_environment_for_the_whole_image(tmp_path):
    for size in (1, 65536, 65537, 300000):
        rom = tmp_path / "rom.bin"
        rom.write_bytes(bytes(size))
        room = room_for(rom)
        assert sum(map(len, room.values())) >= size
        assert next(iter(room)) == "ROM_000"
        assert max(map(len, room.values())) < 128 * 1024


def test_without_room_for_the_image_nothing_is_overwritten(board, monkeypatch):
    monkeypatch.setattr("device.virtual.process.room_for", lambda rom: {})
    with pytest.raises(VirtualBoardError, match="no room for a ROM"):
        board.code_in_flash = True
