"""The price table as a file: infra/prices.toml, or an edited copy of it, read strictly."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, TypeVar

from publisher.errors import SettingsError
from publisher.infra.cost.prices import (
    Assumed,
    BucketPrices,
    EdgePrices,
    FreeTier,
    KeyPrices,
    LogPrices,
    Measured,
    NamePrices,
    Plan,
    Prices,
    ShieldPrices,
    WafPrices,
)
from publisher.infra.cost.regions import REGIONS, SHIELD_REGIONS
from publisher.packaged import read_packaged

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

# In the place of a price that nobody here knows.
_UNKNOWN = "unknown"
_HINT = "`slotcast infra cost --print-prices` prints the table that comes with Slotcast"

T = TypeVar("T", bound="DataclassInstance")


def packaged_text() -> str:
    """Return the table that comes with Slotcast, with its comments."""
    return read_packaged("infra/prices.toml")


def parse_prices(text: str) -> Prices:
    """Read a table.

    Raises:
        SettingsError: it is not TOML, or something in it is missing, unknown, or no price.
    """
    document, day = _parse(text)
    return Prices(
        date=day,
        bytes_per_transfer_gb=_positive(document, "bytes_per_transfer_gb"),
        bytes_per_storage_gb=_positive(document, "bytes_per_storage_gb"),
        free_tier=_numbers(FreeTier, document, "free_tier"),
        edge={name: _edge(_section(document, "edge"), name) for name in REGIONS},
        shield={
            name: _numbers(ShieldPrices, _section(document, "shield"), name, "shield.")
            for name in SHIELD_REGIONS
        },
        bucket={
            name: _numbers(BucketPrices, _section(document, "bucket"), name, "bucket.")
            for name in REGIONS
        },
        keys=_numbers(KeyPrices, document, "keys"),
        name=_numbers(NamePrices, document, "name"),
        waf=_numbers(WafPrices, document, "waf"),
        logs=_logs(document),
        plan=_plans(document["plan"]),
        measured=_numbers(Measured, document, "measured"),
        assumed=_assumed(document),
    )


def _parse(text: str) -> tuple[dict[str, object], date]:
    """Return the table, with all sections that there are to be, and its date."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"the price table is not TOML: {error}", _HINT) from error
    _verify_names("", document, [field.name for field in dataclasses.fields(Prices)])
    day = document["date"]
    if type(day) is not date:  # one with a time is a date, too
        raise SettingsError("the price table's date is not a day, such as 2026-09-05", _HINT)
    return document, day


def _edge(regions: Mapping[str, object], name: str) -> EdgePrices:
    where = f"edge.{name}"
    values = _section(regions, name, "edge.")
    _verify_names(f"{where}.", values, ["https_requests_per_10k", "transfer"])
    requests = _number(f"{where}.https_requests_per_10k", values["https_requests_per_10k"])
    return EdgePrices(requests, _tiers(f"{where}.transfer", values["transfer"]))


def _tiers(where: str, value: object) -> tuple[tuple[float, float], ...]:
    """Return tiers with rising bounds, the last of which has none (0 in the table)."""
    wrong = f"{where} of the price table is not [[GB, dollars], ...] with rising GB and 0 at last"
    if not isinstance(value, list) or not value:
        raise SettingsError(wrong, _HINT)
    tiers = []
    for row in value:
        if not isinstance(row, list) or len(row) != 2:
            raise SettingsError(wrong, _HINT)
        tiers.append((_number(where, row[0]), _number(where, row[1])))
    bounds = [bound for bound, _ in tiers]
    if bounds[-1] != 0 or bounds[:-1] != sorted({bound for bound in bounds[:-1] if bound > 0}):
        raise SettingsError(wrong, _HINT)
    return (*tiers[:-1], (float("inf"), tiers[-1][1]))


def _logs(document: Mapping[str, object]) -> LogPrices:
    values = _section(document, "logs")
    _verify_names("logs.", values, ["delivery_gb"])
    price = values["delivery_gb"]
    return LogPrices(None if price == _UNKNOWN else _number("logs.delivery_gb", price))


def _assumed(document: Mapping[str, object]) -> Assumed:
    assumed = _numbers(Assumed, document, "assumed")
    if assumed.edges < 1:
        wrong = f"assumed.edges of the price table is {assumed.edges:g}, not a number from 1"
        raise SettingsError(wrong, _HINT)
    return assumed


def _plans(value: object) -> tuple[Plan, ...]:
    rows = value if isinstance(value, list) else [value]
    plans = []
    for row in rows:
        if not isinstance(row, dict) or not isinstance(row.get("name"), str):
            raise SettingsError("plan of the price table is not [[plan]] with a name", _HINT)
        _verify_names("plan.", row, [field.name for field in dataclasses.fields(Plan)])
        numbers = [_number(f"plan.{key}", row[key]) for key in ("month", "requests", "transfer_gb")]
        plans.append(Plan(row["name"], *numbers))
    return tuple(plans)


def _numbers(kind: type[T], document: Mapping[str, object], name: str, before: str = "") -> T:
    """Return a dataclass of numbers out of the section of its fields' names."""
    values = _section(document, name, before)
    names = [field.name for field in dataclasses.fields(kind)]
    _verify_names(f"{before}{name}.", values, names)
    return kind(**{key: _number(f"{before}{name}.{key}", values[key]) for key in names})


def _section(document: Mapping[str, object], name: str, before: str = "") -> dict[str, object]:
    value = document.get(name)
    if not isinstance(value, dict):
        raise SettingsError(f"the price table has no section [{before}{name}]", _HINT)
    return value


def _verify_names(where: str, values: Mapping[str, object], names: Sequence[str]) -> None:
    for name in names:
        if name not in values:
            raise SettingsError(f"{where}{name} is missing in the price table", _HINT)
    for name in values:
        if name not in names:
            raise SettingsError(f"{where}{name} is nothing that the price table has", _HINT)


def _positive(document: Mapping[str, object], name: str) -> float:
    number = _number(name, document[name])
    if not number:
        raise SettingsError(f"{name} of the price table is 0", _HINT)
    return number


def _number(where: str, value: object) -> float:
    # bool is an int; inf and nan are floats that TOML has.
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 <= float(str(value)) < float("inf"):
        raise SettingsError(f"{where} of the price table is {value!r}, not a number from 0", _HINT)
    return float(str(value))
