"""An application that is frozen into the firmware, beside Slotcast."""

import tempfile
from pathlib import Path

import device
from device.virtual.board import Board
from device.virtual.programs import compile_mpy

EXAMPLE = Path(device.__file__).parent / "examples" / "minimal.py"


def freeze_application(board: Board) -> None:
    """Have main.py do no more than import minimal.py, which the firmware has; boot.py stays."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source"
        source.mkdir()
        (source / "application.py").write_text(EXAMPLE.read_text())
        [compiled] = compile_mpy(source, Path(folder) / "compiled", ("-O3",))
        board.freeze({"application.mpy": compiled.read_bytes()})
    board.copy_in({"/main.py": b"import application\n"})
