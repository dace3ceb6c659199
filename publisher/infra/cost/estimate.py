"""What a month costs: lines of quantity, price and dollars, out of a workload and a price table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from publisher.infra.cost.lines import (
    GROUPS,
    Line,
    bucket_lines,
    free_lines,
    key_lines,
    log_lines,
    name_lines,
    request_lines,
    shield_lines,
    transfer_lines,
    waf_lines,
)
from publisher.infra.cost.prices import Plan, Prices
from publisher.infra.cost.workload import Traffic, Workload, traffic_of


@dataclass(frozen=True)
class Estimate:
    """A month of a workload; `traffic` has all quantities."""

    workload: Workload
    traffic: Traffic
    transfer_gb: float
    lines: tuple[Line, ...]

    @property
    def dollars(self) -> float:
        """Return the sum of all lines whose price is known."""
        return sum(line.dollars or 0 for line in self.lines)

    @property
    def unknown(self) -> list[Line]:
        """Return the lines that are not counted."""
        return [line for line in self.lines if line.price is None and line.quantity]

    @property
    def by_group(self) -> dict[str, float]:
        """Return the dollars of each group, the dearest first."""
        sums = dict.fromkeys(GROUPS, 0.0)
        for line in self.lines:
            sums[line.group] += line.dollars or 0
        return dict(sorted(sums.items(), key=lambda item: -item[1]))

    @property
    def dollars_in_plan(self) -> float:
        """Return what a flat-rate plan has in its price: edge, WAF and zone."""
        dollars = sum(self.by_group[group] for group in ("requests", "transfer", "name", "waf"))
        return max(0.0, dollars)  # what is free is taken off: a sum of floats, not quite nothing


def estimate(workload: Workload, prices: Prices, free_tier: bool = True) -> Estimate:
    """Return a month's estimate; without `free_tier` as if other uses had taken it up."""
    traffic = traffic_of(workload, prices)
    lines = [
        *request_lines(workload, traffic, prices),
        *transfer_lines(workload, traffic, prices),
        *(free_lines(workload, traffic, prices) if free_tier else ()),
        *shield_lines(workload, traffic, prices),
        *bucket_lines(workload, traffic, prices),
        *key_lines(workload, traffic, prices),
        *name_lines(workload, prices),
        *waf_lines(workload, traffic, prices),
        *log_lines(workload, traffic, prices),
    ]
    transfer_gb = traffic.edge_bytes / prices.bytes_per_transfer_gb
    return Estimate(workload, traffic, transfer_gb, tuple(lines))


def cheapest_plan(estimated: Estimate, plans: Sequence[Plan]) -> Plan | None:
    """Return the cheapest flat-rate plan that has room for an estimate's traffic, if one has."""
    fit = [
        plan
        for plan in plans
        if plan.requests >= estimated.traffic.requests and plan.transfer_gb >= estimated.transfer_gb
    ]
    return min(fit, key=lambda plan: plan.month, default=None)
