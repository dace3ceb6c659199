"""What compressed files and archives hold, as far as it can be read; nothing goes to disk.

The bytes may be cut off, and may be anything. So archives are walked from the front: the directory
of a zip stands at its end, and the further headers of a tar may say what they like.
"""

from __future__ import annotations

import bz2
import lzma
import struct
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from tarfile import BLOCKSIZE, TarError, TarInfo
from typing import Protocol
from zipfile import ZIP_DEFLATED, ZIP_STORED

_MOST_MEMBERS = 64
_LZMA_BYTES = 1 << 26  # of memory, which an xz may ask for
# APPNOTE.TXT, 4.3.7: what follows are the name and an extra field, then the data.
_LOCAL_HEADER, _ZIP = struct.Struct("<8xHHHIIIHH"), b"PK\3\4"
_TAR, _TAR_AT = b"ustar", 257


class _Unpacker(Protocol):
    """What zlib, bz2 and lzma give."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


# By how the data begins; of zlib, in which Git keeps its objects, by RFC 1950.
_KINDS: tuple[tuple[bytes, Callable[[], _Unpacker]], ...] = (
    (b"\x1f\x8b", partial(zlib.decompressobj, wbits=31)),
    (b"\x78", zlib.decompressobj),
    (b"BZh", bz2.BZ2Decompressor),
    (b"\xfd7zXZ\0", partial(lzma.LZMADecompressor, lzma.FORMAT_XZ, _LZMA_BYTES)),
)
_inflate = partial(zlib.decompressobj, wbits=-15)


def unpacked(data: bytes, most: int) -> Iterator[bytes]:
    """Yield what is compressed in the bytes, and the files of an archive.

    Args:
        most: how many bytes are unpacked of each, and the files of an archive together.
    """
    for magic, unpacker in _KINDS:
        if data.startswith(magic):
            yield _decompressed(unpacker, data, most)
    if data.startswith(_ZIP):
        yield from _zip_members(data, most)
    if data.startswith(_TAR, _TAR_AT):
        yield from _tar_members(data)


def _decompressed(unpacker: Callable[[], _Unpacker], data: bytes, most: int) -> bytes:
    """Return what was compressed, in one piece or in several (RFC 1952, 2.2)."""
    found = b""
    for _ in range(_MOST_MEMBERS):
        engine = unpacker()
        try:
            found += engine.decompress(data, most - len(found))
        except (zlib.error, lzma.LZMAError, OSError, ValueError):
            return found
        data = engine.unused_data
        if not data or len(found) >= most:
            return found
    return found


def _zip_members(data: bytes, most: int) -> Iterator[bytes]:
    at = 0
    for _ in range(_MOST_MEMBERS):
        if at < 0 or most <= 0 or len(data) < at + _LOCAL_HEADER.size:
            return
        method, _, _, _, size, _, name, extra = _LOCAL_HEADER.unpack_from(data, at)
        start = at + _LOCAL_HEADER.size + name + extra
        member = b""
        if method == ZIP_DEFLATED:  # its end is in the data
            member = _decompressed(_inflate, data[start:], most)
        elif method == ZIP_STORED:
            member = data[start : start + size][:most]
        yield member
        most -= len(member)
        at = data.find(_ZIP, start)


def _tar_members(data: bytes) -> Iterator[bytes]:
    """Yield the files of a tar, and what further headers have for data."""
    at = 0
    for _ in range(_MOST_MEMBERS):
        try:
            member = TarInfo.frombuf(data[at : at + BLOCKSIZE], "utf-8", "surrogateescape")
        except (TarError, ValueError):
            return
        size, at = max(member.size, 0), at + BLOCKSIZE
        yield data[at : at + size]
        at += -(-size // BLOCKSIZE) * BLOCKSIZE
