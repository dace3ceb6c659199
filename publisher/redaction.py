"""Private keys in what is told: taken out of every line on its way to stderr.

A key gets there where somebody gives it as an argument, in place of where it is: an error that
repeats the argument would repeat the key, into the logs of a CI.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence

_INSTEAD = "[a private key]"
# RFC 7468, and its relatives: ENCRYPTED, EC, RSA, OPENSSH, PGP. Where the end is missing, all that
# follows belongs to it.
_LABEL = r"[^-\r\n]*PRIVATE KEY[^-\r\n]*-----"
_WHOLE = re.compile(rf"-----BEGIN {_LABEL}.*?(?:-----END {_LABEL}|\Z)", re.DOTALL)
# Line ends as they are, as Python's repr() writes them, or as blanks, where a shell split words.
_BREAK = r"(?:\s|\\+[nr])+"
_CODE = "A-Za-z0-9+/="
_LINES = rf"(?<![{_CODE}])(?:[{_CODE}]{{40,}}{_BREAK})*[{_CODE}]*(?:{_BREAK})?"
_TAIL = re.compile(rf"{_LINES}-----END {_LABEL}")
# "-----BEGIN " in base64, as the variables of `env:` may hold it.
_ENCODED = re.compile(rf"LS0tLS1CRUdJTi[{_CODE}]{{24,}}(?:{_BREAK}[{_CODE}]{{16,}})*")


def without_private_keys(text: str) -> str:
    """Return a text with "[a private key]" for each: PEM, whole or cut, or its base64."""
    for pattern in (_WHOLE, _TAIL):
        text = pattern.sub(_INSTEAD, text)
    return _ENCODED.sub(_decided, text)


def holds_private_key(words: Sequence[str]) -> bool:
    """Whether a command line has a private key in it, also one that a shell split into words."""
    line = " ".join(words)
    return without_private_keys(line) != line


def _decided(found: re.Match[str]) -> str:
    label = base64.b64decode(found[0][:36])
    return _INSTEAD if b"PRIVA" in label else found[0]  # ENCRYPTED PRIVAT, as far as it is read
