"""Bytes of Slotcast on the board, compiled for the two kinds of CPU that ESP32 chips have."""

import tempfile
from pathlib import Path

from tables import render

import device
from device.virtual.programs import compile_mpy

ARCHITECTURES = ("xtensawin", "rv32imc")
HEADER = ("How large is Slotcast on the board?", "source", *ARCHITECTURES)
NOTES = """\
Bytes of .py and .mpy files. xtensawin: ESP32, S2, S3; rv32imc: C3, C5, C6. Only SHA-512 in viper
is native code; the rest is bytecode, the same for all."""


def table() -> str:
    """The figures of a run, for people."""
    folder = Path(device.__file__).parent / "slotcast"
    with tempfile.TemporaryDirectory() as scratch:
        columns = [sizes(folder, "*.py")]
        for architecture in ARCHITECTURES:
            target = Path(scratch) / architecture
            compile_mpy(folder, target, [f"-march={architecture}"])
            columns.append(sizes(target, "*.mpy"))
    names = sorted(columns[0], key=lambda name: -columns[1][name])
    rows = [(name, *(f"{column[name]:,}" for column in columns)) for name in names]
    total = (f"all {len(names)}", *(f"{sum(column.values()):,}" for column in columns))
    return render(HEADER, [*rows, total], NOTES)


def sizes(folder: Path, pattern: str) -> dict[str, int]:
    """Bytes of files by module."""
    return {path.stem: path.stat().st_size for path in folder.glob(pattern)}


if __name__ == "__main__":
    print(table())
