"""Rollouts in words, for a person."""

from datetime import datetime

from publisher.manifest import Manifest
from publisher.rollout import Ramp, Rollout


def percent(basis_points: int) -> str:
    """Return a share in words, such as "0.5 %"."""
    return f"{basis_points / 100:g} %"


def words(manifest: Manifest, noun: str = "", now: datetime | None = None) -> str:
    """Return who may take a release: "1 % .. 100 % by 2026-11-24 10:00 UTC; canary first".

    Args:
        noun: stands after the share, such as " of boards".
        now: tells how many those are now, where a ramp is on its way.
    """
    rollout = manifest.rollout
    groups = ", ".join(rollout.groups)
    if groups and not rollout.basis_points and not rollout.ramp:
        return f"{groups} only"
    first = f"; {groups} first" if groups else ""
    return f"{_share(manifest, noun, now)}{first}"


def _share(manifest: Manifest, noun: str, now: datetime | None) -> str:
    rollout = manifest.rollout
    if rollout.ramp is None:
        return f"{percent(rollout.basis_points)}{noun}"
    if manifest.paused:
        return f"{_span(rollout, rollout.ramp)}{noun} over {_duration(rollout.ramp.over_s)}"
    if now is not None and now >= rollout.ramp.ends:
        return f"{percent(rollout.ramp.to)}{noun}"
    reached = "" if now is None else f", {percent(rollout.share_at(now))} now"
    return (
        f"{_span(rollout, rollout.ramp)}{noun} by {rollout.ramp.ends:%Y-%m-%d %H:%M} UTC{reached}"
    )


def _span(rollout: Rollout, ramp: Ramp) -> str:
    return f"{percent(rollout.basis_points)} .. {percent(ramp.to)}"


def _duration(seconds: int) -> str:
    hours, minutes = seconds // 3600, seconds % 3600 // 60
    parts = [f"{hours} h" if hours else "", f"{minutes} min" if minutes else ""]
    return " ".join(part for part in parts if part)
