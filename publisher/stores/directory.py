"""A store in a directory: the embedded default, and what any web server can serve as it is.

A file appears under its name only when all its bytes are on the disk: it is written under a passing
name, synced, and renamed. One advisory lock (flock) makes check-and-rename one step among all
publishers on this machine; the kernel drops it with its process, so a crash leaves no lock behind.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from publisher.errors import ConflictError, StoreError
from publisher.stores.base import Listed, Object, Store, Stored

_KEY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*")
_LOCK = ".lock"
_SCRATCH = ".new-"


class DirectoryStore(Store):
    """Keys are paths below a directory, which the first write creates; a tag is a SHA-256.

    Args:
        directory: where the store begins; names in it that begin with a dot are the store's own.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    @property
    def location(self) -> str:
        """The directory's path."""
        return str(self._directory)

    def read(self, key: str) -> Stored | None:
        """See Store."""
        path = self._file(key)
        if path is None:
            return None
        with _errors(f"read {key}"):
            data = path.read_bytes()
        return Stored(data, hashlib.sha256(data).hexdigest())

    def read_range(self, key: str, start: int, stop: int) -> bytes | None:
        """See Store."""
        path = self._file(key)
        if path is None:
            return None
        with _errors(f"read {key}"), path.open("rb") as file:
            file.seek(start)
            return file.read(max(0, stop - start))

    def create(self, item: Object) -> bool:
        """See Store."""
        with self._lock():
            there = self.read(item.key)
            if there is None:
                self._write(item)
                return True
        if there.data != item.data:
            raise ConflictError(f"{item.key} already exists with other content")
        return False

    def replace(self, item: Object, etag: str | None) -> None:
        """See Store."""
        with self._lock():
            there = self.read(item.key)
            if (None if there is None else there.etag) != etag:
                raise ConflictError(f"{item.key} has changed since it was read")
            self._write(item)

    def delete(self, key: str) -> None:
        """See Store."""
        path = self._file(key)
        if path is not None:
            with self._lock(), _errors(f"remove {key}"):
                path.unlink(missing_ok=True)
                _sync_directory(path.parent)

    def list(self, prefix: str = "") -> Iterator[str]:
        """See Store."""
        paths = (path for path in self._directory.rglob("*") if path.is_file())
        keys = (path.relative_to(self._directory).as_posix() for path in paths)
        yield from (key for key in keys if key.startswith(prefix) and _KEY.fullmatch(key))

    def listing(self, prefix: str = "") -> Iterator[Listed]:
        """See Store."""
        for key in self.list(prefix):
            with _errors(f"look at {key}"), suppress(FileNotFoundError):
                found = (self._directory / key).stat()
                modified = datetime.fromtimestamp(found.st_mtime, UTC)
                yield Listed(key, found.st_size, modified)

    def _file(self, key: str) -> Path | None:
        path = self._directory / key
        return path if _KEY.fullmatch(key) and path.is_file() else None

    @contextmanager
    def _lock(self) -> Iterator[None]:
        with _errors(f"write to {self.location}"):
            self._directory.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._directory / _LOCK, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _write(self, item: Object) -> None:
        if not _KEY.fullmatch(item.key):
            raise ValueError(f"not a key: {item.key!r}")
        path = self._directory / item.key
        with _errors(f"write {item.key}"):
            _make_directory(path.parent)
            for left_behind in path.parent.glob(_SCRATCH + "*"):  # nobody else holds the lock
                left_behind.unlink()
            _write_synced(path.parent, item.data).replace(path)
            _sync_directory(path.parent)


@contextmanager
def _errors(action: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(f"cannot {action}: {error.strerror or error}") from error


def _make_directory(directory: Path) -> None:
    """Create a directory and those above it, so that they outlast a power cut."""
    if not directory.is_dir():
        _make_directory(directory.parent)
        directory.mkdir(exist_ok=True)
        _sync_directory(directory.parent)


def _write_synced(directory: Path, data: bytes) -> Path:
    """Write a file under a passing name, readable by a web server."""
    descriptor, name = tempfile.mkstemp(prefix=_SCRATCH, dir=directory)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fchmod(file.fileno(), 0o644)
        os.fsync(file.fileno())
    return Path(name)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
