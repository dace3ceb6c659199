"""A ROMFS image: what a virtual board's firmware has in flash beside MicroPython itself.

Modules in it run where they stand, as frozen ones do; the heap holds only what they make. Source:
"ROMFS filesystem format" in docs/reference/romfs.rst of MicroPython, extmod/vfs_rom.c.
"""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

from device.virtual.fakes.state import ROM_MOUNT

_HEADER = b"\xd2\xcd\x31"
_HAS_ARCH_FLAGS = 0x40
_VERBATIM, _DIRECTORY, _FILE = 2, 4, 5
# MicroPython's unix port can read any address that its process owns. The strings of the environment
# are such a place: one after the other, writable, outside the heap, and no garbage collector looks
# for pointers there. Linux takes 128 KiB in one string, and 2 MiB of them at least.
_PAD_BYTES = 65536


def read_tree(folder: Path) -> dict[str, bytes]:
    """All files below a folder: path in it -> content."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def build_rom(files: Mapping[str, bytes]) -> bytes:
    """The image of a ROMFS with these files: path -> content."""
    body = _directory(files)
    return _HEADER + _uint(len(body)) + body


def names_file(modules: Mapping[str, bytes]) -> bytes:
    """What fakes/rom.py lets MicroPython know: the names in modules, by path.

    Their paths are among them: a module that is frozen has none, and one of a ROMFS keeps it in the
    heap as its `__file__`.
    """
    compiled = {path: mpy for path, mpy in modules.items() if path.endswith(".mpy")}
    names = {f"{ROM_MOUNT}/{path}".encode() for path in compiled}
    for mpy in compiled.values():
        names |= names_in(mpy)
    return b"".join(bytes([len(name)]) + name for name in sorted(names))


def names_in(mpy: bytes) -> set[bytes]:
    """The names and short strings (qstrs) of a compiled module (py/persistentcode.c, version 6)."""
    reader = BytesIO(mpy[4:])
    if mpy[2] & _HAS_ARCH_FLAGS:
        _read_uint(reader)
    count, _ = _read_uint(reader), _read_uint(reader)
    names = set()
    for _ in range(count):
        size = _read_uint(reader)
        if not size & 1:  # else it is a number: of a name that every MicroPython has
            names.add(reader.read(size >> 1))
            reader.read(1)
    return names


def room_for(rom: Path) -> dict[str, str]:
    """What to put first into a process' environment, so that fakes/rom.py finds room there."""
    count = -(-rom.stat().st_size // _PAD_BYTES)
    return {f"ROM_{number:03}": "." * _PAD_BYTES for number in range(count)}


def _directory(files: Mapping[str, bytes]) -> bytes:
    """The records of a directory's files, then of the directories in it."""
    body, below = b"", dict[str, dict[str, bytes]]()
    for path, content in files.items():
        name, slash, rest = path.partition("/")
        if slash:
            below.setdefault(name, {})[rest] = content
        else:
            body += _record(_FILE, _name(name) + _record(_VERBATIM, content))
    for name, inside in below.items():
        body += _record(_DIRECTORY, _name(name) + _directory(inside))
    return body


def _record(kind: int, payload: bytes) -> bytes:
    return _uint(kind) + _uint(len(payload)) + payload


def _name(text: str) -> bytes:
    name = text.encode()
    return _uint(len(name)) + name


def _read_uint(reader: BytesIO) -> int:
    value, byte = 0, 0x80
    while byte & 0x80:
        byte = reader.read(1)[0]
        value = value << 7 | byte & 0x7F
    return value


def _uint(value: int) -> bytes:
    """A number in groups of seven bits, the highest first; all but the last have their top bit."""
    groups = bytes([value & 0x7F])
    while value := value >> 7:
        groups = bytes([0x80 | value & 0x7F]) + groups
    return groups
