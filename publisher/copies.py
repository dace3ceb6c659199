"""Copies, on this machine, of past files that never change: each is fetched once, not by each run.

A release looks at what was offered before, and that grows with each release. A copy is trusted no
more than the store is: whoever reads it verifies it like what the store gives.
"""

from __future__ import annotations

from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from publisher.errors import SettingsError
from publisher.files import NewFiles, replace_file

_DIGEST_BYTES = 32


class Copies:
    """Files by their path below BASE, each behind the SHA-256 of its bytes: disks forget.

    Args:
        directory: where they are kept; made when the first one is.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def read(self, path: str) -> bytes | None:
        """Return a copy, or None where there is no sound one."""
        try:
            kept = self._file(path).read_bytes()
        except OSError:
            return None
        digest, data = kept[:_DIGEST_BYTES], kept[_DIGEST_BYTES:]
        return data if sha256(data).digest() == digest else None

    def keep(self, path: str, data: bytes) -> None:
        """Keep a copy; without one the next run fetches the file again, and that is all."""
        with suppress(SettingsError):
            NewFiles().make_private(self._directory)
            replace_file(self._file(path), sha256(data).digest() + data)

    def _file(self, path: str) -> Path:
        """Return where a copy lies: its path is from metadata, and names no folder here."""
        return self._directory / sha256(path.encode()).hexdigest()
