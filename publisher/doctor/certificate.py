"""The certificate that is served: how long it lasts, and whether every board in the field takes it.

What boards make of it was asked before, by every supported pin set (publisher/pins/live.py).
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from publisher.doctor.findings import Finding, fail, ok, unknown, warn
from publisher.doctor.site import Site
from publisher.errors import StrandingError
from publisher.pins.guard import verify_backup, verify_base_is_told
from publisher.pins.live import Leaf, Live
from publisher.pins.sets import PinSets

# Of its whole life. ACM renews 45 of 198 days before the end, which is 23 % (AWS Certificate
# Manager user guide, "Managed certificate renewal"); ACME clients at a third. So later than both.
_WARN_SHARE, _FAIL_SHARE = 0.20, 0.05

_RENEW = (
    "renew it: ACM does so by itself 45 days before the end, as long as the DNS record of its "
    "validation stands and it is in use; an imported one is imported anew under the same ARN"
)
_NAMED = (
    "give the distribution a certificate for this host name, or correct [edge] base_url; boards "
    "check the name"
)
_MENDS = {
    "chain": "serve a certificate, with its intermediates, whose root the set names: boards that "
    "hold only this set cannot connect, and so cannot be told of another",
    "pin": "go back to the key that the set pins, or to its backup; ACM makes a new key at each "
    "renewal, so for its certificates pin no key (`slotcast pins set --ca amazon`)",
}
_MANAGED = (
    "publish a set of CA roots alone (`slotcast pins set --ca amazon`) before the next renewal, "
    "which changes the key"
)
_BACKUP = (
    "publish a set with a backup: `slotcast pins set`, with a second key or a second CA's roots"
)
_TOLD = "publish a set that names it: `slotcast pins set --base-url https://HOST/`"


def check_life(site: Site) -> list[Finding]:
    """Check how much of each certificate's life is left."""
    return [judge_life(live, site.now) for live in site.lives]


def check_host_name(site: Site) -> list[Finding]:
    """Check that each certificate is for its host."""
    return [judge_host_name(live) for live in site.lives]


def check_pin_sets(site: Site) -> list[Finding]:
    """Check that every pin set that a board may hold accepts what its hosts serve."""
    (sets, unread), own = site.pins, site.visitor.base_url
    found = [judge_host(live, own) for live in site.lives]
    managed = [one for live in site.lives for one in judge_managed(live, sets)]
    if unread:
        found.append(unknown("pin-sets", f"whether there are more sets is not known: {unread}"))
    return [*found, *managed, *judge_sets(sets, site.settings.base_url, site.now)]


def judge_life(live: Live, now: datetime) -> Finding:
    """Judge a certificate by the share of its life that is left."""
    name = "certificate-life"
    if live.leaf is None:
        return unknown(name, f"{_host(live)}: no certificate is shown over TLS 1.2")
    leaf = live.leaf
    left, days = leaf.not_after - now, (leaf.not_after - now).days
    share = left / (leaf.not_after - leaf.not_before)
    what = f"{_host(live)}: {_span(leaf)}, {days} days left ({max(share, 0):.0%} of its life)"
    if now < leaf.not_before:
        return fail(name, f"{what}, is not valid yet", "set the clock here, or serve a valid one")
    if now >= leaf.not_after:
        return fail(name, f"{_host(live)}: {_span(leaf)}, has expired", _RENEW)
    if share < _FAIL_SHARE:
        return fail(name, what, _RENEW)
    return warn(name, what, _RENEW) if share < _WARN_SHARE else ok(name, what)


def judge_host_name(live: Live) -> Finding:
    """Judge whether a certificate is for the host that shows it."""
    name = "host-name"
    why = [one.refusal for one in live.verdicts if one.refusal.startswith("name: ")]
    if why:
        return fail(name, f"{_host(live)}: {why[0].removeprefix('name: ')}", _NAMED)
    if all(one.refusal for one in live.verdicts):
        return unknown(name, f"{_host(live)}: no set accepts the certificate so far")
    return ok(name, f"{_host(live)}: the certificate is for this host")


def judge_host(live: Live, own: str) -> Finding:
    """Judge what each pin set makes of a host's chain and key.

    Args:
        own: BASE of the edge whose answers other checks look at.
    """
    name = "pin-sets"
    refused = [one for one in live.verdicts if one.refusal.startswith(("chain: ", "pin: "))]
    if refused:
        sets = ", ".join(f"set {one.serial} ({one.refusal})" for one in refused)
        kind = refused[0].refusal.partition(":")[0]
        return fail(name, f"{_host(live)} is refused by boards with {sets}", _MENDS[kind])
    if live.fault and (live.base_url != own or not live.verdicts):
        mend = (
            "serve the product there (where it is a copy, make it anew), or retire the sets that "
            "name it: `slotcast pins retire`"
        )
        return fail(name, f"{_host(live)}: {live.fault}", mend)
    others = [one for one in live.verdicts if one.refusal]
    if others:
        return unknown(name, f"{_host(live)}: not tried to the end: {others[0].refusal}")
    serials = ", ".join(str(one.serial) for one in live.verdicts)
    return ok(name, f"{_host(live)} is accepted by boards with pin set {serials}")


def judge_managed(live: Live, sets: PinSets) -> list[Finding]:
    """Warn of pinned keys on a certificate of Amazon's, whose key changes at each renewal."""
    pinned = [str(one.serial) for one in sets.sets if one.pins and live.base_url in one.base_urls]
    if not pinned or live.leaf is None or "O=Amazon" not in live.leaf.issuer.split(","):
        return []
    says = f"{_host(live)}: set {', '.join(pinned)} pins the key of a certificate of Amazon's"
    return [warn("pin-sets", says, _MANAGED)]


def judge_sets(sets: PinSets, base_url: str, now: datetime) -> list[Finding]:
    """Warn where the newest set has no backup, and where no set tells boards of the base URL."""
    found = []
    try:
        verify_backup(sets, now)
    except StrandingError as error:
        says = f"the newest pin set, {sets.newest.serial}: {error}"
        found.append(warn("pin-sets", says, _BACKUP))
    told = verify_base_is_told(base_url, base_url, sets)
    return [*found, *(warn("pin-sets", line, _TOLD) for line in told)]


def _host(live: Live) -> str:
    return urlsplit(live.base_url).netloc


def _span(leaf: Leaf) -> str:
    return f"{leaf.subject}, {leaf.not_before:%Y-%m-%d} to {leaf.not_after:%Y-%m-%d}"
