"""Slotcast as files in /lib of a board, on the partition table of MicroPython's OTA builds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import device
from device.virtual.board import Board
from device.virtual.images import build_app
from device.virtual.programs import compile_mpy
from device.virtual.table import table_from_bytes
from publisher import cli
from publisher.certificates import Authority
from publisher.partitions import parse_csv, to_binary
from publisher.serve import Edge
from publisher.settings import load_settings
from publisher.stores import open_store

DEVICE = Path(device.__file__).parent
HOST = "updates.test"
# ports/esp32/partitions-4MiB-ota.csv of MicroPython; the filesystem is added at run time there.
STOCK_TABLE = """\
nvs,      data, nvs,   0x9000,   0x4000
otadata,  data, ota,   0xd000,   0x2000
phy_init, data, phy,   0xf000,   0x1000
ota_0,    app,  ota_0, 0x10000,  0x180000
ota_1,    app,  ota_1, 0x190000, 0x180000
vfs,      data, fat,   0x310000, 0xf0000
"""
FACTORY = build_app(version="1.0.0", seed=1)
RELEASE = build_app(version="1.1.0", seed=2)


@pytest.fixture
def edge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Edge]:
    """An edge with 1.1.0 on it; what a board needs for it is in tmp_path/provisioned."""
    monkeypatch.chdir(tmp_path)
    authority = Authority.create("workshop")
    Path("ca.pem").write_bytes(authority.certificate_pem)
    Path("partitions.csv").write_text(STOCK_TABLE)
    Path("app.bin").write_bytes(RELEASE)
    edge = "--base-url https://updates.test/ --ca ca.pem"
    board = "--board node --chip esp32 --partitions partitions.csv"
    run(f"init sensor --insecure-no-passphrase {edge} {board}")
    run("release app.bin --version 1.1.0 --channel stable --board node")
    run("provision --channel stable --board node --out provisioned")
    with Edge(open_store(load_settings(Path("slotcast.toml"))), authority.issue([HOST])) as edge:
        yield edge


@pytest.fixture
def board(edge: Edge, tmp_path: Path) -> Board:
    """A board that runs 1.0.0, provisioned, without the library."""
    table = table_from_bytes(to_binary(parse_csv(STOCK_TABLE)))
    made = Board.create(tmp_path / "board", table=table)
    made.heap_kib = 400  # compiling .py takes more of it than loading .mpy
    made.world["speed"] = 1000.0
    made.world["hosts"] = {HOST: ["127.0.0.1", edge.port]}
    made.flash_serial(FACTORY)
    made.copy_in(tree(tmp_path / "provisioned" / "slotcast", "/etc/slotcast"))
    made.copy_in({"/main.py": (DEVICE / "examples" / "minimal.py").read_bytes()})
    return made


def run(command: str) -> None:
    assert cli.main(command.split()) == 0


def tree(folder: Path, target: str) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {f"{target}/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in files}


def verify_update(board: Board) -> None:
    boots = board.run(lambda line: line.startswith("slotcast decide: current"), timeout_s=60)
    lines = [line for boot in boots for line in boot.lines]
    assert "slotcast confirm: 1.1.0 is kept" in lines
    assert lines[-1] == "slotcast decide: current: runs 1.1.0 already"
    assert [boot.slot for boot in boots] == ["ota_0", "ota_1"]
    assert board.slot_bytes(1)[: len(RELEASE)] == RELEASE


def test_compiled_files_in_lib_take_an_update(board: Board, tmp_path: Path) -> None:
    compile_mpy(DEVICE / "slotcast", tmp_path / "mpy")
    board.heap_kib = 240
    board.copy_in(tree(tmp_path / "mpy", "/lib/slotcast"))
    verify_update(board)


def test_sources_in_lib_as_mip_puts_them_take_an_update(board: Board) -> None:
    files = tree(DEVICE / "slotcast", "/lib/slotcast")
    board.copy_in({name: data for name, data in files.items() if name.endswith(".py")})
    verify_update(board)
