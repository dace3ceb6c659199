"""Which boards take part in a rollout, and when: the cases of rollout.json."""

import hashlib
from datetime import datetime
from typing import Any

ABOUT = (
    "Rollouts (manifests/repository.md). \"cases\": bucket is be32(SHA-256(salt + ':' + device_id)"
    '[0:4]) mod 10000, texts as UTF-8. "shares": of 10000 boards, how many take part at `now`:'
    " basis_points + (ramp.to - basis_points) * min(max(now - ramp.start, 0), ramp.over_s) //"
    ' ramp.over_s. "boards": a board takes part if its group, which may be null, is one of groups'
    ' or bucket < share. "refused" are no rollouts.'
)
Changes = dict[str, Any]
SALT, START, HOUR_S = "stable/r2/7", "2026-11-22T10:00:00Z", 3600
YEAR_S = 366 * 24 * HOUR_S  # the longest ramp


def rollout() -> dict[str, object]:
    """Return rollout.json: buckets of some salts and devices."""
    devices = [("", ""), ("", "a"), ("a", ""), ("a:b", "c"), ("a", "b:c"), ("1.4.3", "\xe9\u20ac")]
    devices += [("1.4.3-1", f"240ac4{n:06x}") for n in range(8)]
    devices += [("1.4.3-2", f"240ac4{n:06x}") for n in range(4)]
    cases = [
        {"salt": salt, "device_id": device, "bucket": _bucket(salt, device)}
        for salt, device in devices
    ]
    about = {"about": ABOUT, "cases": cases}
    return {**about, "shares": _shares(), "boards": _boards(), "refused": _refused()}


def _grows(basis_points: int, to: int, start: str = START, over_s: int = 48 * HOUR_S) -> Changes:
    """Return a rollout with a ramp."""
    ramp = {"to": to, "start": start, "over_s": over_s}
    return {"salt": SALT, "basis_points": basis_points, "ramp": ramp}


def _share(rollout: Changes, now: str) -> int:
    """Return of 10000 boards how many take part."""
    least, ramp = rollout["basis_points"], rollout.get("ramp")
    if ramp is None:
        return least
    passed = datetime.fromisoformat(now) - datetime.fromisoformat(ramp["start"])
    passed_s = min(max(int(passed.total_seconds()), 0), ramp["over_s"])
    return least + (ramp["to"] - least) * passed_s // ramp["over_s"]


def _shares() -> list[Changes]:
    """Return shares at some times: before, on the way, rounded down, after; over leap days too."""
    days = ("21T10:00:00", "22T09:59:59", "22T10:00:00", "22T10:00:17", "22T10:00:18")
    days += ("23T04:00:00", "24T09:59:42", "24T09:59:43", "24T10:00:00", "29T00:00:00")
    moments: list[tuple[Changes, str]] = [
        *((_grows(100, 10000), f"2026-11-{moment}Z") for moment in days),
        ({"salt": SALT, "basis_points": 2500}, START),
        (_grows(0, 10000, "2028-02-28T23:59:00Z", 120), "2028-02-29T00:00:00Z"),
        (_grows(0, 10000, "2027-02-28T23:59:00Z", 120), "2027-03-01T00:00:00Z"),
        (_grows(0, 10000, "2026-12-31T23:59:59Z", 60), "2027-01-01T00:00:29Z"),
        (_grows(0, 10000, "2027-11-22T10:00:00Z", YEAR_S), "2028-05-23T03:02:01Z"),
        (_grows(0, 10000, "2027-11-22T10:00:00Z", YEAR_S), "2028-11-22T09:59:59Z"),
        (_grows(0, 10000, "2026-01-01T00:00:00Z", 60), "2099-12-31T23:59:59Z"),
        (_grows(0, 10000, "2099-12-31T23:59:59Z", 60), "2026-01-01T00:00:00Z"),
        (_grows(5000, 5000), "2026-11-23T10:00:00Z"),
        (_grows(0, 1), "2026-11-24T09:59:59Z"),
    ]
    return [{"rollout": one, "now": now, "share": _share(one, now)} for one, now in moments]


def _boards() -> list[Changes]:
    """Return which of some boards take part."""
    found = []
    for device in ("0011223344", "240ac4000001"):
        place = _bucket(SALT, device)
        for fixed in (0, place, place + 1):
            named = {"salt": SALT, "basis_points": fixed, "groups": ["canary", "lab"]}
            for group in (None, "lab", "field"):
                rollout = {"rollout": named, "device_id": device, "group": group, "now": START}
                found.append({**rollout, "takes_part": group == "lab" or place < fixed})
        # A second for each board: it takes part from the one that comes after its own place.
        ramp = _grows(0, 10000, over_s=10000)
        for second in (place, place + 1):
            now = f"2026-11-22T{10 + second // 3600}:{second // 60 % 60:02}:{second % 60:02}Z"
            rollout = {"rollout": ramp, "device_id": device, "group": None, "now": now}
            found.append({**rollout, "takes_part": second > place})
    return found


def _refused() -> list[Changes]:
    """Return what no side takes for a rollout."""
    plain = {"salt": SALT, "basis_points": 100}
    ramp = {"to": 10000, "start": START, "over_s": 60}
    groups: list[object] = [[None], "canary", {"canary": 1}, None, [7], list("abcdefghi")]
    wrong = [{"to": 99}, {"to": "10000"}, {"to": True}, {"over_s": 0}, {"over_s": True}]
    wrong += [{"start": "2026-02-29T00:00:00Z"}, {"start": "2026-11-22"}, {"start": 0}]
    ramps: list[object] = [{**ramp, **change} for change in wrong]
    ramps += [{name: ramp[name] for name in ramp if name != gone} for gone in ramp]
    ramps += [[], 7, "48h", None]
    found = [{**plain, "groups": group} for group in groups]
    return [*found, *({**plain, "ramp": ramp} for ramp in ramps)]


def _bucket(salt: str, device_id: str) -> int:
    """Return the bucket, 0 to 9999."""
    digest = hashlib.sha256(f"{salt}:{device_id}".encode()).digest()
    return int.from_bytes(digest[:4], "big") % 10000
