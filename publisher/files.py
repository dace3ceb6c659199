"""Local files that are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from publisher.errors import SettingsError


def read_file(path: Path) -> bytes:
    """Return the bytes of a file that the command line names, or raise SettingsError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror or error}") from error


class NewFiles:
    """Files and directories that a run creates, and takes back if it fails."""

    def __init__(self) -> None:
        self._created: list[Path] = []

    def make_directory(self, path: Path, mode: int) -> None:
        """Create a directory, and those above it, unless it is there."""
        if not path.is_dir():
            self.make_directory(path.parent, 0o777)
            with _errors(path):
                self._make_directory(path, mode)

    def make_private(self, path: Path) -> None:
        """Create a directory for its owner alone, out of the way of `git add`."""
        self.make_directory(path, 0o700)
        ignore = path / ".gitignore"
        with _errors(ignore), suppress(FileExistsError):  # another run may make it just now
            if not ignore.exists():
                self._create(ignore, b"*\n", 0o666)

    def create(self, path: Path, data: bytes, mode: int = 0o666) -> None:
        """Create a file; SettingsError if there is one."""
        with _errors(path):
            self._create(path, data, mode)

    def take_back(self) -> None:
        """Remove what was created; a directory only if nothing else has come into it."""
        for path in reversed(self._created):
            with suppress(OSError):
                path.rmdir() if path.is_dir() else path.unlink()

    def _make_directory(self, path: Path, mode: int) -> None:
        try:
            path.mkdir(mode=mode)
        except FileExistsError:  # another run may have made it just now
            if not path.is_dir():
                raise
        else:
            self._created.append(path)

    def _create(self, path: Path, data: bytes, mode: int) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        self._created.append(path)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())


def replace_file(path: Path, data: bytes) -> None:
    """Put a file in place of the one of this name, in one step; SettingsError if that fails."""
    with _errors(path):
        descriptor, name = tempfile.mkstemp(prefix=".new-", dir=path.parent)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)


def write_file(path: Path, data: bytes, replace: bool) -> None:
    """Write a file in one step; one that is there is touched only to `replace`.

    Raises:
        SettingsError: there is one, or it cannot be written.
    """
    verify_new(path, replace)
    with _errors(path), tempfile.TemporaryDirectory(prefix=".new-", dir=path.parent) as scratch:
        whole = Path(scratch, "file")
        whole.write_bytes(data)
        whole.replace(path)


def verify_new(path: Path, replace: bool) -> None:
    """Raise SettingsError where write_file would refuse `path` for what is there."""
    with _errors(path):
        if path.is_dir():
            raise SettingsError(f"{path} is a folder, not a file")
        if not replace and path.exists():
            raise SettingsError(f"{path} already exists", "name another file, or add --force")
        if not path.parent.is_dir():
            raise SettingsError(f"{path.parent} is no folder")


def write_folder(folder: Path, files: Mapping[str, bytes], replace: bool) -> None:
    """Write a folder of files in one step; a folder with content is touched only to `replace`.

    Args:
        folder: is created, with those above it.
        files: content by name; a name may have folders in it.
        replace: put the files over those of the same names, and leave others.

    Raises:
        SettingsError: the folder is not empty, or cannot be written.
    """
    verify_folder(folder, replace)
    with _errors(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".new-", dir=folder.parent) as scratch:
            whole = Path(scratch, "folder")
            for name, data in files.items():
                (whole / name).parent.mkdir(parents=True, exist_ok=True)
                (whole / name).write_bytes(data)
            _put_in_place(whole, folder, files)


def verify_folder(folder: Path, replace: bool) -> None:
    """Raise SettingsError where write_folder would refuse `folder` for what is there."""
    with _errors(folder):
        if folder.exists() and not folder.is_dir():
            raise SettingsError(f"{folder} is a file, not a folder")
        if not replace and folder.exists() and any(folder.iterdir()):
            raise SettingsError(f"{folder} is not empty", "name another folder, or add --force")


def _put_in_place(whole: Path, folder: Path, names: Iterable[str]) -> None:
    with suppress(OSError):  # nothing there, or an empty folder: one step for all of them
        whole.rename(folder)
        return
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (whole / name).replace(folder / name)


@contextmanager
def _errors(path: Path) -> Iterator[None]:
    try:
        yield
    except FileExistsError:
        raise SettingsError(f"{path} already exists") from None
    except OSError as error:
        raise SettingsError(f"cannot write {path}: {error.strerror or error}") from error
