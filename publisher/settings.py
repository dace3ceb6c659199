"""slotcast.toml, read into frozen dataclasses.

Reading is strict: a name that is not known is an error, because a misspelt setting that is silently
passed over is found only when a fleet behaves otherwise than its owner believes.
"""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

from publisher.errors import SettingsError
from publisher.versions import Version

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

FILE_NAME = "slotcast.toml"
# Beside it: what this machine keeps for itself.
LOCAL_FOLDER = ".slotcast"

# manifests/repository.md: names of products, channels, boards and chips.
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_TIME_OF_DAY = "([01][0-9]|2[0-3]):[0-5][0-9]"
_WINDOW = re.compile(f"(?P<start>{_TIME_OF_DAY})-(?P<end>{_TIME_OF_DAY})")
# What a board connects to (device/slotcast/http.py, BaseUrl).
_BASE_URL = re.compile(r"https://(?P<host>[A-Za-z0-9.-]+)(:(?P<port>[0-9]{1,10}))?/([!-~]*/)?")

# Sizes of app partitions are multiples of a flash sector, and their offsets of 64 KiB (ESP-IDF, API
# guide "Partition Tables", "Offset & Size").
_SECTOR_BYTES = 4096

# What boards may give to a payload (device/slotcast/config.py).
MIN_PAYLOAD_MEMORY, MAX_PAYLOAD_MEMORY = 8192, 131072

_CHOSEN = "it is chosen for each payload now, under the payload_memory of the board's section"
# Names of earlier versions, and what came in their place.
_FORMER = {"block_size": _CHOSEN, "window_bits": _CHOSEN}

ReadText = Callable[[str], str]
T = TypeVar("T", bound="DataclassInstance")


@dataclass(frozen=True)
class StoreSettings:
    """Where published files are written: a directory, or an S3 bucket."""

    kind: str = "directory"
    path: str = "published"
    bucket: str = ""
    endpoint_url: str = ""
    region: str = ""

    def __post_init__(self) -> None:
        """Refuse an unknown kind, and a bucket store without a bucket."""
        if self.kind not in ("directory", "s3"):
            raise SettingsError(f'kind is "{self.kind}"; it must be "directory" or "s3"')
        if self.kind == "s3" and not self.bucket:
            raise SettingsError("bucket is missing; an s3 store needs one")


@dataclass(frozen=True)
class EdgeSettings:
    """What devices connect to: the CDN's URL, its certificate roots, leaf pins in hex."""

    base_url: str
    ca: str = "amazon"
    pins: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is not https, and pins that are no SHA-256."""
        verify_base_url("base_url", self.base_url)
        for pin in self.pins:
            if not _SHA256.fullmatch(pin):
                raise SettingsError(f'pins: "{pin}" is not 64 lower-case hex digits')


@dataclass(frozen=True)
class KeySettings:
    """Each role's signers by URI."""

    root: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    snapshot: tuple[str, ...] = ()
    timestamp: tuple[str, ...] = ()

    def of(self, role: str) -> tuple[str, ...]:
        """Return the URIs of one role's signers."""
        uris: tuple[str, ...] = getattr(self, role)
        return uris


@dataclass(frozen=True)
class ExpirySettings:
    """How many days each role's metadata lasts after signing."""

    root: int = 365
    targets: int = 180
    snapshot: int = 30
    timestamp: int = 7

    def __post_init__(self) -> None:
        """Refuse less than a day and more than ten years."""
        for role, days in dataclasses.asdict(self).items():
            verify_range(role, days, 1, 3650)

    def of(self, role: str) -> int:
        """Return one role's days."""
        days: int = getattr(self, role)
        return days


@dataclass(frozen=True)
class PayloadSettings:
    """Which deltas a release has beside its full payload (manifests/payload.md).

    Attributes:
        deltas: of how many releases before it.
        delta_margin: percent by which a delta must be smaller than the full payload.
    """

    deltas: int = 3
    delta_margin: int = 10

    def __post_init__(self) -> None:
        """Refuse more deltas than a manifest may have, and what is no percentage."""
        verify_range("deltas", self.deltas, 0, 8)
        verify_range("delta_margin", self.delta_margin, 0, 99)


