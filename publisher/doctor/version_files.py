"""version.json, which is outside TUF: whether it says what the manifest says that is signed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from publisher.doctor.findings import Finding, fail, ok, warn
from publisher.doctor.site import TIMESTAMP, Site
from publisher.layout import parse_offer, version_json_path
from publisher.manifest import Manifest, version_json

CHECK = "version-json"
# A release replaces it last, after the timestamp: for so long one may be under way.
_UNDER_WAY = timedelta(minutes=1)
_AGAIN = (
    "run the same release or promotion again, which puts it right; if no run was cut short, look "
    "who else may write it: devices that read version.json alone install what it names"
)


class VersionFile(NamedTuple):
    """A version.json in the store, and what it is to say.

    Attributes:
        version: the one that is on offer.
        wanted: bytes, by the manifest of that version.
        there: None where there is none.
        changed: when it, or the timestamp, was written; None where the store does not tell.
    """

    path: str
    version: str
    wanted: bytes
    there: bytes | None
    changed: datetime | None


def check_version_files(site: Site) -> list[Finding]:
    """Check each version.json in the store; whether the edge has the same tells `edge-origin`."""
    found = []
    for name in site.in_store.offered():
        channel, board, _ = parse_offer(name)
        path, data = version_json_path(channel, board), site.in_store.read_manifest(channel, board)
        if data is not None:
            manifest, there = Manifest.from_bytes(data), site.read_origin(path)
            wanted = version_json(manifest)
            changed = None if there == wanted else _changed(site, path)
            one = VersionFile(path, manifest.version, wanted, there, changed)
            found.append(judge(one, site.now))
    return found or [ok(CHECK, "nothing is offered yet")]


def judge(one: VersionFile, now: datetime) -> Finding:
    """Judge what a version.json says by the manifest."""
    if one.there == one.wanted:
        return ok(CHECK, f"{one.path} says what the manifest of {one.version} says")
    says = f"{one.path} does not say what the manifest of {one.version} says"
    if one.there is None:
        says = f"{one.path} is missing, and {one.version} is on offer"
    if one.changed is not None and now - one.changed <= _UNDER_WAY:
        return warn(CHECK, f"{says}, since {one.changed:%H:%M:%S}", "look again in a minute")
    return fail(CHECK, says, _AGAIN)


def _changed(site: Site, path: str) -> datetime | None:
    """Return when a file of the store was written, or the timestamp, whichever was later."""
    times = (site.written(path), site.written(TIMESTAMP))
    return max((one for one in times if one is not None), default=None)
