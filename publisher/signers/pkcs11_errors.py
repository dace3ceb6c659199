"""What PKCS#11 modules answer when something is wrong, in words that tell what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pkcs11 import exceptions
from pkcs11.exceptions import PKCS11Error

from publisher.errors import KeyAccessError
from publisher.signers.pkcs11_uri import MODULE_ENVIRONMENT, Pkcs11Uri

_MODULE = f"correct {MODULE_ENVIRONMENT}, and what the module itself needs to be set"
_PIN = "correct SLOTCAST_PKCS11_PIN; a token locks itself after a few wrong ones"
_UNBLOCK = "its security officer sets a new PIN"
_ALONE = "another program uses the token: end it, and run the same command again"
_AGAIN = "take the token out and put it in again"
_RIGHTS = "the key must be made for signing (CKA_SIGN)"

# By return code (PKCS #11 3.0, 5.1), under the names that python-pkcs11 gives them.
_BY_KIND: tuple[tuple[type[PKCS11Error], str, str], ...] = (
    (exceptions.PinIncorrect, "the PIN is wrong", _PIN),
    (exceptions.PinInvalid, "the PIN is wrong", _PIN),
    (exceptions.PinLenRange, "the PIN is too short or too long", _PIN),
    (exceptions.PinLocked, "the PIN is locked, after too many wrong ones", _UNBLOCK),
    (exceptions.PinExpired, "the PIN has expired", _UNBLOCK),
    (exceptions.UserPinNotInitialized, "the token has no PIN yet", _UNBLOCK),
    (exceptions.UserAlreadyLoggedIn, "the token is in use", _ALONE),
    (exceptions.AnotherUserAlreadyLoggedIn, "the token is in use", _ALONE),
    (exceptions.SessionCount, "the token is in use", _ALONE),
    (exceptions.TokenNotPresent, "the token was taken away", _AGAIN),
    (exceptions.DeviceRemoved, "the token was taken away", _AGAIN),
    (exceptions.DeviceError, "the token failed", _AGAIN),
    (exceptions.MechanismInvalid, "the token cannot sign with keys of this kind", ""),
    (exceptions.FunctionNotSupported, "the token cannot sign with keys of this kind", ""),
    (exceptions.KeyTypeInconsistent, "the token cannot sign with keys of this kind", ""),
    (exceptions.FunctionRejected, "the token refused to sign", _RIGHTS),
    (exceptions.KeySizeRange, "the token cannot sign with keys of this size", ""),
    (exceptions.DataLenRange, "the token takes no message of this size", "use a P-256 key"),
)


@contextmanager
def explaining(uri: Pkcs11Uri, otherwise: str = "") -> Iterator[None]:
    """Turn a module's errors into a KeyAccessError; `otherwise` stands for those without words."""
    try:
        yield
    except PKCS11Error as error:
        raise _explain(error, uri, otherwise) from error


def _explain(error: PKCS11Error, uri: Pkcs11Uri, otherwise: str) -> KeyAccessError:
    for kind, message, hint in _BY_KIND:
        if isinstance(error, kind):
            return KeyAccessError(f"{uri.name}: {message}", hint)
    said = f"{type(error).__name__} {error}".strip()
    if otherwise:
        return KeyAccessError(f"{uri.name}: {otherwise} ({said})", _MODULE)
    return KeyAccessError(f"{uri.name}: the token answered {said}", _RIGHTS)
