"""Whether a key lies under the product's prefix, whatever it is called there."""

from __future__ import annotations

from collections.abc import Sequence

from publisher.doctor.contents import REMOVE, REPLACE, is_secret, is_written
from publisher.doctor.findings import Finding, fail, ok, unknown
from publisher.doctor.secret_content import holds_secret
from publisher.doctor.site import Site
from publisher.image import MAGIC as IMAGE_MAGIC
from publisher.layout import key
from publisher.payload.head import MAGIC as PAYLOAD_MAGIC
from publisher.stores.base import Listed

CHECK = "private-keys"
# Requests are paid for, and each takes its time.
MOST_READ = 200
# Of what Slotcast does not write, and of what has a name as Slotcast writes: a key that was
# uploaded under one is short.
_FOREIGN_BYTES, _WRITTEN_BYTES = 65536, 4096
# What begins so is what it is called: firmware that can read keys has their marks in its text.
_BINARY = (bytes([IMAGE_MAGIC]), PAYLOAD_MAGIC)


def check_private_keys(site: Site) -> list[Finding]:
    """Check that nothing private lies under the product's prefix, by name and by content.

    At most 200 objects are looked into: those of other names than Slotcast's first, and the newest
    of each kind.
    """
    base = key(site.settings.product, "")
    newest = sorted(site.listed, key=lambda one: one.modified, reverse=True)
    foreign = [one for one in newest if not is_written(one.key.removeprefix(base))]
    written = [one for one in newest if is_written(one.key.removeprefix(base))]
    looked = [*foreign, *written][:MOST_READ]
    private = [
        one.key
        for number, one in enumerate(looked)
        if _is_private(site, one, is_foreign=number < len(foreign))
    ]
    return judge_private(private, site.origin.location, looked, newest, foreign[MOST_READ:])


def judge_private(
    private: Sequence[str],
    where: str,
    looked: Sequence[Listed],
    there: Sequence[Listed],
    left: Sequence[Listed],
) -> list[Finding]:
    """Judge what was found to be private.

    Args:
        looked: what was looked into.
        there: all that lies there.
        left: of what Slotcast does not write, what was not looked into.
    """
    of = f"looked into {len(looked):,} of {len(there):,} objects"
    found = [
        fail(CHECK, f"{name} in {where} is a private key, or as private as one ({of})", REPLACE)
        for name in private
    ]
    if left:
        says = f"{len(left):,} that Slotcast does not write were not looked into ({of})"
        found.append(unknown(CHECK, says, REMOVE))
    return found or [ok(CHECK, f"no key lies in {where} under the product ({of})")]


def _is_private(site: Site, item: Listed, is_foreign: bool) -> bool:
    data = site.origin.read_range(item.key, 0, _FOREIGN_BYTES if is_foreign else _WRITTEN_BYTES)
    if data is None:  # gone meanwhile
        return False
    if is_foreign:
        return is_secret(item.key, data)
    return not data.startswith(_BINARY) and holds_secret(data)