@dataclass(frozen=True)
class BoardSettings:
    """One kind of board: its chip, the bytes of its smaller OTA slot, what it insists on, and when.

    The times, block_erase and payload_memory (manifests/repository.md, ota.json) reach boards when
    they are provisioned. `supported_since` is the oldest version that boards may still run; "": any
    that they were ever offered.
    """

    chip: str
    slot_size: int
    security_version: int = 0
    confirm_within_s: int = 300
    settle_s: int = 30
    spread_s: int = 300
    poll_every_s: int = 21600
    window: str = ""
    mandatory_after_s: int = 259200
    block_erase: bool = False
    payload_memory: int = 28672
    supported_since: str = ""

    def __post_init__(self) -> None:
        """Refuse numbers that no board has."""
        verify_name("chip", self.chip)
        verify_range("slot_size", self.slot_size, _SECTOR_BYTES, 16 * 1024 * 1024)
        _verify_sectors("slot_size", self.slot_size)
        verify_range("security_version", self.security_version, 0, 2**31 - 1)
        verify_range("confirm_within_s", self.confirm_within_s, 1, 86400)
        verify_range("settle_s", self.settle_s, 0, 86400)
        verify_range("spread_s", self.spread_s, 0, 86400)
        verify_range("poll_every_s", self.poll_every_s, 60, 30 * 86400)
        verify_range("mandatory_after_s", self.mandatory_after_s, 0, 366 * 86400)
        verify_range("payload_memory", self.payload_memory, MIN_PAYLOAD_MEMORY, MAX_PAYLOAD_MEMORY)
        if self.window:
            verify_window("window", self.window)
        if self.supported_since:
            verify_version("supported_since", self.supported_since)


@dataclass(frozen=True)
class Settings:
    """All of slotcast.toml; relative paths in it start from `directory`, where it lies."""

    product: str
    root_sha256: str
    edge: EdgeSettings
    store: StoreSettings = field(default_factory=StoreSettings)
    keys: KeySettings = field(default_factory=KeySettings)
    expiry_days: ExpirySettings = field(default_factory=ExpirySettings)
    payload: PayloadSettings = field(default_factory=PayloadSettings)
    boards: Mapping[str, BoardSettings] = field(default_factory=dict)
    directory: Path = field(default_factory=Path, metadata={"in_file": False})

    def __post_init__(self) -> None:
        """Refuse a product that cannot be a path, and a fingerprint that is none."""
        verify_name("product", self.product)
        if not _SHA256.fullmatch(self.root_sha256):
            raise SettingsError("root_sha256 is not 64 lower-case hex digits")

    @property
    def base_url(self) -> str:
        """BASE of manifests/repository.md: the URL of the product's prefix, with its slash."""
        return f"{self.edge.base_url}{self.product}/"

    def board(self, name: str) -> BoardSettings:
        """Return one board; SettingsError names those that there are."""
        if name not in self.boards:
            known = ", ".join(sorted(self.boards)) or "none"
            hint = f"boards in {FILE_NAME}: {known}; a new one is a section [boards.{name}]"
            raise SettingsError(f'there is no board "{name}"', hint)
        return self.boards[name]


def load_settings(path: Path) -> Settings:
    """Read slotcast.toml, and the partition tables that it names.

    Raises:
        SettingsError: the file is missing, is not TOML, or a value in it is missing or wrong.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        hint = "run `slotcast init PRODUCT`, or name the file with --settings"
        raise SettingsError(f"{path} does not exist", hint) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from error
    return parse_settings(text, path.parent, partial(read_beside, path.parent))


def parse_settings(text: str, directory: Path, read_text: ReadText) -> Settings:
    """Parse the text of slotcast.toml; `read_text` returns the text of a file that it names.

    Raises:
        SettingsError: see `load_settings`.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{FILE_NAME} is not TOML: {error}") from error
    sections: dict[str, type[DataclassInstance]] = {
        "store": StoreSettings,
        "edge": EdgeSettings,
        "keys": KeySettings,
        "expiry_days": ExpirySettings,
        "payload": PayloadSettings,
    }
    values: dict[str, object] = dict(document)
    for name, kind in sections.items():
        if name in document:
            values[name] = _section(name, document[name], kind)
    values["boards"] = _boards(document.get("boards", {}), read_text)
    return dataclasses.replace(_build(values, Settings), directory=directory)


def verify_name(what: str, name: str) -> None:
    """Raise SettingsError unless the name may be part of a path below BASE."""
    if not _NAME.fullmatch(name):
        hint = "lower-case letters, digits, dot, dash and underscore, at most 32, no dot in front"
        raise SettingsError(f'{what}: "{name}" is not a name', hint)


