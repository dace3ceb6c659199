"""What an estimate is made with: prices, and how a fleet behaves (infra/prices.toml).

Prices are US dollars without taxes; a field's name says for how much of what, or for a month.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class FreeTier:
    """What CloudFront serves in a month without charge, over all regions of an account."""

    requests: float
    transfer_gb: float


@dataclass(frozen=True)
class EdgePrices:
    """CloudFront in one region; `transfer` has (up to so many GB in all, dollars a GB)."""

    https_requests_per_10k: float
    transfer: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class ShieldPrices:
    """Origin Shield in one region."""

    requests_per_10k: float


@dataclass(frozen=True)
class BucketPrices:
    """Amazon S3, Standard, in one region."""

    storage_gb_month: float
    get_per_1k: float
    put_per_1k: float


@dataclass(frozen=True)
class KeyPrices:
    """AWS KMS."""

    key_month: float
    requests_per_10k: float


@dataclass(frozen=True)
class NamePrices:
    """A certificate of ACM's, and a zone of Route 53."""

    certificate_month: float
    hosted_zone_month: float


@dataclass(frozen=True)
class WafPrices:
    """AWS WAF."""

    web_acl_month: float
    rule_month: float
    requests_per_1m: float


@dataclass(frozen=True)
class LogPrices:
    """What comes on top of storage; None where nobody here knows."""

    delivery_gb: float | None


@dataclass(frozen=True)
class Plan:
    """A flat-rate plan of CloudFront's: dollars a month, and what it has room for."""

    name: str
    month: float
    requests: float
    transfer_gb: float


@dataclass(frozen=True)
class Measured:
    """What a board and the publisher were seen to do; the table says how."""

    poll_requests: float
    poll_bytes: float
    poll_connections: float
    update_requests: float
    update_bytes: float
    update_connections: float
    image_per_payload: float
    log_bytes_stored: float
    release_reads: float
    release_writes: float
    refresh_reads: float
    refresh_writes: float


@dataclass(frozen=True)
class Assumed:
    """What nobody has measured; the table says why it is taken for so much."""

    answer_head_bytes: float
    handshake_bytes: float
    log_bytes: float
    pointer_ttl_s: float
    missing_ttl_s: float
    edges: float
    files_per_release: float
    refresh_runs: float
    refresh_signings: float
    refresh_signing_writes: float
    signatures_per_release: float
    signatures_per_refresh: float
    key_requests_per_signature: float


@dataclass(frozen=True)
class Prices:
    """The whole table, as of `date`; `edge`, `shield` and `bucket` by region."""

    date: date
    bytes_per_transfer_gb: float
    bytes_per_storage_gb: float
    free_tier: FreeTier
    edge: Mapping[str, EdgePrices]
    shield: Mapping[str, ShieldPrices]
    bucket: Mapping[str, BucketPrices]
    keys: KeyPrices
    name: NamePrices
    waf: WafPrices
    logs: LogPrices
    plan: tuple[Plan, ...]
    measured: Measured
    assumed: Assumed
