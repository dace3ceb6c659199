"""Signing keys, found by URI: where a private key is, never the key itself.

`file:PATH` is a PEM file beside slotcast.toml, `env:NAME` a PEM in an environment variable,
`awskms:KEY` a key that stays in AWS KMS, and `pkcs11:...` one that stays in a token (RFC 7512).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from publisher.errors import KeyAccessError
from publisher.signers.passphrases import Passphrases

__all__ = ["Passphrases", "load_signers"]

if TYPE_CHECKING:
    from securesystemslib.signer import Signer

_FORMS = (
    "signers are named file:PATH, env:NAME, awskms:ALIAS-OR-ARN, or pkcs11:token=NAME;object=NAME"
)


def load_signers(
    uris: Sequence[str], directory: Path, passphrases: Passphrases
) -> tuple[Signer, ...]:
    """Return the signers that URIs name; relative paths start from `directory`.

    Keys that are elsewhere are asked for their public halves, so that trouble shows here.

    Raises:
        KeyAccessError: a key is missing, open to others, of another kind, or does not open.
    """
    return tuple(_load_signer(uri, directory, passphrases) for uri in uris)


def _load_signer(uri: str, directory: Path, passphrases: Passphrases) -> Signer:
    # Imported here: who signs with a file need not wait for AWS's libraries.
    scheme, _, rest = uri.partition(":")
    match scheme:
        case "file" if rest and _is_path(rest):
            from publisher.signers import file

            return file.load(directory / rest, passphrases)
        case "env" if rest:
            from publisher.signers import environment

            return environment.load(rest, passphrases)
        case "awskms" if rest:
            from publisher.signers import awskms

            return awskms.load(rest)
        case "pkcs11" if rest:
            return _load_pkcs11(rest, passphrases)
    raise KeyAccessError(f"{_shown(uri)} names no signer", _FORMS)


def _load_pkcs11(rest: str, passphrases: Passphrases) -> Signer:
    try:
        from publisher.signers.pkcs11 import load
    except ImportError as error:
        if error.name != "pkcs11":
            raise
        message = "pkcs11: signers need the package python-pkcs11, which is not installed"
        raise KeyAccessError(message, "pip install python-pkcs11") from None
    return load(rest, passphrases)


def _is_path(rest: str) -> bool:
    """Whether what follows `file:` can be a path, and so be shown: a PEM by mistake is none."""
    return "-----" not in rest and rest.isprintable()


def _shown(uri: str) -> str:
    """Return what an error may show of a URI that is none: it could be a key by mistake."""
    scheme, colon, _ = uri.partition(":")
    if colon and scheme.isalnum() and len(scheme) <= 16:
        return f'"{scheme}:..."'
    return f'"{uri}"' if uri.endswith(".pem") and "\n" not in uri else "a text in [keys]"
