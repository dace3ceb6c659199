"""What happens to a stack while it is changed: told as it comes, and kept where it failed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import takewhile
from typing import TYPE_CHECKING

from publisher.infra.cloudformation.errors import explained
from publisher.infra.cloudformation.states import is_under_way

if TYPE_CHECKING:
    from types_boto3_cloudformation.client import CloudFormationClient
    from types_boto3_cloudformation.type_defs import StackEventTypeDef

# What failed only because something else had.
_NOT_THE_CAUSE = "cancelled"


class Watch:
    """The events of one stack from now on.

    Args:
        client: a boto3 CloudFormation client.
        stack_id: the stack; its name would lead to another one, once it is gone.
        note: is told what is done.

    Attributes:
        causes: what failed, and why.
        is_settled: whether the last word on the stack itself is no beginning. What DescribeStacks
            says may still be from before the change, right after it was asked for.
    """

    def __init__(
        self, client: CloudFormationClient, stack_id: str, note: Callable[[str], None]
    ) -> None:
        self._client = client
        self._stack_id = stack_id
        self._note = note
        self.causes: list[str] = []
        self.is_settled = False
        self._mark = next((event["EventId"] for event in self._events()), "")

    def look(self) -> None:
        """Take up what has happened since the last look."""
        new = list(takewhile(lambda event: event["EventId"] != self._mark, self._events()))
        for event in reversed(new):
            if event.get("PhysicalResourceId") == self._stack_id:
                self.is_settled = not is_under_way(event.get("ResourceStatus", ""))
            else:
                self._tell(event)
        if new:
            self._mark = new[0]["EventId"]

    def _tell(self, event: StackEventTypeDef) -> None:
        status, name = event.get("ResourceStatus", ""), event.get("LogicalResourceId", "")
        if is_under_way(status):
            return
        self._note(f"  {status} {name} ({event.get('ResourceType', '')})")
        reason = event.get("ResourceStatusReason", "")
        if status.endswith("_FAILED") and _NOT_THE_CAUSE not in reason:
            self.causes.append(f"  {name}: {reason or status}")

    def _events(self) -> Iterator[StackEventTypeDef]:
        """Yield the events of the stack, the newest first."""
        with explained(f"stack {self._stack_id}"):
            pages = self._client.get_paginator("describe_stack_events")
            for page in pages.paginate(StackName=self._stack_id):
                yield from page["StackEvents"]
