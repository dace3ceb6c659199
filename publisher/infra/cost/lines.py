"""The lines of an estimate: quantity, price, and where both come from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from publisher.infra.cost.prices import EdgePrices, Prices
from publisher.infra.cost.workload import Traffic, Workload, edges_of

# What lines are summed up under, as a person says it.
GROUPS = {
    "requests": "requests at the edge",
    "transfer": "transfer from the edge",
    "shield": "Origin Shield",
    "bucket": "the bucket",
    "keys": "signing keys",
    "name": "the name",
    "waf": "WAF",
    "logs": "logs",
}


@dataclass(frozen=True)
class Line:
    """One line of an estimate.

    Attributes:
        group: one of GROUPS.
        what: in words.
        quantity: in `unit`, such as "requests".
        price: dollars for `per` of them, on average where there are tiers; None: not known.
        entry: the price's name in the table.
        how: where the quantity comes from.
    """

    group: str
    what: str
    quantity: float
    unit: str
    price: float | None
    per: float
    entry: str
    how: str

    @property
    def dollars(self) -> float | None:
        """Return the line's sum; None where the price is not known."""
        return None if self.price is None else self.quantity * self.price / self.per

    def to_dict(self) -> dict[str, object]:
        """Return what a program reads."""
        return {
            "group": self.group,
            "line": self.what,
            "quantity": self.quantity,
            "unit": self.unit,
            "price": self.price,
            "per": self.per,
            "dollars": self.dollars,
            "price_entry": self.entry,
            "from": self.how,
        }


def tiered(quantity: float, tiers: Iterable[tuple[float, float]]) -> float:
    """Return the dollars of a quantity, each part of it at the price of the tier it falls in."""
    dollars, begin = 0.0, 0.0
    for end, price in tiers:
        dollars += max(0.0, min(quantity, end) - begin) * price
        begin = end
    return dollars


def request_lines(workload: Workload, traffic: Traffic, prices: Prices) -> Iterator[Line]:
    """Yield what is asked of the edge, by polls and by updates."""
    price, entry = _edge(workload, prices).https_requests_per_10k, _entry(workload, "https")
    seen = prices.measured
    rows = (
        ("polls", traffic.poll_requests, workload.polls, seen.poll_requests),
        ("updates", traffic.update_requests, workload.updates, seen.update_requests),
    )
    for what, quantity, times, each in rows:
        how = f"{times:,.0f} {what} of {each:g}"
        yield Line("requests", f"requests: {what}", quantity, "requests", price, 1e4, entry, how)


def transfer_lines(workload: Workload, traffic: Traffic, prices: Prices) -> Iterator[Line]:
    """Yield what the edge sends, at the mean price over the tiers."""
    all_gb = traffic.edge_bytes / prices.bytes_per_transfer_gb
    tiers = _edge(workload, prices).transfer
    mean = tiered(all_gb, tiers) / all_gb if all_gb else tiers[0][1]
    rows = (
        ("answers to polls", traffic.poll_bytes, workload.polls),
        ("TLS handshakes", traffic.handshake_bytes, workload.polls + workload.updates),
        ("metadata of updates", traffic.update_bytes, workload.updates),
        ("payloads", traffic.payload_bytes, workload.updates),
    )
    for what, size_bytes, times in rows:
        quantity = size_bytes / prices.bytes_per_transfer_gb
        each = size_bytes / times if times else 0
        how = f"{times:,.0f} of {each:,.0f} bytes"
        entry = _entry(workload, "transfer")
        yield Line("transfer", f"transfer: {what}", quantity, "GB", mean, 1, entry, how)


def free_lines(workload: Workload, traffic: Traffic, prices: Prices) -> Iterator[Line]:
    """Yield what the always-free tier takes off: the first of all, and so at the dearest tiers."""
    edge, free = _edge(workload, prices), prices.free_tier
    requests = min(free.requests, traffic.requests)
    what = "always free: requests"
    how = f"the first {free.requests:,.0f} of the account"
    price = edge.https_requests_per_10k
    yield Line("requests", what, -requests, "requests", price, 1e4, "free_tier.requests", how)
    all_gb = traffic.edge_bytes / prices.bytes_per_transfer_gb
    free_gb = min(free.transfer_gb, all_gb)
    saved = tiered(all_gb, edge.transfer) - tiered(all_gb - free_gb, edge.transfer)
    what = "always free: transfer"
    how = f"the first {free.transfer_gb:,.0f} GB of the account"
    price = saved / free_gb if free_gb else edge.transfer[0][1]
    yield Line("transfer", what, -free_gb, "GB", price, 1, "free_tier.transfer_gb", how)


def shield_lines(workload: Workload, traffic: Traffic, prices: Prices) -> Iterator[Line]:
    """Yield the Origin Shield, if there is one."""
    region = workload.shield_region
    if region is None:
        return
    price, entry = prices.shield[region].requests_per_10k, f"shield.{region}.requests_per_10k"
    how = f"misses of {edges_of(workload, prices.assumed):g} edges"
    requests = traffic.shield_requests
    yield Line("shield", "Origin Shield", requests, "requests", price, 1e4, entry, how)


