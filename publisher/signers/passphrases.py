"""Passphrases and PINs: from the environment, or from a person, once for each run."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from publisher.errors import KeyAccessError

ENVIRONMENT = "SLOTCAST_PASSPHRASE"
PIN_ENVIRONMENT = "SLOTCAST_PKCS11_PIN"

Ask = Callable[[str], str]


class Passphrases:
    """The passphrases of one run: the environment's, then those that a person has typed.

    Args:
        ask: shows a prompt and returns what was typed, without echo.
        environment: where SLOTCAST_PASSPHRASE and SLOTCAST_PKCS11_PIN are looked up, and the
            variables that signers name.
    """

    def __init__(self, ask: Ask, environment: Mapping[str, str]) -> None:
        self._ask = ask
        self.environment = environment
        self._from_environment = environment.get(ENVIRONMENT, "")
        self._known = [self._from_environment] if self._from_environment else []
        self._pins: dict[str, str] = {}

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
            except (ValueError, UnsupportedAlgorithm):
                continue
        if self._from_environment:
            raise KeyAccessError(f"{ENVIRONMENT} does not open {name}")
        passphrase = self._ask(f"Passphrase for {name}: ")
        try:
            key = load_pem_private_key(pem, passphrase.encode())
        except (ValueError, UnsupportedAlgorithm):
            raise KeyAccessError(f"that passphrase does not open {name}") from None
        self._known.append(passphrase)
        return key

    def pin(self, token: str) -> str:
        """Return the PIN of a PKCS#11 token: the environment's, or one that is asked for once.

        Raises:
            KeyAccessError: there is nobody to ask, or it cannot be one: no try is spent on that.
        """
        pin = self.environment.get(PIN_ENVIRONMENT, "") or self._pins.get(token, "")
        if not pin:
            pin = self._pins[token] = self._ask_pin(token)
        if not pin or not pin.isprintable():
            raise KeyAccessError(f"the PIN of token {token} is empty, or is no plain text")
        return pin

    def _ask_pin(self, token: str) -> str:
        try:
            return self._ask(f"PIN of token {token}: ")
        except KeyAccessError:
            message = f"the PIN of token {token} is needed, and there is no terminal to ask at"
            raise KeyAccessError(message, f"set {PIN_ENVIRONMENT}") from None
