"""What a fleet asks of the edge and of the bucket in a month of 30 days: arithmetic, no prices."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

from publisher.infra.cost.prices import Assumed, Measured, Prices

_MONTH_DAYS = 30
MONTH_S = _MONTH_DAYS * 86400


@dataclass(frozen=True)
class Workload:
    """What the owner of a fleet knows about it.

    Attributes:
        releases: a month; each is taken by every board.
        payload_bytes: of a full payload, as `slotcast release` prints it.
        delta_bytes: of a delta; 0 where there are none.
        delta_share: of the boards that take a delta, from 0 to 1.
        poll_bytes: of the answers to a poll without news, as the edge's log has them; None: as
            measured, and what CloudFront adds.
        kept_releases: whose payloads and images stay in the bucket.
        signing_keys: in AWS KMS.
        region: of the edges that serve the boards; all regions are groups of REGIONS.
        shield_region: of an Origin Shield; None is without one.
        waf_rules: 0 is without WAF.
        log_days: for which the edge's logs are kept; 0 is without logs.
    """

    devices: int
    poll_every_s: int
    releases: float
    payload_bytes: float
    delta_bytes: float = 0
    delta_share: float = 0
    poll_bytes: float | None = None
    region: str = "US"
    bucket_region: str = "US"
    shield_region: str | None = None
    kept_releases: int = 7
    signing_keys: int = 3
    hosted_zone: bool = False
    waf_rules: int = 0
    log_days: int = 30

    @property
    def polls(self) -> float:
        """Return how often boards poll in a month, all together."""
        return self.devices * MONTH_S / self.poll_every_s

    @property
    def updates(self) -> float:
        """Return how often a board takes a release in a month, all together."""
        return self.devices * self.releases

    @property
    def pointer_asks(self) -> float:
        """Return how often timestamp and next root are asked for: after an update's reboot, too."""
        return self.polls + self.updates


@dataclass(frozen=True)
class Traffic:
    """A month at the edge and at the bucket, in requests and bytes.

    Attributes:
        shield_requests: what caches ask of an Origin Shield; 0 without one.
        origin_reads: what the edge, or its Origin Shield, fetches from the bucket.
        publisher_reads: what releases and refreshes read; likewise `publisher_writes`, with lists.
        stored_bytes: of payloads and images that stay.
        log_bytes: as they are delivered; `stored_log_bytes` as they are kept.
    """

    poll_requests: float
    update_requests: float
    poll_bytes: float
    handshake_bytes: float
    update_bytes: float
    payload_bytes: float
    shield_requests: float
    origin_reads: float
    publisher_reads: float
    publisher_writes: float
    stored_bytes: float
    key_requests: float
    log_bytes: float
    stored_log_bytes: float

    @property
    def requests(self) -> float:
        """Return all requests to the edge."""
        return self.poll_requests + self.update_requests

    @property
    def edge_bytes(self) -> float:
        """Return all that the edge sends."""
        parts = (self.poll_bytes, self.handshake_bytes, self.update_bytes, self.payload_bytes)
        return sum(parts)


def traffic_of(workload: Workload, prices: Prices) -> Traffic:
    """Return what a workload asks for, by the table's measured and assumed figures."""
    seen, taken = prices.measured, prices.assumed
    polls, updates = workload.polls, workload.updates
    poll_requests = polls * seen.poll_requests
    update_requests = updates * seen.update_requests
    connections = polls * seen.poll_connections + updates * seen.update_connections
    logged = (poll_requests + update_requests) if workload.log_days else 0
    head_bytes = seen.update_requests * taken.answer_head_bytes
    edges = edges_of(workload, taken)
    shield = workload.shield_region is not None
    return Traffic(
        poll_requests=poll_requests,
        update_requests=update_requests,
        poll_bytes=polls * poll_bytes_of(workload, prices),
        handshake_bytes=connections * taken.handshake_bytes,
        update_bytes=updates * (seen.update_bytes + head_bytes),
        payload_bytes=updates * mean_payload_bytes(workload),
        shield_requests=_shared_misses(workload, taken, edges) if shield else 0,
        origin_reads=_misses(workload, taken, 1 if shield else edges),
        publisher_reads=workload.releases * seen.release_reads
        + taken.refresh_runs * seen.refresh_reads,
        publisher_writes=_publisher_writes(workload, seen, taken),
        stored_bytes=_stored_bytes(workload, seen),
        key_requests=_key_requests(workload, taken),
        log_bytes=logged * taken.log_bytes,
        stored_log_bytes=logged * seen.log_bytes_stored * workload.log_days / _MONTH_DAYS,
    )


