"""What this machine has seen published, so that an old state put back is noticed.

Whoever can write to the store can put an old timestamp.json back without any key, and what is
signed on top of it would offer old releases under fresh versions. The signatures cannot tell; a
memory can. It is `.slotcast/seen.json` beside slotcast.toml.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from publisher.errors import SettingsError, VerificationError
from publisher.files import NewFiles, replace_file
from publisher.plan import Kind, Plan
from publisher.repository import RoleState
from publisher.settings import LOCAL_FOLDER

_NAME = "seen.json"
_ROLLED_BACK = (
    "an old file was put back, or restored from a backup: put the newest timestamp.json back "
    "(boards that know it refuse an older one). If it is lost for good, remove {path}"
)
_CLOSED = (
    "it belongs to whoever ran slotcast here before: run as that user, or let this one read and "
    "replace it"
)


class SeenAccessError(SettingsError):
    """The memory is there, but this user may not read it."""


@dataclass(frozen=True)
class Seen:
    """The newest version of each role, and snapshots that a run here began to publish.

    Attributes:
        versions: by role.
        begun: SHA-256 of each such snapshot, hex. A snapshot names all the rest.
    """

    versions: Mapping[str, int] = field(default_factory=dict)
    begun: frozenset[str] = frozenset()

    def verify(self, states: Iterable[RoleState], hint: str) -> None:
        """Raise VerificationError if a role is older than it was."""
        for state in states:
            newest = self.versions.get(state.role, 0)
            if state.version < newest:
                message = f"{state.role} is version {state.version}, but was {newest} before"
                raise VerificationError(message, hint)

    def with_states(self, states: Iterable[RoleState]) -> Seen:
        """Return this with the versions of `states`, where they are newer."""
        found = {state.role: state.version for state in states}
        newest = {role: max(found[role], self.versions.get(role, 0)) for role in found}
        return Seen({**self.versions, **newest}, self.begun)

    def with_plan(self, plan: Plan) -> Seen:
        """Return this with the snapshots that a plan will write."""
        snapshots = (write.item.data for write in plan.writes if write.kind is Kind.SNAPSHOT)
        return Seen(self.versions, self.begun | {sha256(data).hexdigest() for data in snapshots})

    def to_bytes(self, root_sha256: str) -> bytes:
        """Return the file's bytes."""
        fields = {
            "root_sha256": root_sha256,
            "versions": dict(self.versions),
            "begun": sorted(self.begun),
        }
        return (json.dumps(fields, indent=2) + "\n").encode("ascii")

    @classmethod
    def from_bytes(cls, data: bytes, root_sha256: str) -> Seen:
        """Read the file's bytes; of another product (by its root) nothing has been seen.

        Raises ValueError for what is no such file.
        """
        try:
            fields: dict[str, Any] = json.loads(data)
            if fields["root_sha256"] != root_sha256:
                return cls()
            versions = {str(role): int(fields["versions"][role]) for role in fields["versions"]}
            return cls(versions, frozenset(map(str, fields["begun"])))
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{error} is wrong") from error
        except OverflowError as error:
            raise ValueError("a version is no whole number") from error
        except RecursionError as error:
            raise ValueError("it is nested too deeply") from error


class SeenFile:
    """The file that remembers; every change reads it anew and replaces it in one step.

    Args:
        directory: where slotcast.toml lies.
        root_sha256: the product's fingerprint.
    """

    def __init__(self, directory: Path, root_sha256: str) -> None:
        self._path = directory / LOCAL_FOLDER / _NAME
        self._root_sha256 = root_sha256

    def read(self) -> Seen:
        """Return what was seen: nothing on a machine that is new to the product.

        Raises:
            SeenAccessError: this user may not read the file.
            SettingsError: the file cannot be read.
        """
        data = self._bytes()
        try:
            return Seen() if data is None else Seen.from_bytes(data, self._root_sha256)
        except ValueError as error:
            hint = "remove it if you know that the store has not been rolled back"
            raise SettingsError(f"{self._path} cannot be read: {error}", hint) from error

    def verify(self, seen: Seen, states: Iterable[RoleState]) -> None:
        """Raise VerificationError if a role in the store is older than `seen`, which was read."""
        seen.verify(states, _ROLLED_BACK.format(path=self._path))

    def note(self, states: Iterable[RoleState]) -> None:
        """Remember what was read and verified."""
        self._write(self.read().with_states(states))

    def begin(self, plan: Plan) -> None:
        """Remember what is about to be written, so that a run that is cut short is known."""
        self._write(self.read().with_plan(plan))

    def finish(self, states: Iterable[RoleState]) -> None:
        """Remember what was published; nothing is left that was only begun."""
        self._write(Seen(self.read().with_states(states).versions))

    def restart(self, states: Iterable[RoleState]) -> None:
        """Remember what was published, and nothing of before: versions may have begun anew."""
        self._write(Seen().with_states(states))

    def _write(self, seen: Seen) -> None:
        data = seen.to_bytes(self._root_sha256)
        if self._bytes() != data:
            NewFiles().make_private(self._path.parent)
            replace_file(self._path, data)

    def _bytes(self) -> bytes | None:
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return None
        except PermissionError as error:
            message = f"{self._path} cannot be read: {error.strerror}"
            raise SeenAccessError(message, _CLOSED) from error
        except OSError as error:
            raise SettingsError(f"{self._path} cannot be read: {error.strerror}") from error
