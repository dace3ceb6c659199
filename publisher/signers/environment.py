"""`env:NAME`: a PKCS#8 PEM in an environment variable, as CI systems hand out their secrets.

They mangle line ends on the way: the PEM may stand there as it is, with `\\n` or spaces for its
line ends, or as a whole in base64.
"""

from __future__ import annotations

import base64
import binascii
import re

from securesystemslib.signer import CryptoSigner

from publisher.errors import KeyAccessError
from publisher.signers.passphrases import Passphrases
from publisher.signers.private_key import signer_of_pem

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,47}", re.ASCII)
_PEM = re.compile(
    r"-----BEGIN (?P<label>(?:ENCRYPTED )?PRIVATE KEY)-----(?P<body>[A-Za-z0-9+/=\s]+)"
    r"-----END (?P=label)-----\s*"
)
_MAKE = "a PKCS#8 PEM (openssl genpkey, openssl pkcs8 -topk8), or that in base64, belongs there"


def load(name: str, passphrases: Passphrases) -> CryptoSigner:
    """Return the signer of the key in the environment variable `name`.

    Raises:
        KeyAccessError: that is no name, not set, or holds no key that serves.
    """
    if not _NAME.fullmatch(name):  # not shown: it could be a key by mistake
        raise KeyAccessError("env: is followed by no variable's name", "env:SLOTCAST_KEY_TARGETS")
    text = passphrases.environment.get(name, "")
    if not text.strip():
        raise KeyAccessError(f"the environment variable {name} is not set, or empty", _MAKE)
    return signer_of_pem(_pem(text, name), name, passphrases)


def _pem(text: str, name: str) -> bytes:
    if "-----BEGIN" not in text:
        text = _from_base64(text)
    match = _PEM.fullmatch(text.replace("\\n", "\n").replace("\\r", "").strip())
    if match is None:
        raise KeyAccessError(f"the environment variable {name} holds no PEM private key", _MAKE)
    label, body = match["label"], "".join(match["body"].split())
    lines = [body[at : at + 64] for at in range(0, len(body), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""]).encode()


def _from_base64(text: str) -> str:
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        return ""
