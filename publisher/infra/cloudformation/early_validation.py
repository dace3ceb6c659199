"""What CloudFormation's early validation found wrong before a change began.

A stack's own events only say that there is something (API reference, DescribeEvents).
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from types_boto3_cloudformation.client import CloudFormationClient
    from types_boto3_cloudformation.type_defs import OperationEventTypeDef


def faults_of_stack(client: CloudFormationClient, stack_id: str) -> tuple[str, ...]:
    """Return what was found in the last change of a stack; nothing where it cannot be asked."""
    with suppress(BotoCoreError, ClientError):
        answer = client.describe_events(StackName=stack_id, Filters={"FailedEvents": True})
        return _lines(answer["OperationEvents"])
    return ()


def faults_of_change_set(client: CloudFormationClient, change_set_id: str) -> tuple[str, ...]:
    """Return what was found while a change set was worked out."""
    with suppress(BotoCoreError, ClientError):
        answer = client.describe_events(ChangeSetName=change_set_id, Filters={"FailedEvents": True})
        return _lines(answer["OperationEvents"])
    return ()


def _lines(events: list[OperationEventTypeDef]) -> tuple[str, ...]:
    found = [
        (event.get("LogicalResourceId", "the template"), event.get("ValidationStatusReason", ""))
        for event in events
        if event.get("EventType") == "VALIDATION_ERROR"
    ]
    return tuple(dict.fromkeys(f"  {name}: {reason}" for name, reason in found if reason))
