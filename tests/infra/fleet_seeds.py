"""Other rules than the template's, to show what its own are worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

from tests.infra.edge_rules import Rules, read_rules

_PARAMETERS = {"BucketName": "fleet", "DomainName": "updates.test"}
_POINTER = "*/metadata/timestamp.json"


@dataclass(frozen=True)
class Variant:
    """The template, changed.

    Attributes:
        change: is given a template's Resources, and changes them.
        parameters: beside those of each run.
        counts_age: see Rules.
    """

    title: str
    change: Callable[[dict[str, Any]], None]
    parameters: Mapping[str, str] = field(default_factory=dict)
    counts_age: bool = True

    def rules(self, template: Mapping[str, Any]) -> Rules:
        """Return the rules of the changed template."""
        changed = deepcopy(dict(template))
        self.change(changed["Resources"])
        rules = read_rules(changed, {**_PARAMETERS, **self.parameters})
        return replace(rules, counts_age=self.counts_age)


def nothing(resources: dict[str, Any]) -> None:
    """Leave it as it is."""


def half_hour_pointers(resources: dict[str, Any]) -> None:
    """Keep timestamp.json and version.json half an hour."""
    _pointer_policy(resources).update(MinTTL=1800, DefaultTTL=1800, MaxTTL=1800)


def query_in_key(resources: dict[str, Any]) -> None:
    """Make the query string part of the key of the pointers."""
    key = _pointer_policy(resources)["ParametersInCacheKeyAndForwardedToOrigin"]
    key["QueryStringsConfig"] = {"QueryStringBehavior": "all"}


def errors_for_five_minutes(resources: dict[str, Any]) -> None:
    """Keep each error five minutes."""
    for rule in _distribution(resources)["CustomErrorResponses"]:
        rule["ErrorCachingMinTTL"] = 300


def no_rule_for_403(resources: dict[str, Any]) -> None:
    """Keep no 403, as the Developer Guide has it of those without a Cache-Control."""
    config = _distribution(resources)
    rules = config["CustomErrorResponses"]
    config["CustomErrorResponses"] = [rule for rule in rules if rule["ErrorCode"] != 403]


_SHIELD = {"OriginShieldRegion": "us-east-1"}
AS_IT_IS = Variant("the template's rules", nothing)
OTHERS = (
    Variant("pointers are kept half an hour", half_hour_pointers),
    Variant("the query string is in the key", query_in_key),
    Variant("errors are kept 5 minutes", errors_for_five_minutes),
    Variant("403 is not kept", no_rule_for_403),
    Variant("with Origin Shield", nothing, _SHIELD),
    Variant("with Origin Shield that starts the TTL anew", nothing, _SHIELD, counts_age=False),
)


def _distribution(resources: dict[str, Any]) -> dict[str, Any]:
    config: dict[str, Any] = resources["Distribution"]["Properties"]["DistributionConfig"]
    return config


def _pointer_policy(resources: dict[str, Any]) -> dict[str, Any]:
    every = _distribution(resources)["CacheBehaviors"]
    [name] = [one["CachePolicyId"]["Ref"] for one in every if one["PathPattern"] == _POINTER]
    config: dict[str, Any] = resources[name]["Properties"]["CachePolicyConfig"]
    return config
