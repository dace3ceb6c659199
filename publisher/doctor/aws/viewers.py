"""What stands between the distribution and boards, and which of them it answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from publisher.doctor.aws.mends import by_stack
from publisher.doctor.findings import Finding, warn

CHECK = "distribution-live"


def judge_viewers(config: Mapping[str, Any], web_acl: str) -> list[Finding]:
    """Return what may keep boards from this distribution's answers (DistributionConfig).

    Args:
        web_acl: ARN of the web ACL that the stack was given; "" for none.
    """
    return [*_judge_countries(config), *_judge_web_acl(config, web_acl), *_judge_staging(config)]


def _judge_countries(config: Mapping[str, Any]) -> list[Finding]:
    """Return whether boards everywhere are answered."""
    kind = config.get("Restrictions", {}).get("GeoRestriction", {}).get("RestrictionType", "none")
    if kind == "none":
        return []
    says = f"the distribution answers some countries alone ({kind}): boards elsewhere get 403"
    return [warn(CHECK, says, by_stack("take it out, if it is not wanted"))]


def _judge_web_acl(config: Mapping[str, Any], wanted: str) -> list[Finding]:
    """Return whether the web ACL, which decides what boards are answered, is the stack's."""
    there = config.get("WebACLId", "")
    if there == wanted:
        return []
    if not there:
        says = f"the distribution has no web ACL, and the stack was given {wanted}"
        return [warn(CHECK, says, by_stack("set it again"))]
    says = f"the web ACL {there} decides which boards are answered, and is not the stack's"
    return [warn(CHECK, says, by_stack("take it out, or give its ARN as WebAclArn in infra.toml"))]


def _judge_staging(config: Mapping[str, Any]) -> list[Finding]:
    """Return whether another distribution answers some of the requests, which nothing here saw.

    Source: Amazon CloudFront developer guide, "Use CloudFront continuous deployment".
    """
    policy = config.get("ContinuousDeploymentPolicyId", "")
    if not policy:
        return []
    says = f"a staging distribution may answer boards too: continuous deployment policy {policy}"
    return [warn(CHECK, says, by_stack("promote the staging distribution, or take the policy out"))]
