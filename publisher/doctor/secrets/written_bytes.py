"""Bytes as people and tools write them into text: base64, hexadecimal, decimal, dumps."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

# 24 bytes and 32: what is shorter is no key.
_WORD = re.compile(r"[A-Za-z0-9+/_-]{40,}={0,2}")
_BASE64 = re.compile(r"[A-Za-z0-9+/_=\s-]{40,}")
# Pairs of digits, as `openssl -text`, `xxd -p`, C and Python write them.
_HEX = re.compile(r"""(?<![0-9A-Za-z])(?:(?:0[xX]|\\x)?[0-9a-fA-F]{2}[\s:,;'"_-]{0,8}){32,}""")
_NO_DIGIT = re.compile(r"0[xX]|[^0-9a-fA-F]")
_DECIMAL = re.compile(r"(?<![\w.])\d{1,3}(?:[\s,;]{1,6}\d{1,3}(?!\d)){31,}")
# Lines with an offset, as `xxd` writes them, or `hexdump -C` and `od -tx1`.
_DUMP = re.compile(
    r"^(?:[0-9a-fA-F]{8}: ((?: ?[0-9a-fA-F]{2}){1,16})"
    r"|[0-9a-fA-F]{7,8}((?:  ?[0-9a-fA-F]{2}){1,16}))",
    re.MULTILINE,
)
_BYTE_MAX = 255
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def texts(data: bytes) -> Iterator[str]:
    """Yield the bytes as text, of UTF-16 too; Latin-1 takes any."""
    yield data.decode("latin-1")
    if data.startswith(_UTF16):
        yield data.decode("utf-16", "replace")
    elif b"\0" in data:
        yield data.replace(b"\0", b"").decode("latin-1")  # without a byte order mark


def decoded(text: str) -> bytes:
    """Return what base64 of either alphabet stands for (RFC 4648), or b""."""
    plain = "".join(text.split()).rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4))
    except ValueError:
        return b""


def whole_base64(text: str) -> Iterator[bytes]:
    """Yield what a text stands for that is base64 as a whole, in lines or not."""
    if _BASE64.fullmatch(text.strip()):
        yield decoded(text)


def words(text: str) -> Iterator[bytes]:
    """Yield what the words of a text stand for, as base64: values of YAML, JSON, settings."""
    for word in _WORD.finditer(text):
        yield decoded(word[0])


def numbers(text: str) -> Iterator[bytes]:
    """Yield the bytes that a text writes as numbers, 32 or more of them in a row."""
    for run in _HEX.finditer(text):
        yield bytes.fromhex(_NO_DIGIT.sub("", run[0]))
    for run in _DECIMAL.finditer(text):
        values = [int(one) for one in re.findall(r"\d+", run[0])]
        if max(values) <= _BYTE_MAX:
            yield bytes(values)
    yield bytes.fromhex("".join(line[1] or line[2] for line in _DUMP.finditer(text)))
