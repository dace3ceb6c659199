"""Change sets: made, read, executed, and taken away again without a trace."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from publisher.infra.cloudformation.early_validation import faults_of_change_set
from publisher.infra.cloudformation.errors import explained
from publisher.infra.cloudformation.events import Watch
from publisher.infra.cloudformation.resource_changes import Change
from publisher.infra.cloudformation.stacks import Stack, Stacks
from publisher.infra.errors import InfraError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from types_boto3_cloudformation.literals import CapabilityType, ChangeSetTypeType
    from types_boto3_cloudformation.type_defs import (
        DescribeChangeSetOutputTypeDef,
        ResourceChangeTypeDef,
    )

PREFIX = "slotcast-"
# Change sets of a run that was killed; a person may think about a younger one.
_STALE = timedelta(hours=1)
_POLL_S = 1.0
_MOST_POLLS = 300
# Right after Ctrl-C a change set may not be there yet, or be in the making and not let go of.
_MOST_TRIES = 3
# How AWS says that nothing would change; it has no code for it.
_NOTHING = ("didn't contain changes", "No updates are to be performed")


@dataclass(frozen=True)
class Request:
    """What a stack is to be.

    `imports`: a resource that is there already, by the name that the template gives it, such as a
    bucket that outlived its stack, becomes part of the stack (CreateChangeSet,
    "ImportExistingResources").
    """

    stack_name: str
    template: str
    parameters: Mapping[str, str]
    tags: Mapping[str, str] = field(default_factory=dict)
    capabilities: Sequence[CapabilityType] = ()
    imports: bool = False


@dataclass(frozen=True)
class ChangeSet:
    """A change set that waits to be executed.

    `is_new`: the stack is created by it; until then it is a shell. `is_empty`: nothing would
    change. Without `changes` it may still change outputs or tags. `imports`: as of Request.
    """

    id: str
    stack_id: str
    stack_name: str
    is_new: bool
    is_empty: bool
    changes: tuple[Change, ...]
    imports: bool = False


def create(stacks: Stacks, request: Request, name: str, there: Stack | None) -> ChangeSet:
    """Make a change set and wait until CloudFormation has worked it out.

    Args:
        name: of the change set, beginning with PREFIX.
        there: the stack as it is; None where there is none.

    Raises:
        InfraError: CloudFormation cannot make it; nothing is left behind.
    """
    is_new = there is None or there.is_shell
    # What it goes by until AWS has answered with ids.
    names = (name, request.stack_name)
    blank = ChangeSet(*names, request.stack_name, is_new, True, (), request.imports)
    try:
        ids = _make(stacks, request, name, "CREATE" if is_new else "UPDATE")
        blank = replace(blank, id=ids[0], stack_id=ids[1])
        return _worked_out(stacks, blank)
    except InfraError:
        with suppress(InfraError):  # the first error is the one to tell
            discard(stacks, blank)
        raise
    except BaseException:
        _withdraw(stacks, blank, is_answered=blank.id != name)
        raise


def _make(stacks: Stacks, request: Request, name: str, kind: ChangeSetTypeType) -> tuple[str, str]:
    """Ask for a change set; return its id, and the stack's."""
    with explained(f"stack {request.stack_name}"):
        made = stacks.client.create_change_set(
            StackName=request.stack_name,
            ChangeSetName=name,
            ChangeSetType=kind,
            TemplateBody=request.template,
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value}
                for key, value in request.parameters.items()
            ],
            Tags=[{"Key": key, "Value": value} for key, value in request.tags.items()],
            Capabilities=list(request.capabilities),
            ImportExistingResources=request.imports,
        )
    return made["Id"], made["StackId"]


def begin(stacks: Stacks, change_set: ChangeSet) -> Watch:
    """Have a change set executed; return what watches it, for `finish`."""
    watch = stacks.watch(change_set.stack_id)
    with explained(f"stack {change_set.stack_name}"):
        # Where it fails, a bucket and keys that it has just made go again, though they are to
        # outlive the stack: nothing needs them yet, and they would be in the next try's way.
        stacks.client.execute_change_set(
            ChangeSetName=change_set.id, RetainExceptOnCreate=not change_set.imports
        )
    return watch


