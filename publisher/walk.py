"""What a verification has come to: the walk over a product's objects, and its report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from publisher.layout import key

ERROR, WARNING = "error", "warning"

Read = Callable[[str], bytes | None]
Paths = Callable[[], Iterable[str]]


@dataclass(frozen=True)
class Trusted:
    """An object that verifies: its key, and why it is trusted."""

    key: str
    reason: str


@dataclass(frozen=True)
class Finding:
    """What is wrong ("error") or soon will be ("warning")."""

    severity: str
    key: str
    message: str


@dataclass(frozen=True)
class Report:
    """What was verified, in the order of trust, and what was found wrong."""

    objects: tuple[Trusted, ...]
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether boards can rely on all of it: no finding is an error."""
        return not any(finding.severity == ERROR for finding in self.findings)


class Unverified(Exception):
    """An object at `path` does not verify; the message says why."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path


@contextmanager
def verifying(path: str) -> Iterator[None]:
    """Turn whatever goes wrong in here into Unverified.

    Exception, because hostile bytes may bring out anything in the libraries that take them apart.
    """
    try:
        yield
    except Unverified:
        raise
    except Exception as error:
        raise Unverified(path, str(error) or type(error).__name__) from error


@dataclass
class Walk:
    """One walk over a product: where objects are read, and what has come of it so far.

    `seen` holds the newest version of each role that was seen before, where any was. `paths` lists
    what lies in metadata/, where the source can tell.
    """

    read_key: Read
    product: str
    now: datetime
    seen: Mapping[str, int] = field(default_factory=dict)
    objects: list[Trusted] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    paths: Paths | None = None

    def listed(self) -> list[str] | None:
        """Return the paths below BASE of all that lies in metadata/, or None if nobody can tell."""
        with verifying("metadata/"):
            return None if self.paths is None else list(self.paths())

    def find(self, path: str) -> bytes | None:
        """Return the object at a path below BASE, or None where there is none."""
        with verifying(path):
            return self.read_key(key(self.product, path))

    def read(self, path: str) -> bytes:
        """Return the object at a path below BASE; Unverified where there is none."""
        data = self.find(path)
        if data is None:
            raise Unverified(path, "it is missing")
        return data

    def trust(self, path: str, reason: str) -> None:
        """Note that an object verifies."""
        self.objects.append(Trusted(key(self.product, path), reason))

    def note(self, severity: str, path: str, message: str) -> None:
        """Note a finding."""
        self.findings.append(Finding(severity, key(self.product, path), message))

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Turn Unverified into a finding and go on behind."""
        try:
            yield
        except Unverified as error:
            self.note(ERROR, error.path, str(error))
