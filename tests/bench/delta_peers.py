"""Patches by the delta encoders of others: detools, Espressif's choice for ESP-IDF, and bsdiff4.

detools comes as source, whose C would need a compiler. What that C does for a patch is bsdiff's
suffix sort and matching, and the package bsdiff4 has the same algorithm compiled. So bsdiff4's
records are handed to detools' own Python, which packs and compresses them; the patches were found
equal, byte for byte, to those of a detools that was compiled.
"""

import functools
import io
import sys
from importlib import import_module
from types import SimpleNamespace

import peers

CONTROL_BYTES, INTEGER_BYTES = 24, 8  # bsdiff's record: three integers
DEFAULT_SETTING = (8, 7)
# Window and lookahead, as powers of two. For each pair of delta_pairs.py the best of all settings
# with windows from 2^8 to 2^14 is among these; heatshrink's C fails at its largest, 2^15.
SETTINGS = ((12, 8), (13, 12), (14, 5), (14, 8), (14, 10), (14, 11), (14, 12))


def enable() -> None:
    """Let this process import the peers; they are downloaded when they are not there yet."""
    folder = peers.folder("delta_peers")
    sys.path += [str(folder), *map(str, folder.glob("detools-*"))]
    nothing = SimpleNamespace()
    sort = SimpleNamespace(sais=no_sort, divsufsort=no_sort)
    match = SimpleNamespace(create_patch=create_patch, pack_size=pack_size)
    compiled = {"suffix_array": sort, "bsdiff": match, "hdiffpatch": nothing}
    sys.modules.update({f"detools.{name}": module for name, module in compiled.items()})


def detools(
    old: bytes, new: bytes, compression: str, setting: tuple[int, int] = DEFAULT_SETTING
) -> bytes:
    """Return detools' sequential patch; `setting` is heatshrink's window and lookahead."""
    window, lookahead = setting
    patch = io.BytesIO()
    import_module("detools.create").create_patch(
        io.BytesIO(old),
        io.BytesIO(new),
        patch,
        compression=compression,
        use_mmap=False,
        heatshrink_window_sz2=window,
        heatshrink_lookahead_sz2=lookahead,
    )
    return patch.getvalue()


def best_heatshrink(old: bytes, new: bytes) -> tuple[tuple[int, int], bytes]:
    """Return the setting with which detools' heatshrink does best, and its patch."""
    patches = ((setting, detools(old, new, "heatshrink", setting)) for setting in SETTINGS)
    return min(patches, key=lambda item: len(item[1]))


def bsdiff4(old: bytes, new: bytes) -> bytes:
    """Return bsdiff4's patch."""
    return import_module("bsdiff4").diff(old, new)


def no_sort(data: bytes, suffix_array: bytearray) -> None:
    """Leave the array as it is: bsdiff4 sorts for itself."""


def create_patch(
    suffix_array: bytearray, old: bytes, new: bytes, scratch: bytearray
) -> list[bytes]:
    """Return what detools' C of this name does: its records, ready to be compressed."""
    control, diff, extra = map(io.BytesIO, records(old, new))
    chunks = []
    while record := control.read(CONTROL_BYTES):
        diff_bytes, extra_bytes, seek = integers(record)
        chunks += [pack_size(diff_bytes), diff.read(diff_bytes)]
        chunks += [pack_size(extra_bytes), extra.read(extra_bytes), pack_size(seek)]
    return chunks


@functools.lru_cache(maxsize=1)
def records(old: bytes, new: bytes) -> tuple[bytes, bytes, bytes]:
    """bsdiff's control, diff and extra blocks, not compressed."""
    return import_module("bsdiff4.core").diff(old, new)


def integers(record: bytes) -> list[int]:
    """The three integers of a bsdiff record."""
    decode = import_module("bsdiff4.core").decode_int64
    return [decode(record[at : at + INTEGER_BYTES]) for at in range(0, len(record), INTEGER_BYTES)]


def pack_size(value: int) -> bytes:
    """An integer as detools packs it: sign and six bits, then seven bits a byte, lowest first."""
    sign, rest = (0x40 if value < 0 else 0), abs(value)
    packed = [sign | rest & 0x3F]
    rest >>= 6
    while rest:
        packed.append(rest & 0x7F)
        rest >>= 7
    return bytes([*(byte | 0x80 for byte in packed[:-1]), packed[-1]])
