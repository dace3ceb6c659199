"""Private keys and other secrets in what is told: taken out of every line on its way to stderr.

A key gets there where somebody gives it as an argument, in place of where it is: an error that
repeats the argument would repeat the key, into the logs of a CI. Every step takes time that grows
with the text, and no faster.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence

_KEY = "[a private key]"
# RFC 7468, and its relatives: ENCRYPTED, EC, RSA, OPENSSH, PGP. Where the end is missing, all that
# follows belongs to it. In a URL a blank is %20 or +.
_DASHES = "(?:-|%2[Dd]){5}"
_SOME = r"[^-\r\n]{0,40}"
_LABEL = rf"{_SOME}?PRIVATE(?: |\+|%20)KEY{_SOME}?{_DASHES}"
_WHOLE = re.compile(rf"{_DASHES}BEGIN{_LABEL}.*?(?:{_DASHES}END{_LABEL}|\Z)", re.DOTALL)
_END = re.compile(rf"{_DASHES}END{_LABEL}")
# Line ends as they are, as Python's repr() writes them, as in a URL, or as blanks, where a shell
# split words.
_BREAK = re.compile(r"((?:\s|\\{1,16}[nr]|%0[AaDd])+)")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_CODE = f"{_LETTERS}=%"
_SHORTEST_LINE = 40  # of a PEM, but its last
_WORD = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}")
# DER of RFC 5958 (PKCS #8, versions 1 and 2), RFC 8017 (RSA), RFC 5915 (EC): a sequence that begins
# with a version. That of a public key, or of a certificate, begins with another sequence.
_DER = re.compile(
    rb"\x30(?:[\x00-\x7f]|\x81.|\x82..)\x02\x01(?:[\x00\x01]\x30|\x00\x02|\x01\x04)", re.DOTALL
)
_SHORTEST_DER = 40
_MOST_LAYERS = 3  # of base64 in base64
_OTHERS = (
    (re.compile(r"(pin-value=)[^&;\s\"'`]+", re.ASCII), r"\1[a PIN]"),  # RFC 7512, 2.4
    (
        re.compile(
            r"(aws_(?:secret_access_key|session_token)[\"']?\s{0,9}[=:]\s{0,9}[\"']?)[\w/+=-]+",
            re.ASCII | re.IGNORECASE,
        ),
        r"\1[a secret]",
    ),
    # RFC 3986, 3.2.1: up to the last @ before a slash; or, of who wrote a slash as it is, up to the
    # first, but that of https://HOST:PORT/@scope.
    (
        re.compile(r"(://(?!\[)[^\s/:\"]*:)(?:[^\s/\"]+|(?!\d{1,5}/)[^\s\"@]{1,200})@"),
        r"\1[a password]@",
    ),
)


def without_secrets(text: str) -> str:
    """Return a text with "[a private key]" for each: PEM, whole or cut, DER, or base64 of them.

    PINs in the URIs of PKCS #11, the secrets of AWS and passwords in URLs go too.
    """
    text = _without_keys(text)
    for pattern, instead in _OTHERS:
        text = pattern.sub(instead, text)
    return text


def holds_private_key(words: Sequence[str]) -> bool:
    """Whether a command line has a private key in it, also one that a shell split into words."""
    line = " ".join(words)
    return _without_keys(line) != line


def _without_keys(text: str) -> str:
    return _without_words(_without_tails(_WHOLE.sub(_KEY, text)))


def _without_tails(text: str) -> str:
    """Take out keys whose beginning is missing: the ends, and the lines of code before each."""
    told, at = [], 0
    for end in _END.finditer(text):
        told += [_without_last_lines(text[at : end.start()]), _KEY]
        at = end.end()
    return "".join([*told, text[at:]])


def _without_last_lines(text: str) -> str:
    """Return a text up to the lines of code that it ends with; only the last may be short."""
    parts = _BREAK.split(text)  # line, break, line, ...
    shortest = 0
    for number in range(len(parts) - 1, -1, -2):
        line = parts[number]
        before = line.rstrip(_CODE)
        if len(line) - len(before) < shortest:
            return "".join(parts[: number + 2])
        if before:
            return "".join([*parts[:number], before])
        shortest = _SHORTEST_LINE if line else 0
    return ""


def _without_words(text: str) -> str:
    """Take out words that are keys in base64, and the further lines of each."""
    return "".join(_words_told(_BREAK.split(text)))


def _words_told(parts: Sequence[str]) -> Iterator[str]:
    length = 0  # of the lines of a key that may go on
    for gap, line in zip(["", *parts[1::2]], parts[::2], strict=True):
        more = _WORD.match(line) if length else None
        if more and len(more[0]) <= length:
            length = length if len(line) == length else 0
            yield line[more.end() :]
            continue
        told = _WORD.sub(_word_told, line)
        length = 0
        if told.endswith(_KEY):
            length = len(line) - len(line.rstrip("=").rstrip(_LETTERS))
        yield f"{gap}{told}"


def _word_told(word: re.Match[str]) -> str:
    return _KEY if _is_key(word[0]) else word[0]


def _is_key(word: str, layers: int = _MOST_LAYERS) -> bool:
    """Whether a word is a key in base64, behind up to three letters, or encoded more than once."""
    code = word.rstrip("=")
    for start in range(4):
        data = base64.b64decode(code[start : len(code) - (len(code) - start) % 4])
        is_der = len(code) >= _SHORTEST_DER and _DER.match(data)
        if is_der or b"PRIVATE KEY" in data or b"openssh-key-v1" in data:
            return True
        inner = _WORD.finditer(data.decode()) if layers > 1 and data.isascii() else ()
        if any(_is_key(found[0], layers - 1) for found in inner):
            return True
    return False