def bucket_lines(workload: Workload, traffic: Traffic, prices: Prices) -> Iterator[Line]:
    """Yield what S3 is asked, and keeps."""
    price = prices.bucket[workload.bucket_region]
    entry = f"bucket.{workload.bucket_region}"
    edges = f"{edges_of(workload, prices.assumed):g} edges"
    asks = edges if workload.shield_region is None else "Origin Shield"
    how = f"{asks}, pointers {_kept(prices.assumed.pointer_ttl_s)}"
    how += f", a missing root {_kept(prices.assumed.missing_ttl_s)}"
    gets = ("GETs", price.get_per_1k, 1e3, f"{entry}.get_per_1k")
    yield Line("bucket", "S3: GETs of the edge", traffic.origin_reads, *gets, how)
    how = f"{workload.releases:g} releases, {prices.assumed.refresh_runs:g} refreshes"
    yield Line("bucket", "S3: GETs of publishers", traffic.publisher_reads, *gets, how)
    puts = ("PUTs", price.put_per_1k, 1e3, f"{entry}.put_per_1k")
    yield Line("bucket", "S3: PUTs and LISTs", traffic.publisher_writes, *puts, how)
    stored = traffic.stored_bytes / prices.bytes_per_storage_gb
    storage = ("GB", price.storage_gb_month, 1, f"{entry}.storage_gb_month")
    how = f"{workload.kept_releases} releases with image and deltas"
    yield Line("bucket", "S3: storage", stored, *storage, how)


def key_lines(workload: Workload, traffic: Traffic, prices: Prices) -> Iterator[Line]:
    """Yield AWS KMS, if it has keys."""
    keys = float(workload.signing_keys)
    if not keys:
        return
    price, entry = prices.keys.key_month, "keys.key_month"
    yield Line("keys", "KMS: keys", keys, "keys", price, 1, entry, "of the stack ci")
    price, entry = prices.keys.requests_per_10k, "keys.requests_per_10k"
    how = f"{workload.releases:g} releases, {prices.assumed.refresh_signings:g} signing refreshes"
    requests = traffic.key_requests
    yield Line("keys", "KMS: requests", requests, "requests", price, 1e4, entry, how)


def name_lines(workload: Workload, prices: Prices) -> Iterator[Line]:
    """Yield what the name of the edge takes."""
    price, entry = prices.name.certificate_month, "name.certificate_month"
    yield Line("name", "ACM: certificate", 1, "months", price, 1, entry, "public, for CloudFront")
    if workload.hosted_zone:
        price, entry = prices.name.hosted_zone_month, "name.hosted_zone_month"
        yield Line("name", "Route 53: zone", 1, "months", price, 1, entry, "its look-ups are free")


def waf_lines(workload: Workload, traffic: Traffic, prices: Prices) -> Iterator[Line]:
    """Yield AWS WAF, if there is one."""
    rules = float(workload.waf_rules)
    if not rules:
        return
    price, entry = prices.waf.web_acl_month, "waf.web_acl_month"
    yield Line("waf", "WAF: web ACL", 1, "months", price, 1, entry, "one for the edge")
    price, entry = prices.waf.rule_month, "waf.rule_month"
    yield Line("waf", "WAF: rules", rules, "rules", price, 1, entry, "as asked for")
    price, entry = prices.waf.requests_per_1m, "waf.requests_per_1m"
    yield Line("waf", "WAF: requests", traffic.requests, "requests", price, 1e6, entry, "all")


def log_lines(workload: Workload, traffic: Traffic, prices: Prices) -> Iterator[Line]:
    """Yield the edge's logs, if they are kept."""
    if not workload.log_days:
        return
    per_gb = prices.bytes_per_storage_gb
    # The stack of the logs is in us-east-1, wherever the bucket is.
    price, entry = prices.bucket["US"].storage_gb_month, "bucket.US.storage_gb_month"
    how = f"{workload.log_days} days, {prices.measured.log_bytes_stored:g} bytes a request"
    stored = traffic.stored_log_bytes / per_gb
    yield Line("logs", "logs: storage", stored, "GB", price, 1, entry, how)
    price_or_none, entry = prices.logs.delivery_gb, "logs.delivery_gb"
    how = f"{prices.assumed.log_bytes:g} bytes a request"
    delivered = traffic.log_bytes / prices.bytes_per_transfer_gb
    yield Line("logs", "logs: delivery", delivered, "GB", price_or_none, 1, entry, how)


def _edge(workload: Workload, prices: Prices) -> EdgePrices:
    return prices.edge[workload.region]


def _kept(ttl_s: float) -> str:
    return f"kept {ttl_s:g} s" if ttl_s else "not kept"


def _entry(workload: Workload, kind: str) -> str:
    names = {"https": "https_requests_per_10k", "transfer": "transfer"}
    return f"edge.{workload.region}.{names[kind]}"