def finish(stacks: Stacks, change_set: ChangeSet, watch: Watch) -> Stack:
    """Wait until the stack is as the change set says.

    Raises:
        InfraError: it failed, and was undone; AWS's reasons are in `more`.
    """
    stack = stacks.follow(change_set.stack_id, watch, change_set.imports)
    if stack is None:
        raise InfraError(f"stack {change_set.stack_name} was removed meanwhile")
    return stack


def discard(stacks: Stacks, change_set: ChangeSet) -> None:
    """Take a change set away, and the shell of a stack that it would have created."""
    with explained(f"stack {change_set.stack_name}"):
        stacks.client.delete_change_set(StackName=change_set.stack_id, ChangeSetName=change_set.id)
    if change_set.is_new:
        _remove_shell(stacks, change_set.stack_id)


def _withdraw(stacks: Stacks, change_set: ChangeSet, is_answered: bool) -> None:
    """Take away what was asked for, though AWS may be at it still."""
    for tries in range(_MOST_TRIES):
        if tries:
            stacks.sleep(_POLL_S)
        with suppress(InfraError):
            discard(stacks, change_set)
            if is_answered:
                return


def sweep(stacks: Stacks, stack: Stack, now: datetime) -> None:
    """Take away what runs of Slotcast that were killed have left."""
    for name, made in _listed(stacks, stack.id):
        if name.startswith(PREFIX) and now - made > _STALE:
            with explained(f"stack {stack.name}"):
                stacks.client.delete_change_set(StackName=stack.id, ChangeSetName=name)


def _remove_shell(stacks: Stacks, stack_id: str) -> None:
    """Remove a stack that never was created, unless somebody else's change set waits in it."""
    stack = stacks.find(stack_id)
    if stack is not None and stack.is_shell and not _listed(stacks, stack.id):
        stacks.remove(stack)


def _listed(stacks: Stacks, stack_id: str) -> list[tuple[str, datetime]]:
    with explained(f"stack {stack_id}"):
        pages = stacks.client.get_paginator("list_change_sets").paginate(StackName=stack_id)
        found = [item for page in pages for item in page["Summaries"]]
    return [(item["ChangeSetName"], item["CreationTime"]) for item in found]


def _worked_out(stacks: Stacks, blank: ChangeSet) -> ChangeSet:
    for _ in range(_MOST_POLLS):
        pages = _described(stacks, blank, with_values=False)
        status, reason = pages[0]["Status"], pages[0].get("StatusReason", "")
        if status == "CREATE_COMPLETE":
            detailed = _described(stacks, blank, with_values=True)
            return _filled(blank, {**_resources(pages), **_resources(detailed)})
        if status == "FAILED":
            if any(words in reason for words in _NOTHING):
                return blank
            why = faults_of_change_set(stacks.client, blank.id)
            message = f"stack {blank.stack_name}: CloudFormation refuses it: {reason}"
            raise InfraError(message, "", why)
        stacks.sleep(_POLL_S)
    raise InfraError(f"stack {blank.stack_name}: CloudFormation does not work out what changes")


def _described(
    stacks: Stacks, blank: ChangeSet, *, with_values: bool
) -> list[DescribeChangeSetOutputTypeDef]:
    """Ask for a change set, all pages.

    With values an answer lacks resources that have properties which AWS cannot validate
    (aws/aws-cdk-cli #1780), and the reason why it failed (boto/boto3 #4178).
    """
    with explained(f"stack {blank.stack_name}"):
        pages = stacks.client.get_paginator("describe_change_set")
        return list(pages.paginate(ChangeSetName=blank.id, IncludePropertyValues=with_values))


def _resources(
    pages: Sequence[DescribeChangeSetOutputTypeDef],
) -> dict[str, ResourceChangeTypeDef]:
    """Return what changes, by logical id."""
    changes = (change for page in pages for change in page["Changes"])
    found = (change["ResourceChange"] for change in changes if "ResourceChange" in change)
    return {one.get("LogicalResourceId", ""): one for one in found}


def _filled(blank: ChangeSet, found: Mapping[str, ResourceChangeTypeDef]) -> ChangeSet:
    return replace(blank, is_empty=False, changes=tuple(map(Change.of, found.values())))
