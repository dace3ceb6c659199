"""Which boards take part in a release, and when (manifests/repository.md, Rollout)."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Self

from publisher.fields import Fields
from publisher.iso_time import iso

BUCKETS = 10000
MIN_RAMP_S = 60


@dataclass(frozen=True)
class Ramp(Fields):
    """How a share grows: evenly, to `to` basis points, within `over_s` seconds from `start`.

    `start` is an ISO time.
    """

    to: int
    start: str
    over_s: int

    @property
    def began(self) -> datetime:
        """When it starts."""
        return datetime.fromisoformat(self.start)

    @property
    def ends(self) -> datetime:
        """When it has reached `to`."""
        return self.began + timedelta(seconds=self.over_s)

    def passed_s(self, now: datetime) -> int:
        """Return how many of its seconds have passed."""
        return min(max((now - self.began) // timedelta(seconds=1), 0), self.over_s)


@dataclass(frozen=True)
class Share:
    """Who may take a release, as a person asks for it.

    Attributes:
        basis_points: of 10000 boards, how many.
        to: how many at the end of a ramp, where there is one.
        over_s: seconds that the ramp takes; 0 for none.
        groups: boards of these come first.
    """

    basis_points: int = BUCKETS
    to: int = 0
    over_s: int = 0
    groups: tuple[str, ...] = ()

    def ramp_from(self, now: datetime) -> Ramp | None:
        """Return the ramp that starts now, if there is to be one."""
        return Ramp(self.to, iso(now), self.over_s) if self.over_s else None


@dataclass(frozen=True)
class Rollout(Fields):
    """Which boards take part: basis_points of 10000, drawn anew with each salt, and named groups.

    With a ramp, basis_points is where it begins.
    """

    salt: str
    basis_points: int = BUCKETS
    groups: tuple[str, ...] = ()
    ramp: Ramp | None = None

    @classmethod
    def from_fields(cls, values: Mapping[str, Any]) -> Self:
        """Make one of a JSON object that the schema has passed."""
        ramp = Ramp.from_fields(values["ramp"]) if "ramp" in values else None
        return super().from_fields({**values, "groups": (*values.get("groups", ()),), "ramp": ramp})

    def to_fields(self) -> dict[str, Any]:
        """Return the JSON object; groups and ramp are there only where there are any."""
        ramp = self.ramp.to_fields() if self.ramp else None
        values = {**super().to_fields(), "groups": list(self.groups), "ramp": ramp}
        return {k: value for k, value in values.items() if value or k not in ("groups", "ramp")}

    @property
    def share(self) -> Share:
        """Who may take the release, without when that began."""
        ramp = (self.ramp.to, self.ramp.over_s) if self.ramp else (0, 0)
        return Share(self.basis_points, *ramp, groups=self.groups)

    def share_at(self, now: datetime) -> int:
        """Return of 10000 boards how many take part: at no time fewer than before."""
        if self.ramp is None:
            return self.basis_points
        rise = self.ramp.to - self.basis_points
        return self.basis_points + rise * self.ramp.passed_s(now) // self.ramp.over_s

    def bucket(self, device_id: str) -> int:
        """Return where a board stands among 0 to 9999."""
        digest = hashlib.sha256(f"{self.salt}:{device_id}".encode()).digest()
        return int.from_bytes(digest[:4], "big") % BUCKETS

    def includes(self, device_id: str, group: str | None, now: datetime) -> bool:
        """Say whether a board takes part; `group` is None where it is in none."""
        return group in self.groups or self.bucket(device_id) < self.share_at(now)

    def with_share(self, share: Share, now: datetime) -> Self:
        """Return it with another share; a ramp that is asked for again goes on as it began."""
        is_same = replace(share, groups=self.groups) == self.share
        ramp = self.ramp if is_same else share.ramp_from(now)
        return replace(self, basis_points=share.basis_points, groups=share.groups, ramp=ramp)

    def frozen_at(self, now: datetime) -> Self:
        """Return it with the share that it has reached, and with what is left of its ramp."""
        if self.ramp is None:
            return self
        left_s = self.ramp.over_s - self.ramp.passed_s(now)
        ramp = replace(self.ramp, over_s=max(left_s, MIN_RAMP_S)) if left_s else None
        return replace(self, basis_points=self.share_at(now), ramp=ramp).resumed_at(now)

    def resumed_at(self, now: datetime) -> Self:
        """Return it with a ramp that starts now, if it is to start before."""
        if self.ramp is None:
            return self
        return replace(self, ramp=replace(self.ramp, start=max(self.ramp.start, iso(now))))


def verify_ramp(rollout: Mapping[str, Any]) -> None:
    """Raise ValueError where a rollout that the schema has passed has a ramp that is none."""
    if "ramp" not in rollout:
        return
    ramp, least = Ramp.from_fields(rollout["ramp"]), rollout["basis_points"]
    if ramp.to < least:
        raise ValueError(f"rollout.ramp.to is {ramp.to}; it must be at least basis_points, {least}")
    try:
        _ = ramp.began
    except ValueError as error:
        raise ValueError(f"rollout.ramp.start is {ramp.start}; {error}") from None
