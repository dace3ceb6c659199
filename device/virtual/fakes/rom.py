"""Run a module of the fakes from ROM: `micropython -m fakes.rom ROM_FILE MODULE ...`.

The supervisor made room for a ROMFS image in this process' environment (device/virtual/rom.py). It
is copied there and mounted; the fakes and the frozen modules are loaded from it, and run in place.
"""

import gc
import sys

import uctypes
import vfs
from fakes.state import ROM_MOUNT

_ENV_START = 47  # proc_pid_stat(5): field 50, of which the first two are cut off here
_MARK = b"ROM_000="


def main(rom_file: str, module: str, *arguments: str) -> None:
    """Mount the image and go on as if `micropython -m fakes.MODULE ...` had been called."""
    vfs.mount(vfs.VfsRom(_copied(rom_file)), ROM_MOUNT)
    # This package was found in the host's files: from now on it is the one in ROM.
    for name in [name for name in sys.modules if name.split(".")[0] == "fakes"]:
        del sys.modules[name]
    sys.path.insert(0, ROM_MOUNT)
    gc.threshold(1024)  # what is to stay is not scattered over the heap
    _know_names()
    gc.collect()
    gc.threshold(-1)
    __import__("fakes." + module)
    sys.modules["fakes." + module].main(*arguments)


def _copied(rom_file: str) -> object:
    """The image, in memory outside the heap."""
    address = _environment()
    with open(rom_file, "rb") as file:
        rom = uctypes.bytearray_at(address, file.seek(0, 2))
        if uctypes.bytes_at(address, len(_MARK)) != _MARK:
            raise RuntimeError("no room for a ROM")
        file.seek(0)
        file.readinto(rom)
    return rom


def _know_names() -> None:
    """Have MicroPython know the names in the image, as frozen modules bring theirs in flash."""
    with open(ROM_MOUNT + "/.names", "rb") as file:
        size = file.read(1)
        while size:
            hasattr(None, file.read(size[0]).decode())
            size = file.read(1)


def _environment() -> int:
    """Where the strings of this process' environment begin (Linux)."""
    with open("/proc/self/stat") as file:
        stat = file.read()
    return int(stat[stat.rfind(")") + 2 :].split()[_ENV_START])


if __name__ == "__main__":
    main(*sys.argv[1:])
