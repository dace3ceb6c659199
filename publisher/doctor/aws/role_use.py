"""Whether the role that refreshes is at work: when IAM saw it last (GetRole, RoleLastUsed).

IAM counts attempts too: a role whose requests are denied is used. It shows them within about four
hours, and knows those of 400 days (IAM API reference, "RoleLastUsed" and
"GenerateServiceLastAccessedDetails").
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from publisher.doctor.aws.asking import UnansweredError
from publisher.doctor.aws.scene import Scene, read_role
from publisher.doctor.findings import Finding, ok, warn
from publisher.doctor.times import DAILY_JOB, span

CHECK = "refresh-role-used"
_REFRESH, _RELEASE = "refresh", "release"
_SHOWN_AFTER = timedelta(hours=4)
_LATELY = DAILY_JOB + _SHOWN_AFTER
_MEND = (
    "look at the scheduled job that runs `slotcast refresh` (docs/ci.md): disabled, or does it not "
    "get the role? All is well where somebody refreshes by hand, or by other credentials: what is "
    "overdue `refresh-job` tells"
)


class Use(NamedTuple):
    """When a role was made, and when it was last used; None where IAM knows of no use."""

    role: str
    made: datetime
    last: datetime | None

    def is_recent(self, now: datetime) -> bool:
        """Whether a daily job may be at work with it."""
        return self.last is not None and now - self.last <= _LATELY

    def told(self, now: datetime) -> str:
        """Return the same in words."""
        if self.last is None:
            made = f"made {_utc(self.made)}"
            return f"the {self.role} role, {made}, was not used since, or for 400 days"
        ago = span(max(now - self.last, timedelta(seconds=1)))  # this clock may be behind
        return f"the {self.role} role was last used {_utc(self.last)}, {ago} ago"


def check_role_use(scene: Scene) -> list[Finding]:
    """Check that the refresh role was used lately, or else the release role (GetRole)."""
    roles, now = scene.deployment.roles, scene.wanted.now
    if _REFRESH not in roles:
        return []
    refresh = _read(scene, _REFRESH)
    is_enough = refresh.is_recent(now) or _RELEASE not in roles
    return [judge_use(refresh, None if is_enough else _read(scene, _RELEASE), now)]


def judge_use(refresh: Use, release: Use | None, now: datetime) -> Finding:
    """Judge whether a daily job can be at work: it is late by two hours, and IAM by four.

    Args:
        release: the release role, which renews what a refresh does; None where it does not matter.
    """
    says = refresh.told(now)
    if refresh.is_recent(now):
        return ok(CHECK, says)
    if release is not None and release.is_recent(now):
        return ok(CHECK, f"{says}; but {release.told(now)}, and may refresh too")
    if refresh.last is None and now - refresh.made <= _LATELY:
        return ok(CHECK, f"{says}: a daily job may not have run yet")
    return warn(CHECK, f"{says}: no daily job refreshes by it", _MEND)


def _read(scene: Scene, role: str) -> Use:
    told = read_role(scene, scene.deployment.roles[role])
    if "RoleLastUsed" not in told:  # AWS tells of none by an empty one
        raise UnansweredError("iam:GetRole does not tell here when a role was last used")
    return Use(role, told["CreateDate"], told["RoleLastUsed"].get("LastUsedDate"))


def _utc(time: datetime) -> str:
    """Return a time, which boto3 may give in the zone of this machine."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
