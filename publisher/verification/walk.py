"""What a verification has come to: the walk over a product's objects, and its report."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from publisher.errors import StoreError
from publisher.iso_time import iso
from publisher.layout import key

# What a finding is: something is wrong; something could not be looked at, so that nobody can tell;
# something soon will be wrong, or might be; something that a reviewer may want to know.
ERROR, UNREADABLE, WARNING, NOTICE = "error", "unreadable", "warning", "notice"

Read = Callable[[str], bytes | None]
Paths = Callable[[], Iterable[str]]


@dataclass(frozen=True)
class Signatures:
    """Those signatures of an object that count towards one role's threshold.

    Attributes:
        role: whose keys have signed.
        named_by: the file of the root that names these keys, such as "1.root.json".
        threshold: how many are needed.
        keys: how many the root names.
        keyids: the keys that have signed.
    """

    role: str
    named_by: str
    threshold: int
    keys: int
    keyids: tuple[str, ...]

    @property
    def enough(self) -> bool:
        """Whether the threshold is reached."""
        return len(self.keyids) >= self.threshold

    def __str__(self) -> str:
        """Return it in words; eight digits tell keys apart for a person."""
        noun = "key" if self.keys == 1 else "keys"
        counted = f"signed by {len(self.keyids)} of {self.keys} {self.role} {noun}"
        which = ": " + ", ".join(keyid[:8] for keyid in self.keyids) if self.keyids else ""
        return f"{counted} that {self.named_by} names ({self.threshold} needed){which}"


@dataclass(frozen=True)
class Trusted:
    """An object that verifies, and why it is trusted.

    Attributes:
        key: the store's.
        reason: why, in words.
        length, sha256: of its bytes; the digest is hex.
        signatures: those by which it is trusted; an object that another one names needs none.
        expires: ISO 8601, or "" for what does not expire.
        current: whether boards are offered it now; if not, it is history.
    """

    key: str
    reason: str
    length: int
    sha256: str
    signatures: tuple[Signatures, ...] = ()
    expires: str = ""
    current: bool = True


@dataclass(frozen=True)
class Finding:
    """What is not as it should be, from "error" to "notice"."""

    severity: str
    key: str
    message: str


@dataclass(frozen=True)
class Report:
    """What was verified, in the order of trust, and what was found.

    Attributes:
        chain_holds: whether the walk came to its end; where root, timestamp, snapshot or targets do
            not verify, nothing behind them can be looked at.
    """

    objects: tuple[Trusted, ...]
    findings: tuple[Finding, ...]
    chain_holds: bool

    @property
    def ok(self) -> bool:
        """Whether boards can rely on all of it."""
        return not self.count(ERROR) and not self.count(UNREADABLE)

    def count(self, severity: str) -> int:
        """Return how many findings are of a severity."""
        return sum(finding.severity == severity for finding in self.findings)


class Unverified(Exception):
    """An object at `path` does not verify; the message says why."""

    severity = ERROR

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path


class Unreadable(Unverified):
    """An object could not be read: the way to it failed, which says nothing about the object."""

    severity = UNREADABLE


class Missing(Unverified):
    """There is no object at `path`."""


class Gone(Unverified):
    """There is no object at `path` any more; nothing that boards are offered needs it."""

    severity = NOTICE


@contextmanager
def verifying(path: str) -> Iterator[None]:
    """Turn whatever goes wrong in here into Unverified.

    `Exception`, because hostile bytes may bring out anything in the libraries that take them apart.
    """
    try:
        yield
    except Unverified:
        raise
    except Exception as error:
        raise Unverified(path, str(error) or type(error).__name__) from error


@contextmanager
def reading(path: str) -> Iterator[None]:
    """Turn the failure of a store, a disk or a connection into Unreadable."""
    try:
        yield
    except StoreError as error:
        raise Unreadable(path, str(error)) from error
    except OSError as error:
        raise Unreadable(path, f"it cannot be read: {error}") from error


@dataclass(frozen=True)
class Beforehand:
    """What is known before a walk.

    Attributes:
        seen: the newest version of each role that was seen before, where any was.
        memory: bytes that boards give to a payload, by board, where that is known.
    """

    seen: Mapping[str, int] = field(default_factory=dict)
    memory: Mapping[str, int] = field(default_factory=dict)


@dataclass
class Walk:
    """One walk over a product: where objects are read, and what has come of it so far.

    `seen` holds the newest version of each role that was seen before, where any was. `paths` lists
    the paths below BASE of all that lies there, where the source can tell. `current` says whether
    the walk is among what boards are offered now.
    """

    read_key: Read
    product: str
    now: datetime
    seen: Mapping[str, int] = field(default_factory=dict)
    objects: list[Trusted] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    paths: Paths | None = None
    current: bool = True

    def listed(self) -> list[str] | None:
        """Return the paths below BASE of all that lies there, or None if nobody can tell."""
        with verifying(""), reading(""):
            return None if self.paths is None else list(self.paths())

    def find(self, path: str) -> bytes | None:
        """Return the object at a path below BASE, or None where there is none."""
        with verifying(path), reading(path):
            return self.read_key(key(self.product, path))

    def read(self, path: str) -> bytes:
        """Return the object at a path below BASE; Missing where there is none."""
        data = self.find(path)
        if data is None:
            raise Missing(path, "it is missing")
        return data

    def read_firmware(self, path: str) -> bytes:
        """Return a payload or an image, as `read` does; Gone where nothing offered needs it."""
        data = self.find(path)
        if data is None and not self.current:
            raise Gone(path, "it is removed: it belongs to a release that is not offered any more")
        return self.read(path) if data is None else data

    def trust(
        self,
        path: str,
        data: bytes,
        reason: str,
        signatures: tuple[Signatures, ...] = (),
        expires: datetime | None = None,
    ) -> None:
        """Note that an object verifies, and why."""
        why = [reason, *map(str, signatures)]
        if expires and self.current:
            why.append(f"expires on {expires:%Y-%m-%d}")
        trusted = Trusted(
            key(self.product, path),
            "; ".join(filter(None, why)),
            len(data),
            hashlib.sha256(data).hexdigest(),
            signatures,
            iso(expires) if expires else "",
            self.current,
        )
        self.objects.append(trusted)

    def trusts(self, path: str) -> bool:
        """Whether an object was verified already."""
        return any(trusted.key == key(self.product, path) for trusted in self.objects)

    def note(self, severity: str, path: str, message: str) -> None:
        """Note a finding."""
        self.findings.append(Finding(severity, key(self.product, path), message))

    def has_noted(self, path: str) -> bool:
        """Whether something was found about an object already."""
        return any(finding.key == key(self.product, path) for finding in self.findings)

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Turn Unverified into a finding and go on behind."""
        try:
            yield
        except Unverified as error:
            # What boards are not offered any longer may have been lost.
            old = isinstance(error, Missing) and not self.current
            self.note(WARNING if old else error.severity, error.path, str(error))
