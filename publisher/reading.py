"""Reading a copy of what is published, for a verifier who has nothing but a folder or a URL."""

from __future__ import annotations

import ssl
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from publisher.errors import SettingsError, StoreError
from publisher.https import connecting, get
from publisher.layout import root_path
from publisher.settings import verify_base_url
from publisher.verification.walk import Read


class Allowance(NamedTuple):
    """What a host may send for one object: so many bytes, and all of them within so many s."""

    max_bytes: int
    timeout_s: float


# More than boards take, so that what is too large for them can be told; yet it is parsed before it
# is known who signed it.
_METADATA = Allowance(1024 * 1024, 60)
_MANIFEST = Allowance(64 * 1024, 60)
_FIRMWARE = Allowance(32 * 1024 * 1024, 600)


def folder_products(folder: Path) -> list[str]:
    """Return the names of the products that a folder holds: itself, or those below it."""
    if (folder / root_path(1)).is_file():
        return [folder.resolve().name]
    return [path.name for path in sorted(folder.glob("*")) if (path / root_path(1)).is_file()]


def folder_product(folder: Path) -> str:
    """Return which product a folder holds: its own name, or that of the one product below it.

    Raises:
        SettingsError: that cannot be told.
    """
    below = folder_products(folder)
    if len(below) != 1:
        what = f"holds several products: {', '.join(below)}" if below else "holds no product"
        raise SettingsError(f"{folder} {what}", "name one with --product")
    return below[0]


def folder_paths(folder: Path, product: str) -> list[str]:
    """Return the paths below BASE of all files that a folder_reader of the folder reads."""
    base = _folder_base(folder, product)
    return [path.relative_to(base).as_posix() for path in base.rglob("*") if path.is_file()]


def folder_reader(folder: Path, product: str) -> Read:
    """Return what reads keys from a folder: BASE itself, or the folder that BASE lies in."""
    base = _folder_base(folder, product)

    def read(key: str) -> bytes | None:
        path = base / key.removeprefix(f"{product}/")
        return path.read_bytes() if path.is_file() else None

    return read


def _folder_base(folder: Path, product: str) -> Path:
    return folder if (folder / root_path(1)).is_file() else folder / product


def url_reader(url: str, product: str, ca: str) -> Read:
    """Return what reads keys below BASE over HTTPS, and nothing but HTTPS.

    Args:
        url: BASE, with its slash.
        product: what keys begin with.
        ca: a PEM file of roots to accept, or "" for the system's.

    Raises:
        SettingsError: the URL is not https, or the file holds no certificates.
    """
    verify_base_url("--url", url)
    context = _context(ca)

    def read(key: str) -> bytes | None:
        path = key.removeprefix(f"{product}/")
        return _get(context, url + quote(path), allowance(path))

    return read


def url_product(url: str) -> str:
    """Return the product that BASE names: the last part of its path."""
    return urlsplit(url).path.rstrip("/").rpartition("/")[2]


def allowance(path: str) -> Allowance:
    """Return what a host may send for the object at a path below BASE."""
    if path.startswith("metadata/"):
        return _METADATA
    return _MANIFEST if path.endswith(".json") else _FIRMWARE


def _context(ca: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca or None)
    except OSError as error:  # ssl.SSLError is one
        raise SettingsError(f"{ca} holds no certificates: {error.strerror}") from error


def _get(context: ssl.SSLContext, url: str, allowed: Allowance) -> bytes | None:
    """Return a body, or None where there is none; no redirect is followed, and no proxy asked."""
    try:
        with connecting(url, context, allowed.timeout_s) as connection:
            connection.do_handshake()
            status, data = get(connection, url, allowed.max_bytes)
    except (HTTPException, OSError, StoreError) as error:
        raise StoreError(f"{url} cannot be read: {error}") from error
    if status in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
        return None
    if status != HTTPStatus.OK:
        raise StoreError(f"{url} answered {status}")
    return data
