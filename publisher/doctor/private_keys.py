"""Whether a key lies under the product's prefix, whatever it is called there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from publisher.doctor.contents import REMOVE, REPLACE, is_secret, is_written
from publisher.doctor.findings import Finding, fail, ok, unknown
from publisher.doctor.secrets.listed_keys import ListedKeys, read_listed_keys
from publisher.doctor.secrets.objects import (
    AS_PRIVATE,
    FOREIGN_BYTES,
    MOST_READ,
    whose_key,
    why_private,
    without_root,
)
from publisher.doctor.site import Site
from publisher.layout import key
from publisher.stores.base import Listed

CHECK = "private-keys"
# Of what has a name as Slotcast writes: a key that was uploaded under one is short.
_WRITTEN_BYTES = 4096


def check_private_keys(site: Site) -> list[Finding]:
    """Check that nothing private lies under the product's prefix, by name and by content.

    At most 200 objects are looked into: those of other names than Slotcast's first, and the newest
    of each kind.
    """
    base = key(site.settings.product, "")
    newest = sorted(site.listed, key=lambda one: one.modified, reverse=True)
    keys = read_listed_keys(site.settings.root_sha256, site.read_origin, site.read)
    foreign = [one for one in newest if not is_written(one.key.removeprefix(base))]
    written = [one for one in newest if is_written(one.key.removeprefix(base))]
    looked = [*foreign, *written][:MOST_READ]
    private = {
        one.key: why
        for number, one in enumerate(looked)
        if (why := _why_private(site, one, keys, is_foreign=number < len(foreign)))
    }
    found = judge_private(private, site.origin.location, looked, newest, foreign[MOST_READ:])
    return [*without_root(CHECK, keys), *found]


def judge_private(
    private: Mapping[str, str],
    where: str,
    looked: Sequence[Listed],
    there: Sequence[Listed],
    left: Sequence[Listed],
) -> list[Finding]:
    """Judge what was found to be private.

    Args:
        private: what it is, by the object's key.
        looked: what was looked into.
        there: all that lies there.
        left: of what Slotcast does not write, what was not looked into.
    """
    of = f"looked into {len(looked):,} of {len(there):,} objects"
    found = [
        fail(CHECK, f"{name} in {where} is {why} ({of})", REPLACE) for name, why in private.items()
    ]
    if left:
        says = f"{len(left):,} that Slotcast does not write were not looked into ({of})"
        found.append(unknown(CHECK, says, REMOVE))
    return found or [ok(CHECK, f"no key lies in {where} under the product ({of})")]


def _why_private(site: Site, item: Listed, keys: ListedKeys | None, is_foreign: bool) -> str:
    """Return what is private about an object, in words; "" where nothing is."""
    data = site.origin.read_range(item.key, 0, FOREIGN_BYTES if is_foreign else _WRITTEN_BYTES)
    if data is None:  # gone meanwhile
        return ""
    if is_foreign:
        return whose_key(data, keys) or (AS_PRIVATE if is_secret(item.key, data) else "")
    return why_private(data, keys)
