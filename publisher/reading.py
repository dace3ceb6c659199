"""Reading a copy of what is published, for a verifier who has nothing but a folder or a URL."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPSHandler,
    OpenerDirector,
)

from publisher.errors import SettingsError, StoreError
from publisher.layout import root_path
from publisher.settings import verify_base_url

Read = Callable[[str], bytes | None]

MAX_BYTES = 32 * 1024 * 1024
_TIMEOUT_S = 30


def folder_product(folder: Path) -> str:
    """Return which product a folder holds: its own name, or that of the one product below it.

    Raises:
        SettingsError: that cannot be told.
    """
    if (folder / root_path(1)).is_file():
        return folder.resolve().name
    below = [path.name for path in sorted(folder.glob("*")) if (path / root_path(1)).is_file()]
    if len(below) != 1:
        what = f"holds several products: {', '.join(below)}" if below else "holds no product"
        raise SettingsError(f"{folder} {what}", "name one with --product")
    return below[0]


def folder_paths(folder: Path, product: str) -> list[str]:
    """Return the paths below BASE of all files that a folder_reader of the folder reads."""
    base = _folder_base(folder, product)
    return [str(path.relative_to(base).as_posix()) for path in base.rglob("*") if path.is_file()]


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
    opener = _opener(ca)

    def read(key: str) -> bytes | None:
        path = quote(key.removeprefix(f"{product}/"))
        return _get(opener, url + path)

    return read


def url_product(url: str) -> str:
    """Return the product that BASE names: the last part of its path."""
    return urlsplit(url).path.rstrip("/").rpartition("/")[2]


def _opener(ca: str) -> OpenerDirector:
    """Return an opener that knows https alone: no other scheme, no redirects, no proxies."""
    try:
        context = ssl.create_default_context(cafile=ca or None)
    except OSError as error:  # ssl.SSLError is one
        raise SettingsError(f"{ca} holds no certificates: {error.strerror}") from error
    opener = OpenerDirector()
    opener.addheaders = [("User-Agent", "slotcast")]
    for handler in (HTTPSHandler(context=context), HTTPDefaultErrorHandler(), HTTPErrorProcessor()):
        opener.add_handler(handler)
    return opener


def _get(opener: OpenerDirector, url: str) -> bytes | None:
    try:
        with opener.open(url, timeout=_TIMEOUT_S) as response:
            data: bytes = response.read(MAX_BYTES + 1)
    except HTTPError as error:
        error.close()
        if error.code in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
            return None
        raise StoreError(f"{url} answered {error.code}") from error
    except (URLError, OSError) as error:
        raise StoreError(f"{url} cannot be read: {getattr(error, 'reason', error)}") from error
    if len(data) > MAX_BYTES:
        raise StoreError(f"{url} has more than {MAX_BYTES:,} bytes")
    return data
