"""JSON files that the board keeps, each replaced whole or not at all.

They are the trusted metadata, the pin sets, the manifest that was fetched last, and counts of what
was tried.
"""

import errno
import os


class MetadataFiles:
    """The files `<name>.json` of one directory; OSErrors of the file system pass through.

    Args:
        directory: is made by the first write if it is not there.

    write() writes `<name>.json.new` and renames it. LittleFS (the ESP32 port's file system) and
    POSIX replace the old file by a rename in one step: a power cut leaves the old file or the new
    one. FAT refuses to rename onto a file that exists, and is not supported. What a cut leaves of
    a `.new` file is never read, and overwritten by the next write.
    """

    def __init__(self, directory: str) -> None:
        self._directory = directory.rstrip("/")

    def read(self, name: str) -> bytes | None:
        """The bytes of a file; None where there is none."""
        try:
            with open(self._path(name), "rb") as file:
                return file.read()
        except OSError as error:
            if error.errno != errno.ENOENT:
                raise
            return None

    def write(self, name: str, data: bytes) -> None:
        """Replace a file by `data` atomically."""
        _make_directories(self._directory)
        new = self._path(name) + ".new"
        with open(new, "wb") as file:
            file.write(data)
        os.rename(new, self._path(name))

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        try:
            os.remove(self._path(name))
        except OSError as error:
            if error.errno != errno.ENOENT:
                raise

    def _path(self, name: str) -> str:
        return "%s/%s.json" % (self._directory, name)


class KeptFiles(MetadataFiles):
    """The same, where no file system that is full or worn may stop an update, which could cure it.

    What cannot be written is not kept; what cannot be read is not there, but for the trusted root,
    without which nothing goes. Both are logged.

    Args:
        log: callable (step, message).
    """

    def __init__(self, directory: str, log) -> None:
        super().__init__(directory)
        self._log = log

    def read(self, name: str) -> bytes | None:
        """The bytes of a file; None where there is none that can be read."""
        try:
            return super().read(name)
        except OSError as error:
            if name == "root":
                raise
            self._log("refresh", "%s.json cannot be read: %s" % (name, error))
            return None

    def write(self, name: str, data: bytes) -> None:
        """Replace a file by `data` atomically, if that can be done."""
        try:
            super().write(name, data)
        except OSError as error:
            self._log("refresh", "%s.json is not kept: %s" % (name, error))

    def remove(self, name: str) -> None:
        """Remove a file, if it is there and that can be done."""
        try:
            super().remove(name)
        except OSError as error:
            self._log("refresh", "%s.json stays: %s" % (name, error))


def read_file(path: str) -> bytes:
    """The bytes of a file; OSError when it is not there."""
    with open(path, "rb") as file:
        return file.read()


def _make_directories(path: str) -> None:
    """Make a directory and those above it (MicroPython has no os.makedirs)."""
    end = 0
    while end < len(path):
        end = path.find("/", end + 1)
        end = len(path) if end < 0 else end
        try:
            os.mkdir(path[:end])
        except OSError:
            pass  # It is there, or opening the file will say why not.
