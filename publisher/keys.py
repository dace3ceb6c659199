"""Signing keys: made, kept in files, and found again by URI.

A URI names where a private key is, never the key: `file:keys/targets.pem` is a PKCS#8 PEM file
beside slotcast.toml, encrypted unless its owner insisted otherwise.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from securesystemslib.signer import CryptoSigner, Signer

from publisher.errors import KeyAccessError

ENVIRONMENT = "SLOTCAST_PASSPHRASE"

Ask = Callable[[str], str]


class Passphrases:
    """The passphrases of one run: the environment's, then those that a person has typed.

    Args:
        ask: shows a prompt and returns what was typed, without echo.
        environment: where SLOTCAST_PASSPHRASE is looked up.
    """

    def __init__(self, ask: Ask, environment: Mapping[str, str]) -> None:
        self._ask = ask
        self._from_environment = environment.get(ENVIRONMENT, "")
        self._known = [self._from_environment] if self._from_environment else []

    def choose(self) -> str:
        """Return a passphrase for new keys: the environment's, or one that was typed twice alike.

        Raises:
            KeyAccessError: it is empty, or the two differ.
        """
        if self._from_environment:
            return self._from_environment
        chosen = self._ask("Passphrase for the new keys: ")
        if not chosen:
            hint = "for a demo without one there is --insecure-no-passphrase"
            raise KeyAccessError("the passphrase is empty", hint)
        if self._ask("The same again: ") != chosen:
            raise KeyAccessError("the two passphrases differ")
        self._known.append(chosen)
        return chosen

    def unlock(self, pem: bytes, name: str) -> object:
        """Decrypt a PEM private key with a passphrase that is known, or else asked for once.

        Raises:
            KeyAccessError: none of them opens it.
        """
        for passphrase in self._known:
            try:
                return load_pem_private_key(pem, passphrase.encode())
            except ValueError:
                continue
        if self._from_environment:
            raise KeyAccessError(f"{ENVIRONMENT} does not open {name}")
        passphrase = self._ask(f"Passphrase for {name}: ")
        try:
            key = load_pem_private_key(pem, passphrase.encode())
        except ValueError:
            raise KeyAccessError(f"that passphrase does not open {name}") from None
        self._known.append(passphrase)
        return key


def load_signers(
    uris: Sequence[str], directory: Path, passphrases: Passphrases
) -> tuple[Signer, ...]:
    """Return the signers that URIs name; relative paths start from `directory`.

    Raises:
        KeyAccessError: a key is missing, open to others, of another kind, or does not open.
    """
    return tuple(_load_signer(uri, directory, passphrases) for uri in uris)


def _load_signer(uri: str, directory: Path, passphrases: Passphrases) -> Signer:
    scheme, _, path = uri.partition(":")
    if scheme != "file" or not path:
        raise KeyAccessError(f'"{uri}" names no signer', "signers are named file:PATH")
    key = _read_private_key(directory / path, passphrases)
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyAccessError(f"{path} is not an Ed25519 key")
    return CryptoSigner(key)


def _read_private_key(path: Path, passphrases: Passphrases) -> object:
    try:
        _verify_private(path)
        pem = path.read_bytes()
    except OSError as error:
        raise KeyAccessError(f"{path} cannot be read: {error.strerror}") from error
    try:
        return load_pem_private_key(pem, None)
    except TypeError:  # it is encrypted
        return passphrases.unlock(pem, str(path))
    except ValueError:
        raise KeyAccessError(f"{path} is not a PEM private key") from None


def _verify_private(path: Path) -> None:
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise KeyAccessError(f"{path} can be read by others", f"chmod 600 {path}")