def poll_bytes_of(workload: Workload, prices: Prices) -> float:
    """Return the bytes of the answers to one poll without news."""
    if workload.poll_bytes is not None:
        return workload.poll_bytes
    seen = prices.measured
    return seen.poll_bytes + seen.poll_requests * prices.assumed.answer_head_bytes


def mean_payload_bytes(workload: Workload) -> float:
    """Return what a board downloads for a release, on average over all boards."""
    full_share = 1 - workload.delta_share
    return workload.delta_share * workload.delta_bytes + full_share * workload.payload_bytes


def edges_of(workload: Workload, taken: Assumed) -> float:
    """Return how many caches fetch from the bucket or its shield: no more than there are boards."""
    return max(1, min(taken.edges, workload.devices))


def fetches(asked: float, ttl_s: float) -> float:
    """Return how often in a month a cache fetches a file that it is asked for so often.

    Requests come at random (a Poisson process), as boards are spread: after each fetch the cache
    answers for `ttl_s` by itself, and fetches again with the first request after that; with 0 it
    fetches for each.
    """
    return asked / (1 + asked * ttl_s / MONTH_S)


def shared_fetches(asked: float, caches: float, ttl_s: float) -> float:
    """Return how often in a month caches fetch a file from one that they share.

    They have it as old as the shared one has it (docs/fleet.md, "with Origin Shield"), so all have
    to ask anew at the same time: the first request lets the shared one fetch, and until that is old
    each other cache asks once, if it is asked.

    Args:
        asked: requests that reach all caches together.
    """
    others = (caches - 1) * (1 - exp(-asked / caches * ttl_s / MONTH_S))
    return fetches(asked, ttl_s) * (1 + others)


def _misses(workload: Workload, taken: Assumed, caches: float) -> float:
    """Return what so many caches fetch from the bucket, each asked for its part."""
    asked = workload.pointer_asks / caches
    pointers = (caches * fetches(asked, ttl_s) for ttl_s in _ttls(taken))
    return sum(pointers) + _file_fetches(workload, taken, caches)


def _shared_misses(workload: Workload, taken: Assumed, caches: float) -> float:
    """Return what so many caches fetch from an Origin Shield."""
    asked = workload.pointer_asks
    pointers = (shared_fetches(asked, caches, ttl_s) for ttl_s in _ttls(taken))
    return sum(pointers) + _file_fetches(workload, taken, caches)


def _ttls(taken: Assumed) -> tuple[float, float]:
    """Return for how long is kept what a poll asks for: timestamp, and the missing root."""
    return taken.pointer_ttl_s, taken.missing_ttl_s


def _file_fetches(workload: Workload, taken: Assumed, caches: float) -> float:
    return workload.releases * caches * taken.files_per_release


def _publisher_writes(workload: Workload, seen: Measured, taken: Assumed) -> float:
    refreshes = taken.refresh_runs * seen.refresh_writes
    signings = taken.refresh_signings * taken.refresh_signing_writes
    return workload.releases * seen.release_writes + refreshes + signings


def _stored_bytes(workload: Workload, seen: Measured) -> float:
    """Return payload, image and three deltas of each release; metadata is below 1 MB a year."""
    release = workload.payload_bytes * (1 + seen.image_per_payload) + 3 * workload.delta_bytes
    return workload.kept_releases * release


def _key_requests(workload: Workload, taken: Assumed) -> float:
    if not workload.signing_keys:
        return 0
    signatures = workload.releases * taken.signatures_per_release
    signatures += taken.refresh_signings * taken.signatures_per_refresh
    return signatures * taken.key_requests_per_signature
