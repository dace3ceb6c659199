"""The distribution's logs: delivered where there is a stack for them, and without addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from publisher.doctor.aws.asking import UnansweredError, ask
from publisher.doctor.aws.deployment import Deployment
from publisher.doctor.aws.mends import by_stack
from publisher.doctor.aws.scene import Scene
from publisher.doctor.findings import Finding, fail, ok, unknown, warn
from publisher.infra.requirements import PERSONAL_LOG_FIELDS, REPORT_LOG_FIELDS

CHECK = "logs"
# An account has a handful; more than this is no deployment of ours to judge.
_MOST_PAGES = 20


def check_delivery(scene: Scene, distribution: Mapping[str, Any]) -> list[Finding]:
    """Check what is logged, and where to (DescribeDeliverySources, DescribeDeliveries)."""
    found = _judge_legacy(distribution["DistributionConfig"].get("Logging", {}))
    deliveries = _deliveries(scene, distribution["ARN"])
    if not deliveries:
        return [*found, _judge_none(scene.deployment)]
    for delivery in deliveries:
        found += judge_fields(delivery.get("recordFields", []))
    return found or [ok(CHECK, "polls are logged, without the boards' addresses")]


def judge_fields(fields: list[str]) -> list[Finding]:
    """Return whether a delivery's fields suffice for fleet reports, and name nobody."""
    found = []
    if personal := sorted(PERSONAL_LOG_FIELDS & set(fields)):
        says = f"the logs have {', '.join(personal)}: with a board's id that is personal data"
        found.append(warn(CHECK, says, by_stack("leave it out")))
    if missing := [name for name in REPORT_LOG_FIELDS if name not in fields]:
        says = f"the logs lack {', '.join(missing)}: fleet reports need them"
        found.append(warn(CHECK, says, by_stack("set the template's fields")))
    return found


def _judge_none(deployment: Deployment) -> Finding:
    """Return whether something should be delivered, where nothing is."""
    if error := deployment.logs_error:
        says = f"nothing is delivered, and whether there is a stack for logs is not known: {error}"
        return unknown(CHECK, says, error.hint)
    if deployment.has_logs:
        says = "there is a stack for logs, but nothing is delivered"
        return fail(CHECK, says, by_stack("make it anew"))
    return ok(CHECK, "there is no stack for logs, and nothing is delivered")


def _judge_legacy(logging: Mapping[str, Any]) -> list[Finding]:
    if not logging.get("Enabled"):
        return []
    says = f"legacy logging goes to {logging.get('Bucket', '')}: it has boards' addresses"
    return [warn(CHECK, says, "switch it off; [logs] of infra.toml takes its place, without them")]


def _deliveries(scene: Scene, distribution: str) -> list[Mapping[str, Any]]:
    """Return the deliveries of the distribution's access logs."""
    logs = scene.clients.logs
    sources = _pages(
        "logs:DescribeDeliverySources", logs.describe_delivery_sources, "deliverySources"
    )
    names = {one["name"] for one in sources if distribution in one.get("resourceArns", [])}
    if not names:
        return []
    found = _pages("logs:DescribeDeliveries", logs.describe_deliveries, "deliveries")
    return [one for one in found if one.get("deliverySourceName") in names]


def _pages(
    permission: str, call: Callable[..., Mapping[str, Any]], name: str
) -> Iterator[Mapping[str, Any]]:
    """Yield what an account has of a kind, page by page."""
    more: dict[str, str] = {}
    for _ in range(_MOST_PAGES):
        answer = ask(permission, call, **more)
        yield from answer.get(name, [])
        if not answer.get("nextToken"):
            return
        more = {"nextToken": answer["nextToken"]}
    raise UnansweredError(f"the account has too many log deliveries to look at ({permission})")
