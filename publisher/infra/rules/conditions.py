"""Which conditions ask for what parameters are given: as the templates here have them.

Other rules take what a condition says by its name, and look at a template in each branch: one that
asks something else would have it ignore a parameter, and pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from publisher.infra.node import Node
from publisher.infra.rules.model import Fault, Rule
from publisher.infra.rules.view import View


def asks(parameter: str, value: str) -> Node:
    """Return what asks whether a parameter is some text."""
    return {"Fn::Equals": [{"Ref": parameter}, value]}


def _is_not(parameter: str, value: str) -> Node:
    return {"Fn::Not": [asks(parameter, value)]}


def _has_items(parameter: str) -> Node:
    joined = {"Fn::Join": ["", {"Ref": parameter}]}
    return {"Fn::Not": [{"Fn::Equals": [joined, ""]}]}


def _met(name: str) -> Node:
    return {"Condition": name}


# By name, with the parameter without which there need be none. EnforcesConditionalWrites is not
# here: what stands under it has rules that are run with each value of its parameter.
_CONDITIONS: Mapping[str, tuple[str, Node]] = {
    "HasDomain": ("DomainName", _is_not("DomainName", "")),
    "HasRecord": (
        "HostedZoneId",
        {"Fn::And": [_met("HasDomain"), _is_not("HostedZoneId", "")]},
    ),
    "IssuesCertificate": (
        "CertificateArn",
        {"Fn::And": [_met("HasRecord"), asks("CertificateArn", "")]},
    ),
    "HasWebAcl": ("WebAclArn", _is_not("WebAclArn", "")),
    "HasOriginShield": ("OriginShieldRegion", _is_not("OriginShieldRegion", "")),
    "HasDeployRole": ("DeployRoleArn", _is_not("DeployRoleArn", "")),
    "HasTargetsKey": ("TargetsKey", _is_not("TargetsKey", "None")),
    **{
        f"Makes{role}Key": (f"{role}Key", asks(f"{role}Key", "Create"))
        for role in ("Targets", "Snapshot", "Timestamp")
    },
    "HasBoundary": ("PermissionsBoundaryArn", _is_not("PermissionsBoundaryArn", "")),
    "HasPeople": ("TrustedPrincipalArns", _has_items("TrustedPrincipalArns")),
    "HasProvider": ("OidcProviderArn", _is_not("OidcProviderArn", "")),
    **{
        f"Trusts{job}Jobs": (
            f"{job}Subjects",
            {"Fn::And": [_met("HasProvider"), _has_items(f"{job}Subjects")]},
        )
        for job in ("Release", "Refresh")
    },
    **{
        f"Makes{job}Role": (
            f"{job}Subjects",
            {"Fn::Or": [_met("HasPeople"), _met(f"Trusts{job}Jobs")]},
        )
        for job in ("Release", "Refresh")
    },
}


def _conditions(view: View) -> Iterator[Fault]:
    for name, (parameter, shipped) in _CONDITIONS.items():
        if parameter in view.parameters and view.conditions.get(name) != shipped:
            yield name, f"it does not ask of {parameter} what it does in infra/*.yaml"


RULES = (
    Rule(
        "parameter-conditions",
        "conditions ask what their names say: whether a key or a role is made, whether a domain, a "
        "firewall, a boundary and so on are given",
        "put the condition of infra/*.yaml back",
        _conditions,
    ),
)
