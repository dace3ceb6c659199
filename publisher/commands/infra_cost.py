"""`slotcast infra cost`: what a fleet costs in a month, line by line."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from publisher.arguments import Arguments
from publisher.commands import Context, Result, Table
from publisher.errors import SettingsError
from publisher.infra.cost.estimate import Estimate, cheapest_plan, estimate
from publisher.infra.cost.lines import GROUPS, Line
from publisher.infra.cost.price_table import packaged_text, parse_prices
from publisher.infra.cost.prices import Plan, Prices
from publisher.infra.cost.regions import PRICE_CLASSES
from publisher.infra.cost.workload import Workload, poll_bytes_of

_OLD = timedelta(days=365)
# Who edits a table at home may be a day ahead of UTC.
_AHEAD = timedelta(days=1)
# What boards are provisioned with at least, and how long an edge keeps timestamp.json.
_LEAST_POLL_S = 60
# The template's default (infra/ota.yaml).
_PRICE_CLASS = "PriceClass_100"


def run(arguments: Arguments, context: Context) -> Result:
    """Return the estimate, or the price table that it would be made with."""
    text = _table_text(arguments.prices_file)
    if arguments.print_prices:
        return Result([*text.splitlines()], {"prices": text})
    prices = _changed(parse_prices(text), arguments)
    if arguments.prices_file is not None:
        _verify_date(prices, context)
    workload = _workload(arguments)
    _warn(workload, prices, context)
    estimated = estimate(workload, prices, arguments.free_tier)
    plan = cheapest_plan(estimated, prices.plan)
    return _result(estimated, prices, plan, arguments.prices_file)


def _table_text(path: Path | None) -> str:
    if path is None:
        return packaged_text()
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from error


def _verify_date(prices: Prices, context: Context) -> None:
    if prices.date > (context.now + _AHEAD).date():
        raise SettingsError(
            f"the price table is of {prices.date}, a day that is yet to come",
            "its date is the day on which its prices were looked up",
        )


def _changed(prices: Prices, arguments: Arguments) -> Prices:
    """Put what the command line says in the place of what the table assumes."""
    said = {"handshake_bytes": arguments.handshake_bytes, "edges": arguments.edges}
    changes = {name: float(value) for name, value in said.items() if value is not None}
    return replace(prices, assumed=replace(prices.assumed, **changes))


def _workload(arguments: Arguments) -> Workload:
    share = 1.0 if arguments.delta_share is None else arguments.delta_share
    return Workload(
        devices=arguments.devices,
        poll_every_s=arguments.poll_every_s,
        releases=arguments.releases,
        payload_bytes=arguments.size_bytes,
        delta_bytes=arguments.delta_bytes or 0,
        delta_share=0 if arguments.delta_bytes is None else share,
        poll_bytes=arguments.poll_bytes,
        region=arguments.region,
        bucket_region=arguments.bucket_region or arguments.region,
        shield_region=arguments.origin_shield,
        kept_releases=arguments.kept_releases,
        signing_keys=arguments.signing_keys,
        hosted_zone=arguments.hosted_zone,
        waf_rules=arguments.waf_rules,
        log_days=arguments.log_days,
    )


def _warn(workload: Workload, prices: Prices, context: Context) -> None:
    if workload.poll_every_s < _LEAST_POLL_S:
        context.warn(
            "boards cannot be told to poll more often than each 60 seconds, and would see nothing "
            "sooner: edges keep timestamp.json for as long"
        )
    now = datetime(prices.date.year, prices.date.month, prices.date.day, tzinfo=context.now.tzinfo)
    if context.now - now > _OLD:
        context.warn(
            f"the prices are of {prices.date}: --print-prices prints them, to be looked up"
        )
    if workload.delta_bytes > workload.payload_bytes:
        context.warn("the delta is larger than the full payload: boards take the shorter one")


def _result(estimated: Estimate, prices: Prices, plan: Plan | None, path: Path | None) -> Result:
    lines: list[str | Table] = [
        _title(estimated.workload),
        *_price_class(estimated.workload),
        f"prices of {prices.date}, {path or 'as they come with slotcast'}, without taxes",
        _table(estimated),
        *_sums(estimated),
        _plan_line(estimated, plan),
        *_uncounted(estimated),
    ]
    return Result(lines, _data(estimated, prices, plan))


def _title(workload: Workload) -> str:
    boards = f"{workload.devices:,} board{'' if workload.devices == 1 else 's'}"
    size = f"{workload.payload_bytes:,} bytes"
    if workload.delta_share:
        size += f" ({workload.delta_share:.0%} of boards: {workload.delta_bytes:,})"
    return (
        f"a month of {boards} at edges in {workload.region}, a poll every "
        f"{_words(workload.poll_every_s)}, {workload.releases:g} releases of {size}"
    )


def _price_class(workload: Workload) -> list[str]:
    """Say where the default stack has no edges to be priced."""
    least = PRICE_CLASSES[workload.region]
    if least == _PRICE_CLASS:
        return []
    classes = " or ".join(dict.fromkeys((least, "PriceClass_All")))
    return [
        f"edges in {workload.region} are for a stack with {classes}; with {_PRICE_CLASS}, the "
        "default, boards there are served from Europe or North America: --region EU or US"
    ]


def _words(seconds: int) -> str:
    for unit, each in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds % each == 0:
            return f"{seconds // each} {unit}"
    return f"{seconds} s"


def _table(estimated: Estimate) -> Table:
    header = ("line", "quantity", "unit", "price", "dollars", "from")
    rows = [_row(line) for line in estimated.lines]
    return Table(header, rows, right=("quantity", "dollars"))


def _row(line: Line) -> tuple[str, ...]:
    digits = 0 if line.unit in ("requests", "GETs", "PUTs", "keys", "rules", "months") else 2
    quantity = f"{line.quantity:,.{digits}f}"
    dollars = "?" if line.dollars is None else f"{line.dollars:z,.2f}"
    return (line.what, quantity, line.unit, _price(line), dollars, line.how)


def _price(line: Line) -> str:
    if line.price is None:
        return "unknown"
    each = {1e3: " per 1,000", 1e4: " per 10,000", 1e6: " per million"}.get(line.per, "")
    return f"{line.price:.4f}".rstrip("0").rstrip(".") + each


def _sums(estimated: Estimate) -> list[str]:
    dollars, devices = estimated.dollars, estimated.workload.devices
    lines = [f"total: ${dollars:,.2f} a month, ${dollars * 12 / devices:,.4f} for a board and year"]
    group, most = next(iter(estimated.by_group.items()))
    if most > 0:
        lines.append(f"most of it: {GROUPS[group]}, {most / dollars:.0%}")
    return lines


def _plan_line(estimated: Estimate, plan: Plan | None) -> str:
    needs = f"{estimated.traffic.requests:,.0f} requests and {estimated.transfer_gb:,.0f} GB"
    if plan is None:
        return f"flat-rate plans: none has room for {needs}"
    instead = round(estimated.dollars_in_plan, 2)
    word = "dearer" if plan.month > instead else "no dearer"
    return (
        f"flat-rate plans: {plan.name}, at ${plan.month:,.0f}, has room for {needs}; that is "
        f"{word} than the ${instead:,.2f} above for edge, name and WAF"
    )


def _uncounted(estimated: Estimate) -> list[str]:
    return [
        f"not counted: {line.what}, {line.quantity:,.2f} {line.unit}: the price of {line.entry} is "
        "not known; the table says where to look"
        for line in estimated.unknown
    ]


def _data(estimated: Estimate, prices: Prices, plan: Plan | None) -> dict[str, object]:
    workload, traffic = estimated.workload, estimated.traffic
    return {
        "prices_of": prices.date.isoformat(),
        "devices": workload.devices,
        "poll_every_s": workload.poll_every_s,
        "releases": workload.releases,
        "region": workload.region,
        "price_class": PRICE_CLASSES[workload.region],
        "bucket_region": workload.bucket_region,
        "origin_shield": workload.shield_region,
        "poll_bytes": poll_bytes_of(workload, prices),
        "requests": traffic.requests,
        "transfer_bytes": traffic.edge_bytes,
        "origin_reads": traffic.origin_reads,
        "lines": [line.to_dict() for line in estimated.lines],
        "dollars": estimated.dollars,
        "dollars_a_board_and_year": estimated.dollars * 12 / workload.devices,
        "dollars_by_group": estimated.by_group,
        "not_counted": [line.entry for line in estimated.unknown],
        "flat_rate_plan": None if plan is None else {"name": plan.name, "dollars": plan.month},
        "dollars_in_plan": estimated.dollars_in_plan,
    }
