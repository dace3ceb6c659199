"""Sessions with a PKCS#11 token: its module loaded, the token found, its user logged in.

Each use opens a session of its own and logs out at its end: nobody else signs by our login.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple, Protocol

import pkcs11
from pkcs11 import PROTECTED_AUTH, Session, Token, TokenFlag

from publisher.errors import KeyAccessError
from publisher.signers.passphrases import Passphrases
from publisher.signers.pkcs11_errors import explaining
from publisher.signers.pkcs11_uri import Pkcs11Uri


class Module(Protocol):
    """A PKCS#11 module that is loaded, as python-pkcs11 has it."""

    def get_tokens(self) -> Iterator[Token]:
        """Yield the tokens in all slots."""


OpenModule = Callable[[str], Module]


class Opened(NamedTuple):
    """A session, and the PIN that opened it; None where it was typed at the token."""

    session: Session
    pin: str | None


class Sessions:
    """Opens sessions with the one token that a URI names.

    Args:
        uri: names the module and the token.
        passphrases: has or asks for the PIN, once for each token.
        open_module: loads the module of a path; replaced in tests.
    """

    def __init__(
        self, uri: Pkcs11Uri, passphrases: Passphrases, open_module: OpenModule = pkcs11.lib
    ) -> None:
        self._uri = uri
        self._passphrases = passphrases
        self._open_module = open_module

    @contextmanager
    def open(self) -> Iterator[Opened]:
        """Log in, and out after the block; what goes wrong there, too, is a KeyAccessError."""
        with explaining(self._uri, f"the module {self._uri.module} does not load"):
            module = self._open_module(self._uri.module)  # loaded only once, by python-pkcs11
        with explaining(self._uri):
            token = self._find(module)
            pin = self._pin(token)
            with token.open(user_pin=PROTECTED_AUTH if pin is None else pin) as session:
                yield Opened(session, pin)

    def _find(self, module: Module) -> Token:
        there = [token for token in module.get_tokens() if token.label]
        found = [token for token in there if self._is_named(token)]
        if len(found) == 1:
            return found[0]
        if found:
            serials = ", ".join(_serial(token) for token in found)
            message = f"{self._uri.name}: there are {len(found)} such tokens"
            raise KeyAccessError(message, f"add ;serial= with one of {serials}")
        labels = ", ".join(sorted(token.label for token in there)) or "none"
        raise KeyAccessError(f"{self._uri.name}: the token is not there", f"tokens there: {labels}")

    def _is_named(self, token: Token) -> bool:
        return self._uri.token in ("", token.label) and self._uri.serial in ("", _serial(token))

    def _pin(self, token: Token) -> str | None:
        if token.flags & TokenFlag.PROTECTED_AUTHENTICATION_PATH:  # it has keys of its own
            return None
        return self._passphrases.pin(token.label)


def _serial(token: Token) -> str:
    return token.serial.decode("ascii", "replace").strip()
