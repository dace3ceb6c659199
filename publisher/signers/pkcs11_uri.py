"""PKCS#11 URIs (RFC 7512), as far as they name a private key on a token."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath, PureWindowsPath
from typing import NamedTuple
from urllib.parse import unquote, unquote_to_bytes

from publisher.errors import KeyAccessError

MODULE_ENVIRONMENT = "SLOTCAST_PKCS11_MODULE"

_PATH = ("token", "serial", "object", "id", "type")
_FORM = "pkcs11:token=NAME;object=NAME, with ;id=%01 or ;serial=, and ?module-path=/PATH/MODULE.so"
# Secrets in a URI end up in files, in logs and in the history of a repository.
_REFUSED = {
    "pin-value": "a PIN does not belong in a URI: take it out, and change it if others could read",
    "pin-source": "PINs are not read from files: take pin-source out",
}
_PIN = "set SLOTCAST_PKCS11_PIN, or wait to be asked"


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
    """Parse what follows `pkcs11:`; the module may come from SLOTCAST_PKCS11_MODULE.

    Raises:
        KeyAccessError: it names no key on a token or no module, or holds a PIN.
    """
    path, _, query = rest.partition("?")
    # Queries first: nothing else is said, and nothing shown, of a URI with a PIN in it.
    options = _attributes(query, "&")
    _verify_no_pin({**options, **_attributes(path, ";")})
    fields = _attributes(path, ";")
    _verify_known(fields, _PATH)
    _verify_known(options, ("module-path",))
    if fields.get("type", "private") != "private":
        raise KeyAccessError("a pkcs11: signer names no private key", "leave type out")
    uri = Pkcs11Uri(
        token=unquote(fields.get("token", "")),
        serial=unquote(fields.get("serial", "")),
        label=unquote(fields.get("object", "")),
        key_id=unquote_to_bytes(fields.get("id", "")),
        module=unquote(options.get("module-path", "")) or environment.get(MODULE_ENVIRONMENT, ""),
    )
    _verify(uri)
    return uri


def _attributes(text: str, separator: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in text.split(separator) if text else []:
        name, mark, value = part.partition("=")
        if not (name and mark and value) or name in found:
            raise KeyAccessError("a pkcs11: signer has an attribute without value, or twice", _FORM)
        found[name] = value
    return found


def _verify_no_pin(fields: Mapping[str, str]) -> None:
    for name, reason in _REFUSED.items():
        if name in fields:
            raise KeyAccessError(f"a pkcs11: signer has {name}: {reason}", _PIN)


def _verify_known(fields: Mapping[str, str], known: tuple[str, ...]) -> None:
    for name in fields:
        if name not in known:
            message = f'a pkcs11: signer has the attribute "{name[:32]}", which is not known here'
            raise KeyAccessError(message, _FORM)


def _verify(uri: Pkcs11Uri) -> None:
    if not (uri.token or uri.serial) or not (uri.label or uri.key_id):
        raise KeyAccessError("a pkcs11: signer names no token, or no key on it", _FORM)
    if not uri.module:
        hint = f"set {MODULE_ENVIRONMENT} to its path, or write ?module-path="
        raise KeyAccessError(f"{uri.name}: no PKCS#11 module is named", hint)
    if (
        not PurePosixPath(uri.module).is_absolute()
        and not PureWindowsPath(uri.module).is_absolute()
    ):
        hint = "write the whole path: what is found for a part of one depends on the machine"
        raise KeyAccessError(f"{uri.name}: the module's path {uri.module} is relative", hint)


def _is_absolute(path: str) -> bool:
    return PurePosixPath(path).is_absolute() or PureWindowsPath(path).is_absolute()
