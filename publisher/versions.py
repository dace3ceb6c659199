"""Firmware versions: X.Y.Z, within what every reader of version.json compares rightly."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

# The four-field client computes X*10000 + Y*100 + Z in 32 bits (manifests/repository.md).
MAX_MAJOR = 429495
MAX_MINOR = 99

_PATTERN = re.compile(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)", re.ASCII)


@dataclass(frozen=True, order=True)
class Version:
    """A version that compares as a person would compare it."""

    major: int
    minor: int
    patch: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse X.Y.Z.

        Raises:
            ValueError: it has another form, leading zeros, or a part that is too large.
        """
        match = _PATTERN.fullmatch(text)
        if not match or len(text) > 31:
            raise ValueError(f'version "{text}" is not X.Y.Z without leading zeros')
        major, minor, patch = (int(part) for part in match.groups())
        if major > MAX_MAJOR or minor > MAX_MINOR or patch > MAX_MINOR:
            limits = f"X to {MAX_MAJOR}, Y and Z to {MAX_MINOR}"
            raise ValueError(f'version "{text}" is out of range: {limits}')
        return cls(major, minor, patch)

    def __str__(self) -> str:
        """Return X.Y.Z."""
        return f"{self.major}.{self.minor}.{self.patch}"


def parse_loosely(text: str) -> Version | None:
    """Parse a version as images carry it, with or without "v"; None if it is of another kind."""
    try:
        return Version.parse(text.removeprefix("v"))
    except ValueError:
        return None