def verify_base_url(what: str, url: str) -> None:
    """Raise SettingsError unless boards take the URL: https://HOST[:PORT]/PATH/."""
    if not url.startswith("https://"):
        raise SettingsError(f'{what} is "{url}"; it must begin with https://')
    parts = _BASE_URL.fullmatch(url)
    if not parts or "?" in url or "#" in url:
        message = f'{what} is "{url}"; it must be plain, https://HOST[:PORT]/, and end with a slash'
        hint = "boards take no user name, no query, and only letters, digits, - and . in HOST"
        raise SettingsError(message, hint)
    if not 0 < int(parts["port"] or 443) < 65536:
        raise SettingsError(f'{what} is "{url}"; there is no such port')


def verify_window(what: str, text: str) -> None:
    """Raise SettingsError unless boards take the maintenance window: HH:MM-HH:MM."""
    parts = _WINDOW.fullmatch(text)
    if not parts:
        hint = 'two times of day in UTC, "22:30-04:00"; it may cross midnight'
        raise SettingsError(f'{what} is "{text}"; it must be HH:MM-HH:MM', hint)
    if parts["start"] == parts["end"]:
        hint = "leave it out if boards may install at any time"
        raise SettingsError(f'{what} is "{text}"; it must begin and end at different times', hint)


def verify_version(what: str, text: str) -> None:
    """Raise SettingsError unless the text is a version."""
    try:
        Version.parse(text)
    except ValueError as error:
        raise SettingsError(f"{what}: {error}", "a version is X.Y.Z, such as 1.4.3") from None


def verify_range(what: str, value: int, low: int, high: int) -> None:
    """Raise SettingsError unless low <= value <= high."""
    if not low <= value <= high:
        raise SettingsError(f"{what} is {value}; it must be from {low} to {high}")


def _verify_sectors(what: str, value: int) -> None:
    below = value - value % _SECTOR_BYTES
    if value != below:
        message = f"{what} is {value:#x}; no partition has that, as its size is in steps of 4 KiB"
        hint = f"{below:#x} and {below + _SECTOR_BYTES:#x} are; `idf.py partition-table` tells"
        raise SettingsError(message, hint)


def read_beside(directory: Path, name: str) -> str:
    """Return the text of a file that slotcast.toml names, or raise SettingsError."""
    try:
        return (directory / name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{name} cannot be read: {error}") from error


def _boards(sections: object, read_text: ReadText) -> dict[str, BoardSettings]:
    boards = {}
    for name, values in _table("boards", sections).items():
        verify_name("boards", name)
        values = _with_slot_size(f"boards.{name}", _table(f"boards.{name}", values), read_text)
        boards[name] = _section(f"boards.{name}", values, BoardSettings)
    return boards


def _with_slot_size(where: str, values: dict[str, Any], read_text: ReadText) -> dict[str, Any]:
    known = {"partitions", *(item.name for item in dataclasses.fields(BoardSettings))}
    for name in values:
        if name not in known:
            raise SettingsError(f"[{where}] {name} is not a setting")
    if ("partitions" in values) == ("slot_size" in values):
        raise SettingsError(f"{where} needs one of slot_size and partitions")
    if "slot_size" in values:
        return values
    from publisher.partitions import parse_csv, slot_size

    file = values.pop("partitions")
    return {**values, "slot_size": slot_size(parse_csv(read_text(str(file))))}


def _table(where: str, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise SettingsError(f"{where} must be a section, [{where}]")
    return dict(value)


def _section(where: str, value: object, kind: type[T]) -> T:
    try:
        return _build(_table(where, value), kind)
    except SettingsError as error:
        raise SettingsError(f"[{where}] {error}", error.hint) from None


def _build(values: dict[str, Any], kind: type[T]) -> T:
    """Make a dataclass of a TOML table: no unknown names, none missing, each of its type."""
    hints = get_type_hints(kind)
    fields = dataclasses.fields(kind)
    settings = {item.name: item for item in fields if item.metadata.get("in_file", True)}
    for name, value in values.items():
        if name not in settings:
            raise SettingsError(f"{name} is not a setting", _FORMER.get(name, ""))
        _verify_type(name, value, hints[name])
    for name, item in settings.items():
        required = item.default is MISSING and item.default_factory is MISSING
        if required and name not in values:
            raise SettingsError(f"{name} is missing")
    return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})


def _verify_type(name: str, value: object, hint: object) -> None:
    words = {str: "text in quotes", int: "a whole number", bool: "true or false"}
    if hint in words and type(value) is not hint:
        raise SettingsError(f"{name} must be {words[hint]}")
    texts = isinstance(value, list) and all(isinstance(item, str) for item in value)
    if hint == tuple[str, ...] and not texts:
        raise SettingsError(f"{name} must be a list of texts")
