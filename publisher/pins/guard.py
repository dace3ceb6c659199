"""Whom a new pin set would strand: boards that could no longer connect, now or at the next renewal.

Pure: what the hosts serve was looked up before (pins/live.py).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from publisher.errors import SettingsError, StrandingError
from publisher.pins.anchors import Anchor
from publisher.pins.live import Live
from publisher.pins.sets import MAX_SETS, PinSet, PinSets

_MANAGED = (
    "{url} has a certificate of Amazon's: if AWS manages it, its key changes at each renewal, and "
    "the pins will refuse it; then pin nothing (--ca amazon)"
)


def verify_backup(sets: PinSets, now: datetime) -> None:
    """Raise StrandingError unless the newest set outlives the loss of a key, or of a CA.

    An intermediate is no backup of the root above it, and so roots alone count.

    Args:
        sets: only their newest is looked at.
        now: with time zone; a root that has expired by then does not count.
    """
    newest = sets.newest
    if newest.pins:
        if not newest.has_backup:
            hint = "add --public-key of a key that you keep offline, for the next certificate"
            raise StrandingError("one pin alone has no backup", hint)
        return
    found = map(Anchor.from_der, sets.anchors(newest))
    roots = {one.subject for one in found if one.is_root and one.expires > now}
    if len(roots) < 2:
        hint = "name a PEM file with valid roots of a second CA, too: --ca may be repeated"
        raise StrandingError(f"{len(roots)} CA root has no backup, and no key is pinned", hint)


def verify_room(sets: PinSets) -> None:
    """Raise SettingsError if there are more sets than boards keep."""
    if len(sets.sets) > MAX_SETS:
        oldest = sets.sets[-1].serial
        hint = f"when no board needs the oldest any more, add --retire {oldest}"
        raise SettingsError(f"boards keep {MAX_SETS} pin sets, and there are as many", hint)


def verify_strands_nobody(sets: PinSets, live: Sequence[Live]) -> list[str]:
    """Refuse a new set, the newest of `sets`, if boards could not connect; return warnings.

    Args:
        sets: with all that are still supported.
        live: what each base URL of them serves now, asked by each set that names it.

    Raises:
        StrandingError: the new set refuses one of its hosts, an older one all of its hosts, or each
            pin of the new one is in use already.
    """
    hosts = {found.base_url: found for found in live}
    _verify_newest(sets.newest, hosts)
    _verify_unused(sets.newest, hosts.values())
    warnings = _weaknesses(sets.newest, hosts.values())
    for pin_set in sets.sets[1:]:
        warnings += _judge_older(pin_set, hosts)
    return warnings


def verify_retirement(left: PinSets, live: Sequence[Live]) -> list[str]:
    """Refuse to retire a set if the newest of those `left` does not do alone; return warnings.

    Older sets are warned of only: boards that have no newer one are cut off before and after.

    Args:
        left: the sets without the retired one.
        live: what each base URL of them serves now, asked by each set that names it.

    Raises:
        StrandingError: the newest set refuses one of its hosts.
    """
    hosts = {found.base_url: found for found in live}
    newest = left.newest
    if refused := _refusals(newest, hosts):
        hint = (
            f"serve what set {newest.serial} accepts, or publish a set that accepts what is served"
        )
        raise StrandingError("; ".join(refused), hint)
    return [told for older in left.sets[1:] for told in _refusals(older, hosts)]


def verify_base_is_told(base_url: str, before: str, sets: PinSets | None) -> list[str]:
    """Refuse to move to a base URL that no pin set tells boards of; return warnings.

    Boards ask at the base URLs of the sets that they keep, and at those that the factory told them.
    Whether that still serves them only `slotcast pins check` can tell, as it asks there too.

    Args:
        before: that of what is offered now; "" of nothing.
        sets: those that are published; None where none are.

    Raises:
        StrandingError: sets are published, and none of them names the URL.
    """
    moves = base_url != before
    if sets is None:
        moved = f"base_url was {before}: boards of that time go on asking there alone; serve it"
        return [f"{moved}, or publish a pin set that names both"] if moves and before else []
    told = {url for pin_set in sets.sets for url in pin_set.base_urls}
    if base_url in told:
        return []
    message = f"no pin set tells boards of {base_url}: they ask at {', '.join(sorted(told))}"
    if moves:
        host = base_url.removesuffix(f"{sets.product}/")
        raise StrandingError(message, f"publish one first: `slotcast pins set --base-url {host}`")
    return [message]


def _verify_newest(newest: PinSet, hosts: dict[str, Live]) -> None:
    for url in newest.base_urls:
        if why := hosts[url].refusal(newest.serial):
            hint = "a set must accept what is served when it is published: the next key is a backup"
            raise StrandingError(f"boards with the new set would not accept {url}: {why}", hint)


def _verify_unused(newest: PinSet, hosts: Collection[Live]) -> None:
    served = {host.leaf.spki_sha256 for host in hosts if host.leaf}
    if newest.pins and served.issuperset(newest.pins):
        hint = "make a key that is used nowhere, keep it offline, and add it with --public-key"
        raise StrandingError("every pin is served already: none is a backup", hint)


def _weaknesses(newest: PinSet, hosts: Collection[Live]) -> list[str]:
    if not newest.pins:
        return []
    found = []
    if len(newest.trust_anchors) == 1:
        found.append("the set has one CA root: what another CA signs is refused, pinned or not")
    for host in hosts:
        if host.leaf and "O=Amazon" in host.leaf.issuer.split(","):
            found.append(_MANAGED.format(url=host.base_url))
    return found


def _judge_older(older: PinSet, hosts: dict[str, Live]) -> list[str]:
    """Refuse if boards that know no newer set than `older` are cut off, or warn of what fails."""
    told = _refusals(older, hosts)
    serial = older.serial
    if len(told) == len(older.base_urls):
        hint = f"serve what set {serial} accepts, or give its boards up with --retire {serial}"
        raise StrandingError("; ".join(told), hint)
    return told


def _refusals(pin_set: PinSet, hosts: dict[str, Live]) -> list[str]:
    """Say which hosts boards with one set do not accept, and why."""
    serial = pin_set.serial
    refused = {url: why for url in pin_set.base_urls if (why := hosts[url].refusal(serial))}
    return [f"boards with set {serial} do not accept {url}: {why}" for url, why in refused.items()]
