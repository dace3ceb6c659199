"""Time: the clocks, how long what is signed is good for, and whether somebody signs it anew."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from publisher.doctor.findings import Finding, fail, ok, unknown, warn
from publisher.doctor.site import TIMESTAMP, Site
from publisher.errors import PublisherError, StoreError, VerificationError
from publisher.repository import RoleState
from publisher.settings import ExpirySettings

# S3 refuses requests whose clock is more than 15 minutes off (S3 API reference,
# RequestTimeTooSkewed).
_SKEW_WARN, _SKEW_FAIL = timedelta(minutes=2), timedelta(minutes=15)
# What the clocks of two publishers may differ by (publisher/repository.py).
_APART = timedelta(minutes=5)
# Root and targets take people: `slotcast refresh` warns as early.
_WARN_DAYS, _FAIL_DAYS = 30, 7
_ONLINE = ("snapshot", "timestamp")
# A job that runs every day, by a scheduler that may be two hours late.
DAILY_JOB = timedelta(hours=26)

_CLOCK = "set the clock of this machine, or of the edge, whichever is wrong: compare with a third"
_FORWARD = (
    "if a clock ran ahead at signing: `slotcast release --redate`, with a new release; if not, "
    "somebody else has an online key: `slotcast root propose`"
)
_SIGN = {
    "root": "have its keys sign a new version: `slotcast root propose --renew`",
    "targets": "sign it anew: a release does, or `slotcast refresh --targets`",
    "snapshot": "run `slotcast refresh`, and look at the job that should",
    "timestamp": "run `slotcast refresh`, and look at the job that should",
}
_JOB = (
    "look at the scheduled job that runs `slotcast refresh` (docs/ci.md): disabled, or its role or "
    "key refused? Run `slotcast refresh` by hand now"
)


def check_clock(site: Site) -> list[Finding]:
    """Check the clock here against the edge's, and both against the times of signing."""
    states: list[RoleState] = []
    with suppress(StoreError, VerificationError):  # what does not verify has a check of its own
        states = list(site.repository.states())
    return judge_clock(site.now, site.reply(TIMESTAMP).time_near(site.now), states)


def check_expiry(site: Site) -> list[Finding]:
    """Check how long each role is good for."""
    expiry = site.settings.expiry_days
    return [judge_expiry(state, expiry, site.now) for state in site.repository.states()]


def check_refresh_job(site: Site) -> list[Finding]:
    """Check that what runs out soon is signed anew in time, by the store, or else the edge.

    Whether the job is alive is inferred from how old signatures are: one that died is told of when
    the first signature is overdue, at half the life of what it signs and a day, and not before.
    """
    try:
        states = site.in_store.states()
    except PublisherError:  # no credentials, say
        states = site.repository.states()
    expiry = site.settings.expiry_days
    return [judge_refresh(one, expiry, site.now) for one in states if one.role in _ONLINE]


def judge_clock(
    here: datetime, edge: datetime | None, states: Sequence[RoleState]
) -> list[Finding]:
    """Judge two clocks by each other, and by when roles say they were signed.

    Args:
        edge: None where the edge tells no time.
    """
    name = "clock"
    found = [_skew(here, edge)]
    newest = max((state.signed_at for state in states), default="")
    if newest and datetime.fromisoformat(newest) > max(here, edge or here) + _APART:
        says = f"something is signed at {newest}, which lies ahead: boards take it for the time"
        found.append(fail(name, says, _FORWARD))
    return found


def judge_expiry(state: RoleState, expiry: ExpirySettings, now: datetime) -> Finding:
    """Judge what is left of a role; of those that a job renews only whether anything is."""
    name, role = "role-expiry", state.role
    left = state.expires - now
    if left <= timedelta(0):
        says = f"{role} {state.version} expired on {state.expires:%Y-%m-%d}: boards install nothing"
        return fail(name, says, _SIGN[role])
    says = f"{role} {state.version} expires on {state.expires:%Y-%m-%d}, in {left.days} days"
    life = timedelta(days=expiry.of(role))
    if role in _ONLINE or left > min(timedelta(days=_WARN_DAYS), life / 3):
        return ok(name, says)
    is_short = left <= min(timedelta(days=_FAIL_DAYS), life / 12)
    return (fail if is_short else warn)(name, says, _SIGN[role])


def judge_refresh(state: RoleState, expiry: ExpirySettings, now: datetime) -> Finding:
    """Judge whether a role was signed anew when it was due, at half its life.

    A job that runs daily is about a day late at most, or, where a role lasts for hours, a sixth of
    its life; at a quarter nobody is at work any more.
    """
    name, life = "refresh-job", timedelta(days=expiry.of(state.role))
    left = state.expires - now
    signed = f"{state.role} {state.version} was signed at {state.signed_at or 'an unknown time'}"
    says = f"{signed}, and has {span(left)} of {span(life)} left"
    late = life / 2 - left
    if late <= min(DAILY_JOB, life / 6):
        return ok(name, says)
    judge = fail if left <= life / 4 else warn
    return judge(name, f"{says}: it was due {span(late)} ago", _JOB)


def _skew(here: datetime, edge: datetime | None) -> Finding:
    name = "clock"
    if edge is None:
        return unknown(name, "the edge tells no time (no Date)")
    skew = abs(here - edge)
    says = (
        f"the edge's clock says {edge:%Y-%m-%d %H:%M:%S}, {skew.seconds + skew.days * 86400} s off"
    )
    if skew > _SKEW_FAIL:
        return fail(name, says, _CLOCK)
    return warn(name, says, _CLOCK) if skew > _SKEW_WARN else ok(name, says)


def span(time: timedelta) -> str:
    """Return a time in words: days, or hours below two of them."""
    if time <= timedelta(0):
        return "nothing"
    days = time.total_seconds() / 86400
    return f"{days:.1f} days" if days >= 2 else f"{days * 24:.0f} h"
