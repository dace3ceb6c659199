"""Subjects of GitHub's tokens: whose jobs may take which of the product's roles."""

from __future__ import annotations

from collections.abc import Collection


def of_both(release: Collection[str], refresh: Collection[str]) -> list[str]:
    """Return, in words, whose jobs refresh and may release too.

    Args:
        release: the subjects that may take the release role.
        refresh: those that may take the refresh role.
    """
    return [f"{one} refreshes, and may release too" for one in refresh if one in release]
