"""PKCS#11 URIs (RFC 7512), as far as they name a private key on a token."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath, PureWindowsPath
from typing import NamedTuple
from urllib.parse import unquote, unquote_to_bytes

from publisher.errors import KeyAccessError

MODULE_ENVIRONMENT = "SLOTCAST_PKCS11_MODULE"

_PATH = ("token", "serial", "object", "id", "type")
_FORM = "pkcs11:token=NAME;object=NAME, with ;id=%01 or ;serial="
# Secrets in a URI end up in files, in logs and in the history of a repository.
_REFUSED = {
    "pin-value": "a PIN does not belong in a URI: take it out, and change it if others could read",
    "pin-source": "PINs are not read from files: take pin-source out",
}
_PIN = "set SLOTCAST_PKCS11_PIN, or wait to be asked"
_MODULES = ("module-path", "module-name")
_NO_MODULE = (
    "whoever can change slotcast.toml would have any library loaded, beside the keys: set "
    f"{MODULE_ENVIRONMENT} to the module's path instead"
)


class Pkcs11Uri(NamedTuple):
    """A private key on a token: "" and b"" stand for whatever there is; `module` is a path."""

    token: str
    serial: str
    label: str
    key_id: bytes
    module: str

    @property
    def name(self) -> str:
        """What errors call the key."""
        parts = [self.label, f"id {self.key_id.hex()}" if self.key_id else ""]
        key = ", ".join(part for part in parts if part)
        return f"PKCS#11 key {key} on token {self.token or self.serial}"


def parse(rest: str, environment: Mapping[str, str]) -> Pkcs11Uri:
    """Parse what follows `pkcs11:`; the module is the one that SLOTCAST_PKCS11_MODULE names.

    Raises:
        KeyAccessError: it names no key on a token, or holds a PIN or a module; or none is named.
    """
    _verify_no_pin(rest)  # first: nothing else is said, and nothing shown, of a URI with a PIN
    path, _, query = rest.partition("?")
    fields = _attributes(path)
    _verify_known(fields)
    _verify_no_query(query)
    if fields.get("type", "private") != "private":
        raise KeyAccessError("a pkcs11: signer names no private key", "leave type out")
    uri = Pkcs11Uri(
        token=unquote(fields.get("token", "")),
        serial=unquote(fields.get("serial", "")),
        label=unquote(fields.get("object", "")),
        key_id=unquote_to_bytes(fields.get("id", "")),
        module=environment.get(MODULE_ENVIRONMENT, ""),
    )
    _verify(uri)
    return uri


def _attributes(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in text.split(";") if text else []:
        name, mark, value = part.partition("=")
        if not (name and mark and value) or name in found:
            raise KeyAccessError("a pkcs11: signer has an attribute without value, or twice", _FORM)
        found[name] = value
    return found


def _verify_no_pin(rest: str) -> None:
    """Refuse the words anywhere, however they are written: what stands behind them is secret."""
    text = unquote(rest).lower()
    for name, reason in _REFUSED.items():
        if name in text:
            raise KeyAccessError(f"a pkcs11: signer has {name}: {reason}", _PIN)


def _verify_known(fields: Mapping[str, str]) -> None:
    if not set(fields) <= set(_PATH):  # not shown: it could be a secret by mistake
        message = "a pkcs11: signer has an attribute that is not known here"
        raise KeyAccessError(message, f"{_FORM}: {', '.join(_PATH)} are known")


def _verify_no_query(query: str) -> None:
    name = unquote(query.partition("=")[0]).lower()
    if name in _MODULES:
        raise KeyAccessError(f"a pkcs11: signer has {name}: {_NO_MODULE}")
    if query:
        raise KeyAccessError('nothing may follow a "?" in a pkcs11: signer', _FORM)


def _verify(uri: Pkcs11Uri) -> None:
    if not (uri.token or uri.serial) or not (uri.label or uri.key_id):
        raise KeyAccessError("a pkcs11: signer names no token, or no key on it", _FORM)
    if not uri.module:
        hint = f"set {MODULE_ENVIRONMENT} to its path"
        raise KeyAccessError(f"{uri.name}: no PKCS#11 module is named", hint)
    if not _is_absolute(uri.module):
        hint = "write the whole path: what is found for a part of one depends on the machine"
        raise KeyAccessError(f"{uri.name}: the module's path {uri.module} is relative", hint)


def _is_absolute(path: str) -> bool:
    return PurePosixPath(path).is_absolute() or PureWindowsPath(path).is_absolute()
