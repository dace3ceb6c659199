"""IAM's policy simulator, asked about rows of the table of rights (SimulatePrincipalPolicy)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import ClientError

from publisher.aws_errors import code_of
from publisher.doctor.aws.asking import UnansweredError, ask
from publisher.doctor.aws.role_rights.row import Right
from publisher.doctor.aws.scene import Scene

if TYPE_CHECKING:
    from types_boto3_iam.literals import ContextKeyTypeEnumType
    from types_boto3_iam.type_defs import ContextEntryTypeDef, EvaluationResultTypeDef

# Condition keys and their values, in order.
_Context = tuple[tuple[str, str], ...]
# Action in lower case, resource and context of a row.
Asked = tuple[str, str, _Context]

# Of what type a condition key's value is, where it is no text (service authorization reference).
_TYPES: Mapping[str, ContextKeyTypeEnumType] = {
    "aws:PrincipalIsAWSService": "boolean",
    "aws:SecureTransport": "boolean",
    "s3:ObjectCreationOperation": "boolean",
    "s3:TlsVersion": "numeric",
}
# What a request of a role by TLS has; the caller is added. What a row leaves out is absent from its
# request.
_CONTEXT = {
    "aws:PrincipalIsAWSService": "false",
    "aws:SecureTransport": "true",
    "s3:TlsVersion": "1.2",
}
_CALLER, _REGION = "aws:PrincipalArn", "aws:RequestedRegion"
# What every request tells, in lower case.
TOLD = frozenset(name.lower() for name in (*_CONTEXT, _CALLER, _REGION))
# Services with one endpoint, whose requests are of its region (IAM user guide, "AWS global
# condition context keys": aws:RequestedRegion). STS has one in each region.
_GLOBAL = ("iam:", "cloudfront:")
_REGION_OF_GLOBAL = "us-east-1"
# What IAM answers where actions of one call "require different authorization information", or what
# is given is no input. Which actions do not go together it does not document (iam:PassRole and
# sts:AssumeRole do not, nor do some of S3's), so that only the answer tells.
_REFUSED = "InvalidInput"


class Batch(NamedTuple):
    """Rows that one call can ask about: each action with each resource, in one context.

    The actions are all of services with one endpoint, or none of them is.
    """

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    context: _Context


class Answer(NamedTuple):
    """What the simulator says of one action and resource.

    Attributes:
        missed: the context keys that it missed.
        refused: why it took not even this action by itself; "" where it has answered.
    """

    is_allowed: bool
    missed: tuple[str, ...] = ()
    refused: str = ""


def simulate(
    scene: Scene, arn: str, rows: Iterable[Right], policies: Sequence[str]
) -> dict[Asked, Answer]:
    """Return what the simulator says of a role, in as few calls as it takes; rows it may leave out.

    Args:
        arn: the role's.
        policies: more that the role is taken to have.

    Raises:
        UnansweredError: see `ask`.
    """
    answers: dict[Asked, Answer] = {}
    for batch in batches(rows):
        answers.update(_answers(scene, arn, batch, policies))
    return answers


def asked(row: Right) -> Asked:
    """Return by what the answer to a row is found."""
    return row.action.lower(), row.resource, tuple(sorted(row.context.items()))


def batches(rows: Iterable[Right]) -> list[Batch]:
    """Return the fewest calls that ask about just these rows."""
    actions: dict[tuple[_Context, str, bool], list[str]] = {}
    for row in rows:
        key = (tuple(sorted(row.context.items())), row.resource, row.action.startswith(_GLOBAL))
        actions.setdefault(key, []).append(row.action)
    resources: dict[tuple[_Context, tuple[str, ...]], list[str]] = {}
    for (context, resource, _), names in actions.items():
        resources.setdefault((context, tuple(names)), []).append(resource)
    return [Batch(names, tuple(arns), context) for (context, names), arns in resources.items()]


def _answers(
    scene: Scene, arn: str, batch: Batch, policies: Sequence[str]
) -> Iterator[tuple[Asked, Answer]]:
    """Yield the answers to a batch; where it is refused, to its actions one by one."""
    try:
        results = _results(scene, arn, batch, policies)
    except UnansweredError as error:
        if not _is_refused(error):
            raise
        first, *more = batch.actions
        if not more:
            refused = Answer(False, refused=str(error))
            yield from (((first.lower(), one, batch.context), refused) for one in batch.resources)
            return
        for action in batch.actions:
            yield from _answers(scene, arn, batch._replace(actions=(action,)), policies)
    else:
        for result in results:
            yield from _read(result, batch).items()


def _is_refused(error: UnansweredError) -> bool:
    return isinstance(error.__cause__, ClientError) and code_of(error.__cause__) == _REFUSED


def _results(
    scene: Scene, arn: str, batch: Batch, policies: Sequence[str]
) -> list[EvaluationResultTypeDef]:
    is_global = batch.actions[0].startswith(_GLOBAL)
    region = _REGION_OF_GLOBAL if is_global else scene.deployment.region
    whose = {_CALLER: arn, _REGION: region}
    pages = scene.clients.iam.get_paginator("simulate_principal_policy").paginate(
        PolicySourceArn=arn,
        PolicyInputList=policies,
        ActionNames=batch.actions,
        ResourceArns=batch.resources,
        ContextEntries=[*_entries({**_CONTEXT, **whose, **dict(batch.context)})],
    )
    return ask(
        "iam:SimulatePrincipalPolicy",
        lambda: [result for page in pages for result in page.get("EvaluationResults", [])],
    )


def _entries(context: Mapping[str, str]) -> Iterator[ContextEntryTypeDef]:
    for name, value in context.items():
        kind = _TYPES.get(name, "string")
        yield {"ContextKeyName": name, "ContextKeyValues": [value], "ContextKeyType": kind}


def _read(result: EvaluationResultTypeDef, batch: Batch) -> dict[Asked, Answer]:
    """Return the answers in one result: for each resource, or for all of the batch alike."""
    action = result["EvalActionName"].lower()
    missed = tuple(result.get("MissingContextValues", []))
    each = {
        one["EvalResourceName"]: Answer(
            one["EvalResourceDecision"] == "allowed", tuple(one.get("MissingContextValues", []))
        )
        for one in result.get("ResourceSpecificResults", [])
    }
    alike = Answer(result["EvalDecision"] == "allowed", missed)
    return {
        (action, resource, batch.context): each.get(resource, alike)
        for resource in batch.resources
        if resource in each or len(batch.resources) == 1
    }
