"""Who may take a release: from arguments to a Share, and what a change of it means for boards."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from publisher.arguments import Arguments
from publisher.manifest import Manifest
from publisher.rollout import Share
from publisher.rollout_words import percent


def asked_share(arguments: Arguments, present: Share) -> Share:
    """Return the share that is asked for; what is not mentioned is as at present."""
    groups = () if arguments.no_groups else tuple(arguments.groups) or present.groups
    if arguments.ramp is not None and arguments.over_s is not None:
        return Share(*arguments.ramp, over_s=arguments.over_s, groups=groups)
    if arguments.basis_points is not None:
        return Share(arguments.basis_points, groups=groups)
    return replace(present, groups=groups)


def losses(before: Manifest, after: Manifest, now: datetime) -> list[str]:
    """Return warnings of boards that took part before, and do no more."""
    was, is_now = before.share_at(now), after.share_at(now)
    down = f"from {percent(was)} down to {percent(is_now)}" if is_now < was else ""
    groups = [name for name in before.rollout.groups if name not in after.rollout.groups]
    last = f"{', '.join(groups)} no longer first" if groups else ""
    return [f"{what}: boards that have it already keep it" for what in (down, last) if what]
