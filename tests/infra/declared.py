"""What the templates name: types of resources, keys of conditions; and which of it is created."""

import re
from collections.abc import Iterator

from botocore.exceptions import ClientError

from publisher.infra.names import STACKS
from publisher.infra.template import load, read
from tests.infra.deployment import NAME, PRODUCT, Deployment

_DOMAIN = "updates.example.com"
_KEY = re.compile("[A-Za-z0-9.-]+:[A-Za-z-]+")
# The stack `logs` is not created, so who delivers them is not asked for anything.
_CREATED = ("ota", "ci")


def types() -> set[str]:
    """Types of all resources of all templates."""
    templates = [load(read(kind)) for kind in STACKS]
    return {item["Type"] for one in templates for item in one["Resources"].values()}


def condition_keys() -> set[str]:
    """Keys that policies in the stacks with bucket, edge, roles and keys ask for."""
    resources = [load(read(kind))["Resources"] for kind in _CREATED]
    return {key for one in resources for key in _keys(one, within=False)}


def _keys(value: object, within: bool) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _keys(item, within)
    if isinstance(value, dict):
        for name, item in value.items():
            if within and _KEY.fullmatch(name):
                yield name
            yield from _keys(item, within or name == "Condition")


def created_types(deployment: Deployment) -> set[str]:
    """Types that are there once all stacks are created that can be, one more with a domain."""
    client = deployment.aws.client("cloudformation", deployment.deployer)
    zone = deployment.aws.client("route53", deployment.deployer).create_hosted_zone(
        Name=_DOMAIN, CallerReference="one"
    )
    words = {
        "BucketName": "with-a-domain",
        "DomainName": _DOMAIN,
        "HostedZoneId": zone["HostedZone"]["Id"].rpartition("/")[2],
    }
    _create(client, "with-a-domain", "ota", words)
    logs = {"DistributionArn": deployment.ota["DistributionArn"], "LogBucketName": "logs-of-it"}
    try:
        _create(client, "logs", "logs", logs)
    except ClientError as error:
        if "Logs" not in str(error):
            raise
    names = (f"{NAME}-ota", f"{NAME}-{PRODUCT}-ci", "with-a-domain", "logs")
    return {name for stack in names for name in _types_of(client, stack)}


def _create(client: object, name: str, kind: str, words: dict[str, str]) -> None:
    parameters = [{"ParameterKey": key, "ParameterValue": text} for key, text in words.items()]
    client.create_stack(StackName=name, TemplateBody=read(kind), Parameters=parameters)
    client.get_waiter("stack_create_complete").wait(
        StackName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 100}
    )


def _types_of(client: object, stack: str) -> Iterator[str]:
    try:
        pages = client.get_paginator("list_stack_resources").paginate(StackName=stack)
        found = [item for page in pages for item in page["StackResourceSummaries"]]
    except ClientError:  # it was refused
        return
    for item in found:
        if item["ResourceStatus"] == "CREATE_COMPLETE":
            yield item["ResourceType"]
