"""A board whose turn has not come yet, in words: it waits, and nothing is wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from publisher.manifest import Manifest
from publisher.rollout_words import words


def is_waiting(outcome: str, version: str) -> bool:
    """Whether a board's last words (device/slotcast/decide.py) are that it waits for a version.

    It does because of a pause, a share, a ramp or a group.
    """
    return outcome in (
        f"wait: {version} is paused",
        f"wait: {version} has not reached this board yet",
    )


def why_waiting(manifest: Manifest, now: datetime) -> str:
    """Return why boards wait: "3.3.0 goes to 1 % of boards (one of canary: --group canary)"."""
    if manifest.paused:
        return f"{manifest.version} is paused"
    groups = manifest.rollout.groups
    share = replace(manifest, rollout=replace(manifest.rollout, groups=()))
    first = ", ".join(f"one of {group}: --group {group}" for group in groups)
    whom = words(share, " of boards", now=now)
    return f"{manifest.version} goes to {whom}{f' ({first})' if first else ''}"
