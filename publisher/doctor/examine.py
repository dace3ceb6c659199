"""All checks in order, each of which may fail without taking the others along."""

from __future__ import annotations

from collections.abc import Callable, Collection

from publisher.doctor import (
    answers,
    caching,
    certificate,
    contents,
    other_requests,
    past,
    private_keys,
    product,
    reach,
    times,
    tls,
    version_files,
)
from publisher.doctor.findings import Finding, fail, unknown
from publisher.doctor.hints import hint_of
from publisher.doctor.replies import short
from publisher.doctor.site import Site
from publisher.errors import PublisherError

Check = Callable[[Site], list[Finding]]

CHECKS: dict[str, Check] = {
    "reach": reach.check_reach,
    "certificate-life": certificate.check_life,
    "host-name": certificate.check_host_name,
    "pin-sets": certificate.check_pin_sets,
    "tls-versions": tls.check_versions,
    "tls-ciphers": tls.check_ciphers,
    "keep-alive": tls.check_keep_alive,
    "plain-http": reach.check_plain_http,
    "missing-names": answers.check_missing,
    "ranges": answers.check_ranges,
    "compression": answers.check_compression,
    "query": other_requests.check_query,
    "user-agent": other_requests.check_user_agent,
    "methods": other_requests.check_methods,
    "response-headers": answers.check_headers,
    "pointer-cache": caching.check_pointers,
    "immutable-cache": caching.check_immutable,
    "missing-cache": caching.check_missing,
    "cache-hits": caching.check_hits,
    "clock": times.check_clock,
    "role-expiry": times.check_expiry,
    "refresh-job": times.check_refresh_job,
    "chain": product.check_chain,
    "offers": product.check_offers,
    "edge-origin": product.check_edge_origin,
    "version-json": version_files.check_version_files,
    "rolled-back": past.check_rolled_back,
    "published-names": contents.check_names,
    "private-keys": private_keys.check_private_keys,
    "served-keys": contents.check_served_keys,
}
# What can be told where nobody answers at the edge.
_WITHOUT_EDGE = (
    "role-expiry",
    "refresh-job",
    "version-json",
    "rolled-back",
    "published-names",
    "private-keys",
)

_REACH = "reach"
_WHERE = "is that its name? [edge] base_url or --edge-url says where it is; is it deployed?"


def examine(
    site: Site, only: Collection[str], progress: Callable[[int, int], None]
) -> list[Finding]:
    """Return the findings of the checks that are asked for, of all where none is; nothing raises.

    Args:
        only: names of checks.
        progress: told how many checks are done, and of how many.
    """
    wanted = [name for name in CHECKS if not only or name in only]
    found: list[Finding] = []
    for number, name in enumerate(wanted):
        progress(number, len(wanted))
        is_vain = name not in _WITHOUT_EDGE and site.meeting.away
        found += _without_edge(name, wanted, site.meeting.away) if is_vain else _found(name, site)
    progress(len(wanted), len(wanted))
    return found


def _without_edge(name: str, wanted: Collection[str], away: str) -> list[Finding]:
    """Return that nobody answers, for `reach` and all that go through the edge together."""
    if _REACH not in wanted:
        return [fail(name, f"nobody answers at the edge: {away}", _WHERE)]
    if name != _REACH:
        return []
    vain = len(set(wanted) - {_REACH, *_WITHOUT_EDGE})
    more = [unknown(name, f"{vain} check{'s' * (vain > 1)} not done")] if vain else []
    return [fail(name, away, _WHERE), *more]


def _found(name: str, site: Site) -> list[Finding]:
    """Return what a check finds; that it cannot be done is a finding, too."""
    try:
        return CHECKS[name](site)
    except PublisherError as error:
        return [unknown(name, short(f"it could not be looked at: {error}"), hint_of(error))]
    except Exception as error:  # what an edge may bring out in the libraries that take it apart
        return [unknown(name, f"it could not be looked at: {type(error).__name__}: {error}")]
