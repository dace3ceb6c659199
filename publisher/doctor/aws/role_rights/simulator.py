"""IAM's policy simulator, asked about rows of the table of rights (SimulatePrincipalPolicy)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from publisher.doctor.aws.asking import ask
from publisher.doctor.aws.role_rights.row import Right
from publisher.doctor.aws.scene import Scene

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import ContextEntryTypeDef, EvaluationResultTypeDef

# Condition keys and their values, in order.
_Context = tuple[tuple[str, str], ...]
# Action in lower case, resource and context of a row.
Asked = tuple[str, str, _Context]

_BOOLEANS = ("aws:SecureTransport", "s3:ObjectCreationOperation")
# What a request by TLS has; the caller is added. What a row leaves out is absent from its request.
_CONTEXT = {"aws:SecureTransport": "true", "s3:TlsVersion": "1.2"}
# Services with one endpoint, whose requests are of its region (IAM user guide, "AWS global
# condition context keys": aws:RequestedRegion). STS has one in each region.
_GLOBAL = ("iam:", "cloudfront:")
_REGION_OF_GLOBAL = "us-east-1"


class Batch(NamedTuple):
    """Rows that one call can ask about: each action with each resource, in one context.

    The actions are all of services with one endpoint, or none of them is.
    """

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    context: _Context


class Answer(NamedTuple):
    """What the simulator says of one action and resource, and the context keys that it missed."""

    is_allowed: bool
    missed: tuple[str, ...]


def simulate(
    scene: Scene, arn: str, rows: Iterable[Right], policies: Sequence[str]
) -> dict[Asked, Answer]:
    """Return what the simulator says of a role, in as few calls as can be; rows it may leave out.

    Args:
        arn: the role's.
        policies: more that the role is taken to have.

    Raises:
        UnansweredError: see `ask`.
    """
    answers: dict[Asked, Answer] = {}
    for batch in batches(rows):
        for result in _results(scene, arn, batch, policies):
            answers.update(_read(result, batch))
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


def _results(
    scene: Scene, arn: str, batch: Batch, policies: Sequence[str]
) -> list[EvaluationResultTypeDef]:
    is_global = batch.actions[0].startswith(_GLOBAL)
    region = _REGION_OF_GLOBAL if is_global else scene.deployment.region
    whose = {"aws:PrincipalArn": arn, "aws:RequestedRegion": region}
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
        kind: Literal["boolean", "string"] = "boolean" if name in _BOOLEANS else "string"
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
