"""Where each published file lies, and the headers that it is served with (manifests/repository.md).

Keys are what a store takes: the product, then the path below BASE.
"""

from __future__ import annotations

import re

JSON = "application/json"
BINARY = "application/octet-stream"
IMMUTABLE = "public, max-age=31536000, immutable"
SHORT = "public, max-age=60"
# The TUF target path of the pin sets; release manifests have the others.
PINS = "pins.json"

_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"
_OFFER = re.compile(rf"({_NAME})/({_NAME})(?:/({_NAME}))?\.json")
_PUBLISHED = re.compile(
    rf"{_NAME}/(metadata/{_NAME}\.json|targets/({_NAME}/){{0,2}}{_NAME}\.json"
    rf"|payloads/{_NAME}\.slc|images/{_NAME}\.bin|{_NAME}/{_NAME}/version\.json)"
)


def root_path(version: int) -> str:
    """Return the path of one version of root."""
    return f"metadata/{version}.root.json"


def metadata_path(role: str, version: int) -> str:
    """Return the path of one version of a role; timestamp alone has no version in its name."""
    return "metadata/timestamp.json" if role == "timestamp" else f"metadata/{version}.{role}.json"


def target_name(channel: str, board: str) -> str:
    """Return the TUF target path under which a channel offers a board its release."""
    return f"{channel}/{board}.json"


def stone_name(channel: str, board: str, version: str) -> str:
    """Return the TUF target path of a stepping stone: a release that newer ones need first."""
    return f"{channel}/{board}/{version}.json"


def parse_offer(name: str) -> tuple[str, str, str | None]:
    """Return channel and board of a release manifest's target path; of a stone, its version too.

    Raises ValueError for another path.
    """
    match = _OFFER.fullmatch(name)
    if match is None:
        raise ValueError("this is neither CHANNEL/BOARD.json nor CHANNEL/BOARD/VERSION.json")
    return match[1], match[2], match[3]


def hashed_path(name: str, sha256: str) -> str:
    """Return the path of a target: its TUF target path with the hash that TUF prepends."""
    folder, slash, file = name.rpartition("/")
    return f"targets/{folder}{slash}{sha256}.{file}"


def manifest_path(channel: str, board: str, sha256: str) -> str:
    """Return the path of the release manifest that a channel offers a board."""
    return hashed_path(target_name(channel, board), sha256)


def pins_path(sha256: str) -> str:
    """Return the path of a pins.json."""
    return hashed_path(PINS, sha256)


def payload_path(sha256: str) -> str:
    """Return the path of a payload."""
    return f"payloads/{sha256}.slc"


def image_path(sha256: str) -> str:
    """Return the path of an application image."""
    return f"images/{sha256}.bin"


def version_json_path(channel: str, board: str) -> str:
    """Return the path of the four-field version.json."""
    return f"{channel}/{board}/version.json"


def key(product: str, path: str) -> str:
    """Return the store's key of a path below BASE."""
    return f"{product}/{path}"


def is_published(key: str) -> bool:
    """Whether a key is of a kind that this module names; nothing else is for readers."""
    return _PUBLISHED.fullmatch(key) is not None


def content_type(path: str) -> str:
    """Return the Content-Type of a path or key."""
    return JSON if path.endswith(".json") else BINARY


def cache_control(path: str) -> str:
    """Return the Cache-Control of a path or key: short for the two files that are replaced."""
    replaced = path.rsplit("/", 1)[-1] in ("timestamp.json", "version.json")
    return SHORT if replaced else IMMUTABLE
