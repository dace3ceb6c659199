"""Compile Slotcast for a chip: a folder of .mpy for `mip`, smaller in memory than the sources.

    python -m device.compile --arch rv32imc OUT

Code in viper is machine code then, so that a board need not compile it; one whose firmware does not
take it (another chip's, or MicroPython before 1.23) falls back to the portable twin of that module.
"""

import argparse
import json
import sys
from pathlib import Path

from device.virtual.errors import VirtualBoardError
from device.virtual.programs import compile_mpy

# esp32, esp32s2 and esp32s3; esp32c2, c3, c5, c6 and h2.
ARCHITECTURES = ("xtensawin", "rv32imc")

_DEVICE = Path(__file__).parent
# Without line numbers, as firmware for small boards is built (manifest.py).
_OPTIONS = ("-O3",)


def compile_package(arch: str, out: Path) -> list[Path]:
    """Compile all modules of the device into a folder that `mip` installs from.

    Args:
        arch: one of ARCHITECTURES.
        out: gets slotcast/*.mpy and package.json.

    Returns the .mpy files.

    Raises:
        VirtualBoardError: mpy-cross is missing, or a file does not compile.
    """
    compiled = compile_mpy(_DEVICE / "slotcast", out / "slotcast", _OPTIONS, arch)
    package = json.loads((_DEVICE / "package.json").read_text())
    names = [path.relative_to(out).as_posix() for path in compiled]
    package["urls"] = [[name, name] for name in names]
    (out / "package.json").write_text(json.dumps(package, indent=2) + "\n")
    return compiled


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m device.compile", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--arch", choices=ARCHITECTURES, required=True, help="the chip's")
    parser.add_argument("out", metavar="OUT", type=Path, help="folder for package.json and .mpy")
    options = parser.parse_args(arguments)
    try:
        compiled = compile_package(options.arch, options.out)
    except VirtualBoardError as error:
        print(error, file=sys.stderr)
        return 1
    size = sum(path.stat().st_size for path in compiled)
    print(f"{len(compiled)} modules, {size} bytes: {options.out / 'package.json'}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
