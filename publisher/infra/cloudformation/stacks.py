"""CloudFormation stacks: found, followed until a change is done, protected, removed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from publisher.aws_errors import code_of, message_of
from publisher.infra.cloudformation.early_validation import faults_of_stack
from publisher.infra.cloudformation.errors import explain, explained
from publisher.infra.cloudformation.events import Watch
from publisher.infra.cloudformation.states import has_failed, is_gone, is_under_way, verify_done
from publisher.infra.errors import InfraError

if TYPE_CHECKING:
    from types_boto3_cloudformation.client import CloudFormationClient
    from types_boto3_cloudformation.type_defs import StackTypeDef

# A distribution takes some minutes to reach all edges.
_POLL_S = 5.0
_MOST_POLLS = 720
_NOT_THERE = ("DELETE_COMPLETE", "CREATE_FAILED")
# DNS suffixes of AWS's partitions, and of dual-stack endpoints (botocore's partitions.json).
_AWS = (".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".api.aws")


@dataclass(frozen=True)
class Stack:
    """A stack as CloudFormation describes it."""

    name: str
    id: str
    status: str
    reason: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    is_protected: bool = False

    @property
    def is_shell(self) -> bool:
        """Whether it is only what a change set that was not executed has left."""
        return self.status == "REVIEW_IN_PROGRESS"

    @property
    def bears_nothing(self) -> bool:
        """Whether no other stack can depend on it, as it never was created whole."""
        return self.is_shell or self.status == "ROLLBACK_COMPLETE"


@dataclass(frozen=True)
class Resource:
    """One resource of a stack: its name in the template, AWS's name for it, its type."""

    logical_id: str
    physical_id: str
    type: str


class Stacks:
    """The stacks of one region.

    Args:
        client: a boto3 CloudFormation client.
        note: is told what CloudFormation has done.
        sleep: waits the given seconds.
    """

    def __init__(
        self,
        client: CloudFormationClient,
        note: Callable[[str], None],
        sleep: Callable[[float], None],
    ) -> None:
        self.client = client
        self.sleep = sleep
        self._note = note

    @property
    def are_emulated(self) -> bool:
        """Whether AWS_ENDPOINT_URL leads to something that is not AWS."""
        host = urlsplit(self.client.meta.endpoint_url).hostname or ""
        return not host.endswith(_AWS)

    def find(self, name: str) -> Stack | None:
        """Return a stack by name or id; None if there is none."""
        try:
            stacks = self.client.describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            if code_of(error) == "ValidationError" and "does not exist" in message_of(error):
                return None
            raise explain(error, f"stack {name}") from error
        except BotoCoreError as error:
            raise explain(error, f"stack {name}") from error
        return _stack(stacks[0]) if stacks else None

    def names(self, prefix: str) -> list[str]:
        """Return the names of all stacks that begin so, but those that are removed."""
        with explained("the list of stacks"):
            pages = self.client.get_paginator("list_stacks").paginate()
            found = [stack for page in pages for stack in page["StackSummaries"]]
        there = [stack["StackName"] for stack in found if not is_gone(stack["StackStatus"])]
        return sorted(name for name in there if name.startswith(prefix))

    def resources(self, name: str) -> list[Resource]:
        """Return what a stack consists of."""
        with explained(f"stack {name}"):
            pages = self.client.get_paginator("list_stack_resources").paginate(StackName=name)
            found = [item for page in pages for item in page["StackResourceSummaries"]]
        return [
            Resource(
                item["LogicalResourceId"], item.get("PhysicalResourceId", ""), item["ResourceType"]
            )
            for item in found
            if item["ResourceStatus"] not in _NOT_THERE
        ]

    def template(self, name: str) -> str:
        """Return the text of the template that a stack was last deployed with."""
        with explained(f"stack {name}"):
            answer = self.client.get_template(StackName=name, TemplateStage="Original")
        body = answer["TemplateBody"]
        return body if isinstance(body, str) else json.dumps(body)

    def protect(self, name: str, is_on: bool) -> None:
        """Switch termination protection on or off."""
        with explained(f"stack {name}"):
            self.client.update_termination_protection(
                StackName=name, EnableTerminationProtection=is_on
            )

    def remove(self, stack: Stack) -> None:
        """Remove a stack, and wait until it is gone."""
        self.follow(stack.id, self.begin_removal(stack))

    def begin_removal(self, stack: Stack) -> Watch:
        """Have a stack removed; return what watches it, for `follow`."""
        watch = self.watch(stack.id)
        with explained(f"stack {stack.name}"):
            self.client.delete_stack(StackName=stack.id)
        return watch

    def watch(self, stack_id: str) -> Watch:
        """Begin to watch a stack, before a change is asked for."""
        return Watch(self.client, stack_id, self._note)

    def follow(self, stack_id: str, watch: Watch, imports: bool = False) -> Stack | None:
        """Wait until a change is done, and tell its events; None if the stack is gone.

        Args:
            imports: the change takes in what is there already.

        Raises:
            InfraError: the change failed; AWS's reasons are in `more`.
        """
        for _ in range(_MOST_POLLS):
            stack = self.find(stack_id)
            if stack is None:
                return None
            watch.look()
            if is_gone(stack.status):
                return None
            if watch.is_settled and not is_under_way(stack.status):
                self._verify_done(stack, tuple(watch.causes), imports)
                return stack
            self.sleep(_POLL_S)
        raise InfraError(
            f"stack {stack_id} is not done after an hour", "`slotcast infra outputs` shows it"
        )

    def _verify_done(self, stack: Stack, causes: tuple[str, ...], imports: bool) -> None:
        if has_failed(stack.status) and not causes:
            causes = faults_of_stack(self.client, stack.id)
        verify_done(stack.name, stack.status, stack.reason, causes, imports)


def _stack(found: StackTypeDef) -> Stack:
    return Stack(
        name=found["StackName"],
        id=found.get("StackId", found["StackName"]),
        status=found["StackStatus"],
        reason=found.get("StackStatusReason", ""),
        outputs={
            item.get("OutputKey", ""): item.get("OutputValue", "")
            for item in found.get("Outputs", ())
        },
        parameters={
            item.get("ParameterKey", ""): item.get("ParameterValue", "")
            for item in found.get("Parameters", ())
        },
        tags={item["Key"]: item["Value"] for item in found.get("Tags", ())},
        is_protected=found.get("EnableTerminationProtection", False),
    )
